#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: adguard_home_file
short_description: The part of adguard_home_configuration that runs on the host
version_added: 0.1.0
description:
  - Reads, checks, replaces and puts back the file of AdGuard Home.
  - Not to be used by itself; M(hybrid_ai.cluster.adguard_home_configuration) decides what the file holds.
extends_documentation_fragment:
  - hybrid_ai.cluster.attributes
author:
  - The hybrid_ai.cluster contributors (@hybrid-ai)
options:
  operation:
    description:
      - V(read) returns the file.
      - V(check) lets the program check a copy of O(content); what it makes of an older schema is returned.
      - V(replace) stops the program, writes O(content) unless the file is no longer the one that O(digest) tells, and
        starts the program again.
      - V(keep) keeps the file for V(restore), as V(replace) does.
      - V(restore) puts back what was before, and starts the program again where that is a file; V(commit) forgets it
        and keeps O(remembered).
    type: str
    choices: [read, check, keep, replace, restore, commit]
    required: true
  path:
    description: The file, in a directory of its own that belongs to the program.
    type: path
    required: true
  owner:
    description: The user that the program runs as.
    type: str
    required: true
  service:
    description: Name of the service that runs the program.
    type: str
    required: true
  program:
    description: The program, for O(operation=check).
    type: path
  content:
    description: The new file.
    type: str
  digest:
    description: What the file was when O(content) was made of it.
    type: str
  remembered:
    description: Entries of lists that are ours, and what the program made of values of ours.
    type: dict
"""

EXAMPLES = r"""
- name: Read the file
  hybrid_ai.cluster.adguard_home_file:
    operation: read
    path: /opt/hybrid-ai/adguard-home/work/AdGuardHome.yaml
    owner: _adguard
    service: adguard-home
"""

RETURN = r"""
state:
  description: What was read or checked.
  returned: success
  type: dict
stale:
  description: Whether the file was another one, so that nothing was written.
  returned: with O(operation=replace)
  type: bool
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._adguard_host import Home, Program, check
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import (
    ClusterError,
    module_commands,
    require_root,
)


def run(module: AnsibleModule) -> dict[str, Any]:
    """Do one operation."""
    options = module.params
    require_root("Managing AdGuard Home")
    home = Home(options["path"], options["owner"])
    if options["operation"] == "read":
        return {"changed": False, "state": home.read()}
    commands = module_commands(module)
    if options["operation"] == "check":
        return {"changed": False, "state": check(commands, options["program"], options["content"])}
    if module.check_mode:
        return {"changed": home.read()["unfinished"] if options["operation"] == "restore" else True}
    if options["operation"] == "keep":
        return {"changed": home.keep()}
    if options["operation"] == "commit":
        return {"changed": home.commit(options["remembered"])}
    program = Program(commands, options["service"])
    ran = program.stop()
    try:
        if options["operation"] == "restore":
            return {"changed": home.restore()}
        state = home.read()
        stale = state["digest"] != options["digest"]
        if not stale:
            home.replace(options["content"], options["remembered"] or {})
        return {"changed": not stale, "stale": stale, "state": state}
    finally:
        # Without a file it would wait for its first-run wizard, open to everybody.
        if ran and home.there():
            program.start()


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            "operation": {
                "type": "str",
                "choices": ["read", "check", "keep", "replace", "restore", "commit"],
                "required": True,
            },
            "path": {"type": "path", "required": True},
            "owner": {"type": "str", "required": True},
            "service": {"type": "str", "required": True},
            "program": {"type": "path"},
            "content": {"type": "str", "no_log": True},
            "digest": {"type": "str"},
            "remembered": {"type": "dict"},
        },
        required_if=[("operation", "check", ["program", "content"]), ("operation", "replace", ["content", "digest"])],
        supports_check_mode=True,
    )
    try:
        result = run(module)
    except ClusterError as error:
        module.fail_json(msg=str(error))
    module.exit_json(**result)


if __name__ == "__main__":
    main()
