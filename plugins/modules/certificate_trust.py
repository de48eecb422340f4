#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: certificate_trust
short_description: Let the programs of a host trust one more authority
version_added: 0.1.0
description:
  - On Linux the certificate is added to the system's store.
  - On a Mac nothing can be added to the system's trust without a person or device management, so the certificate is
    put, after the system's roots, into a bundle that programs are told of by their environment. Whether the system
    itself trusts it is only asked.
extends_documentation_fragment:
  - hybrid_ai.cluster.attributes
  - hybrid_ai.cluster.attributes.macos_and_linux
author:
  - The hybrid_ai.cluster contributors (@hybrid-ai)
options:
  name:
    description: Short name of the file, without an ending.
    type: str
    required: true
  content:
    description: The certificate. Without it a bundle of a Mac holds the system's roots alone.
    type: str
    default: ''
  directory:
    description: Where the bundle of a Mac is. It must exist.
    type: path
    default: /opt/hybrid-ai/download-relay
  state:
    description: Whether it is trusted.
    type: str
    choices: [present, absent]
    default: present
"""

EXAMPLES = r"""
- name: Trust the authority of the cache
  hybrid_ai.cluster.certificate_trust:
    name: hybrid-ai-cache
    content: "{{ lookup('ansible.builtin.file', 'ca.pem') }}"
"""

RETURN = r"""
bundle:
  description: The file that holds all authorities.
  returned: success
  type: str
  sample: /etc/ssl/certs/ca-certificates.crt
system:
  description: Whether the system itself trusts it. A person has told a Mac to, and nobody else can take that back.
  returned: success
  type: bool
"""

import platform
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.hybrid_ai.cluster.plugins.module_utils import _files, _system_trust
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import (
    ClusterError,
    Commands,
    module_commands,
    require_root,
)


def trusted(commands: Commands, path: str) -> bool:
    """Tell whether a Mac itself trusts a certificate that is there."""
    return _files.exists(path) and _system_trust.trusted_by_mac(commands, path)


def run(module: AnsibleModule) -> dict[str, Any]:
    """Read, plan, apply, read back."""
    options = module.params
    commands = module_commands(module)
    is_mac = platform.system() == "Darwin"
    require_root("Trusting an authority")
    store: _system_trust.MacBundle | _system_trust.LinuxStore
    if is_mac:
        store = _system_trust.MacBundle(options["name"], options["content"], options["directory"])
    else:
        store = _system_trust.LinuxStore(commands, options["name"], options["content"])
    steps = store.plan(options["state"])
    present = options["state"] == "present"
    # While its file is there to be asked about.
    left = is_mac and not present and trusted(commands, store.file)
    if not module.check_mode:
        store.apply(steps)
    return {
        "changed": bool(steps),
        "steps": steps,
        "bundle": store.bundle,
        "system": left or (present and (not is_mac or trusted(commands, store.file))),
        "diff": {"before": {}, "after": {"steps": steps}} if steps else {},
    }


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            "name": {"type": "str", "required": True},
            "content": {"type": "str", "default": ""},
            "directory": {"type": "path", "default": "/opt/hybrid-ai/download-relay"},
            "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
        },
        supports_check_mode=True,
    )
    try:
        result = run(module)
    except (ClusterError, OSError) as error:
        module.fail_json(msg=str(error))
    module.exit_json(**result)


if __name__ == "__main__":
    main()
