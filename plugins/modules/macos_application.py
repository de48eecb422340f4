#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: macos_application
short_description: Install an application from a disk image
version_added: 0.1.0
author: The hybrid_ai.cluster contributors (@hybrid-ai)
description:
  - Attaches the image, copies the application beside the installed one, verifies version and signature, and switches
    to it by renaming.
  - The version before can be kept, to go back to it (O(action=rollback)) or to let go of it (O(action=commit)).
  - With the wanted version installed, the image is not even looked at, and need not be there.
  - A run that was cut off anywhere is completed by the next one.
extends_documentation_fragment:
  - hybrid_ai.cluster.attributes
  - hybrid_ai.cluster.attributes.macos
options:
  name:
    description: The application's directory, for example V(EXO.app).
    type: str
    required: true
  destination:
    description: Where it is installed.
    type: path
    default: /Applications
  version:
    description: The wanted C(CFBundleShortVersionString). Required with O(state=present) and O(action=install).
    type: str
  image:
    description: The disk image. Required with O(state=present) and O(action=install).
    type: path
  state:
    description: V(absent) removes the application, a version that was kept, and an image that is still attached.
    type: str
    choices: [present, absent]
    default: present
  keep_previous:
    description: Keep the version before, as a hidden directory beside the application.
    type: bool
    default: false
  action:
    description:
      - V(install) brings the application to O(version).
      - V(rollback) puts the version before back in its place, if one was kept.
      - V(commit) removes the version before.
    type: str
    choices: [install, rollback, commit]
    default: install
  verify_signature:
    description: Whether a copy whose code signature is not valid is refused.
    type: bool
    default: true
  accept_licence:
    description: Whether you accept the licence that an image may show before it is attached.
    type: bool
    default: false
"""

EXAMPLES = r"""
- name: Install exo and keep the version before
  hybrid_ai.cluster.macos_application:
    name: EXO.app
    image: /opt/hybrid-ai/releases/EXO-1.0.71.dmg
    version: 1.0.71
    keep_previous: true

- name: Go back to the version before
  hybrid_ai.cluster.macos_application:
    name: EXO.app
    action: rollback

- name: Let go of the version before
  hybrid_ai.cluster.macos_application:
    name: EXO.app
    action: commit

- name: Remove exo
  hybrid_ai.cluster.macos_application:
    name: EXO.app
    state: absent
"""

RETURN = r"""
steps:
  description: What was done, or would be done in check mode, in this order.
  returned: success
  type: list
  elements: str
  sample: [attach, copy, verify, detach, switch]
would_install:
  description: Whether the image is needed.
  returned: success
  type: bool
version:
  description: The installed version afterwards.
  returned: success
  type: str
  sample: 1.0.71
previous_version:
  description: The version that is kept to go back to.
  returned: success
  type: str
  sample: 1.0.70
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import (
    ClusterError,
    module_commands,
    require_root,
)
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._macos.application import (
    Application,
    ApplicationError,
    Wanted,
    describe,
    plan,
    predict,
)


def wanted_from(options: dict[str, Any]) -> Wanted:
    """Check the options of a call."""
    goal = "absent" if options["state"] == "absent" else options["action"]
    if "/" in options["name"]:
        raise ApplicationError(
            f"{options['name']} is not a valid name of an application: give its place with destination."
        )
    if goal == "install" and not (options["version"] and options["image"]):
        raise ApplicationError(f"To install {options['name']}, give both its version and its image.")
    return Wanted(
        name=options["name"],
        destination=options["destination"].rstrip("/"),
        goal=goal,
        version=options["version"],
        image=options["image"],
        keep_previous=options["keep_previous"],
        verify_signature=options["verify_signature"],
        accept_licence=options["accept_licence"],
    )


def run(module: AnsibleModule) -> dict[str, Any]:
    """Read, plan, apply, read back."""
    wanted = wanted_from(module.params)
    require_root(f"Managing {wanted.name}")
    application = Application(module_commands(module), wanted)
    current = application.read()
    steps = plan(wanted, current)
    after = predict(wanted, current, steps)
    if steps and not module.check_mode:
        application.apply(steps)
        after = application.verify_result()
    return {
        "changed": bool(steps),
        "steps": steps,
        "would_install": "attach" in steps,
        "version": after.version,
        "previous_version": after.previous_version,
        "diff": {"before": describe(current), "after": describe(after)},
    }


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            "name": {"type": "str", "required": True},
            "destination": {"type": "path", "default": "/Applications"},
            "version": {"type": "str"},
            "image": {"type": "path"},
            "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
            "keep_previous": {"type": "bool", "default": False},
            "action": {"type": "str", "choices": ["install", "rollback", "commit"], "default": "install"},
            "verify_signature": {"type": "bool", "default": True},
            "accept_licence": {"type": "bool", "default": False},
        },
        supports_check_mode=True,
    )
    try:
        result = run(module)
    except ClusterError as error:
        module.fail_json(msg=str(error))
    module.exit_json(**result)


if __name__ == "__main__":
    main()
