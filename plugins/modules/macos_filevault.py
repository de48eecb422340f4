#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors

from __future__ import annotations

DOCUMENTATION = r"""
module: macos_filevault
short_description: FileVault of a Mac
version_added: 0.1.0
description:
  - Turns FileVault off and waits until the disk is decrypted. A Mac with FileVault on stops at the unlock screen after
    every restart and power failure, so nobody reaches it over the network until a person has unlocked it.
  - The password reaches C(fdesetup) on standard input only.
  - A decryption that is already going on is waited for and needs no password.
extends_documentation_fragment:
  - hybrid_ai.cluster.attributes
  - hybrid_ai.cluster.attributes.macos
author:
  - The hybrid_ai.cluster contributors
options:
  state:
    description: The state to reach.
    type: str
    choices: [disabled]
    required: true
  user:
    description: Short name of a user who may unlock the disk. Needed while FileVault is on.
    type: str
  password:
    description: Password of O(user). Needed while FileVault is on.
    type: str
  timeout:
    description: Seconds to wait for the decryption to finish.
    type: int
    default: 1800
"""

EXAMPLES = r"""
- name: Let the Mac start without a person
  hybrid_ai.cluster.macos_filevault:
    state: disabled
    user: admin
    password: "{{ vault_admin_password }}"
"""

RETURN = r"""
status:
  description: What C(fdesetup status) says.
  returned: success
  type: str
  sample: FileVault is Off.
enabled:
  description: Whether FileVault is on.
  returned: success
  type: bool
  sample: false
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.hybrid_ai.cluster.plugins.module_utils import _fdesetup
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import (
    ClusterError,
    module_commands,
    require_root,
)


def run(module: AnsibleModule) -> dict[str, object]:
    """Turn FileVault off."""
    require_root("Managing FileVault")
    commands = module_commands(module)
    before = _fdesetup.read(commands)
    to_disable = not before.off and not before.decrypting
    user, password = module.params["user"], module.params["password"]
    if to_disable and not (user and password):
        raise _fdesetup.FileVaultError(
            "FileVault is on, and user and password of somebody who may unlock the disk were not both given: give "
            "them (the password from Ansible Vault), or turn FileVault off in System Settings > Privacy & Security."
        )
    after_text, enabled = before.text, before.on
    if module.check_mode:
        if not before.off:
            after_text, enabled = "FileVault is Off.", False
    elif not before.off:
        status = _fdesetup.disable(commands, user, password) if to_disable else before
        status = _fdesetup.wait_until_off(commands, status, module.params["timeout"])
        after_text, enabled = status.text, status.on
    return {
        "changed": to_disable,
        "diff": {"before": {"status": before.text}, "after": {"status": after_text}},
        "status": after_text,
        "enabled": enabled,
    }


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            "state": {"type": "str", "choices": ["disabled"], "required": True},
            "user": {"type": "str"},
            "password": {"type": "str", "no_log": True},
            "timeout": {"type": "int", "default": 1800},
        },
        supports_check_mode=True,
    )
    try:
        module.exit_json(**run(module))
    except ClusterError as error:
        module.fail_json(msg=str(error))


if __name__ == "__main__":
    main()
