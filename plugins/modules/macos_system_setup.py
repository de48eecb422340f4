#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors

from __future__ import annotations

DOCUMENTATION = r"""
module: macos_system_setup
short_description: Clock and restart settings of a Mac
version_added: 0.1.0
description:
  - Manages settings of C(systemsetup). The tool exits with 0 on failure and prints errors on success, so each value is
    judged by reading it back.
  - A setting that this Mac does not have is named in a warning and in RV(unsupported).
extends_documentation_fragment:
  - hybrid_ai.cluster.attributes
  - hybrid_ai.cluster.attributes.macos
author:
  - The hybrid_ai.cluster contributors
options:
  restart_on_freeze:
    description: Whether the Mac restarts by itself when it has stopped responding. Unset means not managed.
    type: bool
  network_time:
    description: Whether the clock follows a time server. Unset means not managed.
    type: bool
  network_time_server:
    description: The time server. Unset means not managed.
    type: str
  time_zone:
    description: Name of the time zone, as listed by C(systemsetup -listtimezones). Unset means not managed.
    type: str
"""

EXAMPLES = r"""
- name: One clock for the whole cluster
  hybrid_ai.cluster.macos_system_setup:
    network_time: true
    network_time_server: time.apple.com
    time_zone: Europe/Berlin
    restart_on_freeze: true
"""

RETURN = r"""
settings:
  description: The managed settings, read back.
  returned: success
  type: dict
  sample: {"network_time": true, "time_zone": "Europe/Berlin"}
unsupported:
  description: Wanted settings that this Mac does not have.
  returned: success
  type: list
  elements: str
  sample: [restart_on_freeze]
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.hybrid_ai.cluster.plugins.module_utils import _systemsetup
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import (
    ClusterError,
    module_commands,
    require_root,
)
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._converge import converge


def run(module: AnsibleModule) -> dict[str, object]:
    """Bring the managed settings to their values."""
    require_root("Managing system settings")
    commands = module_commands(module)
    managed = {name: module.params[name] for name in _systemsetup.SETTINGS if module.params[name] is not None}
    current = _systemsetup.read(commands, managed)
    unsupported = [name for name, value in current.items() if value == _systemsetup.UNSUPPORTED]
    for name in unsupported:
        module.warn(f"This Mac does not support {name}: it stays unmanaged.")
    wanted = {name: value for name, value in managed.items() if name not in unsupported}
    outcome = converge(
        commands,
        current,
        _systemsetup.plan(current, wanted),
        wanted,
        lambda: _systemsetup.read(commands, managed),
        check_mode=module.check_mode,
        error=_systemsetup.SystemSetupError,
    )
    return {
        "changed": outcome.changed,
        "diff": outcome.diff,
        "settings": outcome.after,
        "unsupported": unsupported,
    }


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            "restart_on_freeze": {"type": "bool"},
            "network_time": {"type": "bool"},
            "network_time_server": {"type": "str"},
            "time_zone": {"type": "str"},
        },
        supports_check_mode=True,
    )
    try:
        module.exit_json(**run(module))
    except ClusterError as error:
        module.fail_json(msg=str(error))


if __name__ == "__main__":
    main()
