#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors

from __future__ import annotations

DOCUMENTATION = r"""
module: macos_time_machine
short_description: Automatic Time Machine backups of a Mac
version_added: 0.1.0
description:
  - Turns automatic backups on or off with C(tmutil) and reads the stored switch back.
  - macOS lets only programs with Full Disk Access do this. For SSH that is one switch in System Settings, and the error
    message says which.
extends_documentation_fragment:
  - hybrid_ai.cluster.attributes
  - hybrid_ai.cluster.attributes.macos
author:
  - The hybrid_ai.cluster contributors
options:
  automatic:
    description: Whether backups run by themselves.
    type: bool
    required: true
"""

EXAMPLES = r"""
- name: A worker is rebuilt, not backed up
  hybrid_ai.cluster.macos_time_machine:
    automatic: false
"""

RETURN = r"""
automatic:
  description: Whether backups run by themselves.
  returned: success
  type: bool
  sample: false
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.hybrid_ai.cluster.plugins.module_utils import _tmutil
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import (
    ClusterError,
    module_commands,
    require_root,
)
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._converge import converge


def run(module: AnsibleModule) -> dict[str, object]:
    """Turn automatic backups on or off."""
    require_root("Managing Time Machine")
    commands = module_commands(module)
    current = _tmutil.read(commands)
    wanted = {"automatic": module.params["automatic"]}
    outcome = converge(
        commands,
        current,
        _tmutil.plan(current, wanted),
        wanted,
        lambda: _tmutil.read(commands),
        check_mode=module.check_mode,
        error=_tmutil.TimeMachineError,
        advice=_tmutil.FULL_DISK_ACCESS,
    )
    return {"changed": outcome.changed, "diff": outcome.diff, "automatic": outcome.after["automatic"]}


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec={"automatic": {"type": "bool", "required": True}},
        supports_check_mode=True,
    )
    try:
        module.exit_json(**run(module))
    except ClusterError as error:
        module.fail_json(msg=str(error))


if __name__ == "__main__":
    main()
