#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: macos_command_line_tools
short_description: Apple's Command Line Tools
version_added: 0.1.0
description:
  - Installs the newest release of the Command Line Tools with C(softwareupdate), which needs no desktop session and
    opens no dialog. The label is found, not typed; betas do not count.
  - The tools are about 1 GB from Apple for each Mac.
  - They count as present when C(xcode-select -p) names them and their receipt is there, or when it names an Xcode.
extends_documentation_fragment:
  - hybrid_ai.cluster.attributes
  - hybrid_ai.cluster.attributes.macos
author:
  - The hybrid_ai.cluster contributors (@hybrid-ai)
options:
  state:
    description: The state to reach.
    type: str
    choices: [present]
    default: present
  attempts:
    description: How often to try when a download fails.
    type: int
    default: 3
  timeout:
    description: Seconds for one installation.
    type: int
    default: 3600
"""

EXAMPLES = r"""
- name: Have a compiler
  hybrid_ai.cluster.macos_command_line_tools:
    state: present
"""

RETURN = r"""
directory:
  description: Where the developer tools are.
  returned: success
  type: str
  sample: /Library/Developer/CommandLineTools
version:
  description: Version in the receipt of the tools; null when an Xcode is used instead.
  returned: success
  type: str
  sample: 26.1.0.0.1.1761104275
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import (
    ClusterError,
    module_commands,
    require_root,
)
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._macos import command_line_tools


def run(module: AnsibleModule) -> dict[str, object]:
    """Install the tools where they are missing."""
    require_root("Installing the Command Line Tools")
    commands = module_commands(module)
    before = command_line_tools.read(commands)
    after = before
    if not before.present and not module.check_mode:
        after = command_line_tools.install(commands, module.params["attempts"], module.params["timeout"])
    state = {True: "present", False: "absent"}
    return {
        "changed": not before.present,
        "diff": {"before": {"state": state[before.present]}, "after": {"state": "present"}},
        "directory": after.directory,
        "version": after.version,
    }


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            "state": {"type": "str", "choices": ["present"], "default": "present"},
            "attempts": {"type": "int", "default": 3},
            "timeout": {"type": "int", "default": 3600},
        },
        supports_check_mode=True,
    )
    try:
        module.exit_json(**run(module))
    except ClusterError as error:
        module.fail_json(msg=str(error))


if __name__ == "__main__":
    main()
