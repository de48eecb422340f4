#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: exo_info
short_description: What of exo is on a Mac
version_added: 0.1.0
description:
  - Reads the installed application and what is left of exo's own network daemon, so that a role that finds both as
    wanted has nothing else to ask.
extends_documentation_fragment:
  - hybrid_ai.cluster.attributes.info
  - hybrid_ai.cluster.attributes.macos
author:
  - The hybrid_ai.cluster contributors (@hybrid-ai)
options:
  name:
    description: The application below C(/Applications).
    type: str
    default: EXO.app
  version:
    description: The wanted version.
    type: str
    required: true
  image:
    description: The disk image it would be installed from, which need not be there.
    type: path
    required: true
  daemon_label:
    description: The launchd label of the network daemon.
    type: str
    required: true
  daemon_paths:
    description: Files and directories that it leaves.
    type: list
    elements: path
    default: []
  daemon_location:
    description: The network location that it makes.
    type: str
seealso:
  - module: hybrid_ai.cluster.macos_application
  - module: hybrid_ai.cluster.macos_launchd
"""

EXAMPLES = r"""
- name: Look at exo
  hybrid_ai.cluster.exo_info:
    version: 1.0.71
    image: /opt/hybrid-ai/releases/EXO-1.0.71.dmg
    daemon_label: io.exo.networksetup
    daemon_location: exo
  register: found
"""

RETURN = r"""
version:
  description: The installed version, null where there is none.
  returned: success
  type: str
  sample: 1.0.70
steps:
  description: What M(hybrid_ai.cluster.macos_application) would do to install the wanted version.
  returned: success
  type: list
  elements: str
  sample: [attach, copy, verify, detach, switch, remove_previous]
would_install:
  description: Whether the disk image is needed for that.
  returned: success
  type: bool
daemon_left:
  description: What is left of the network daemon.
  returned: success
  type: list
  elements: str
  sample: [io.exo.networksetup is loaded, network location exo]
"""

from typing import Any

from ansible_collections.hybrid_ai.cluster.plugins.module_utils._launchd import leftovers
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._macos.application import Application, Wanted, plan
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._run_module import Call, run_module


def look(call: Call) -> dict[str, Any]:
    """Read both."""
    options, commands = call.options, call.commands
    wanted = Wanted(options["name"], "/Applications", "install", options["version"], options["image"])
    current = Application(commands, wanted).read()
    steps = plan(wanted, current)
    return {
        "changed": False,
        "version": current.version,
        "steps": steps,
        "would_install": "attach" in steps,
        "daemon_left": leftovers.find(
            commands, options["daemon_label"], options["daemon_paths"], options["daemon_location"]
        ),
    }


def main() -> None:
    """Run the module."""
    run_module(
        "Looking at exo",
        {
            "name": {"type": "str", "default": "EXO.app"},
            "version": {"type": "str", "required": True},
            "image": {"type": "path", "required": True},
            "daemon_label": {"type": "str", "required": True},
            "daemon_paths": {"type": "list", "elements": "path", "default": []},
            "daemon_location": {"type": "str"},
        },
        look,
    )


if __name__ == "__main__":
    main()
