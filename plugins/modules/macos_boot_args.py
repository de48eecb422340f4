#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: macos_boot_args
short_description: Single boot arguments of a Mac
version_added: 0.1.0
description:
  - Sets and removes single arguments in the NVRAM variable C(boot-args). All others stay as they are.
  - A Mac with Apple silicon refuses this at normal security. That is neither a failure nor a change, because nothing
    but a person in Recovery can alter it. The module then warns and returns RV(needs_recovery=true).
  - In check mode the refusal is predicted from C(csrutil status).
extends_documentation_fragment:
  - hybrid_ai.cluster.attributes
  - hybrid_ai.cluster.attributes.macos
author:
  - The hybrid_ai.cluster contributors (@hybrid-ai)
options:
  present:
    description: Arguments to have, each with its value, such as V(serverperfmode=1).
    type: list
    elements: str
    default: []
  absent:
    description: Names of arguments to remove, whatever their value.
    type: list
    elements: str
    default: []
  fail_on_refusal:
    description: Whether a refusal by the security policy fails the task.
    type: bool
    default: false
"""

EXAMPLES = r"""
- name: Raise the limits of the kernel for a server
  hybrid_ai.cluster.macos_boot_args:
    present: [serverperfmode=1]
  register: boot_args

- name: Verbose boot is not wanted any more
  hybrid_ai.cluster.macos_boot_args:
    absent: [-v]
"""

RETURN = r"""
boot_args:
  description: The boot arguments that the next start uses.
  returned: success
  type: list
  elements: str
  sample: [serverperfmode=1]
active:
  description: The boot arguments of the running system.
  returned: success
  type: list
  elements: str
  sample: []
restart_needed:
  description: Whether the wanted arguments are set and take effect with the next start.
  returned: success
  type: bool
  sample: true
needs_recovery:
  description: Whether the change was refused and a person has to permit it in Recovery.
  returned: success
  type: bool
  sample: false
"""

from ansible_collections.hybrid_ai.cluster.plugins.module_utils._macos import boot_args
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._run_module import run_module


def main() -> None:
    """Run the module."""
    run_module(
        "Changing boot arguments",
        {
            "present": {"type": "list", "elements": "str", "default": []},
            "absent": {"type": "list", "elements": "str", "default": []},
            "fail_on_refusal": {"type": "bool", "default": False},
        },
        boot_args.manage,
    )


if __name__ == "__main__":
    main()
