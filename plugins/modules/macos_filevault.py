#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

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
  - FileVault that is off and will be on by itself, at the next login of a user or after a restart, is ended too. That
    needs a password only if macOS asks for one.
extends_documentation_fragment:
  - hybrid_ai.cluster.attributes
  - hybrid_ai.cluster.attributes.macos
author:
  - The hybrid_ai.cluster contributors (@hybrid-ai)
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

from ansible_collections.hybrid_ai.cluster.plugins.module_utils._macos import filevault
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._run_module import run_module


def main() -> None:
    """Run the module."""
    run_module(
        "Managing FileVault",
        {
            "state": {"type": "str", "choices": ["disabled"], "required": True},
            "user": {"type": "str"},
            "password": {"type": "str", "no_log": True},
            "timeout": {"type": "int", "default": filevault.DECRYPTION_SECONDS},
        },
        filevault.manage,
    )


if __name__ == "__main__":
    main()
