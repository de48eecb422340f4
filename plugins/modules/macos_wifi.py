#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors

from __future__ import annotations

DOCUMENTATION = r"""
module: macos_wifi
short_description: Wi-Fi power of a Mac
version_added: 0.1.0
description:
  - Turns the radio on or off. The device is found by its hardware port, whose name is not translated.
  - A Mac without Wi-Fi counts as one whose Wi-Fi is off.
extends_documentation_fragment:
  - hybrid_ai.cluster.attributes
  - hybrid_ai.cluster.attributes.macos
author:
  - The hybrid_ai.cluster contributors
options:
  power:
    description: Whether the radio is on.
    type: bool
    required: true
"""

EXAMPLES = r"""
- name: A wired worker needs no radio
  hybrid_ai.cluster.macos_wifi:
    power: false
"""

RETURN = r"""
power:
  description: Whether the radio is on.
  returned: success
  type: bool
  sample: false
device:
  description: The Wi-Fi device; null where there is none.
  returned: success
  type: str
  sample: en1
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.hybrid_ai.cluster.plugins.module_utils import _wifi
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import (
    ClusterError,
    module_commands,
    require_root,
)
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._converge import converge


def run(module: AnsibleModule) -> dict[str, object]:
    """Turn the radio on or off."""
    require_root("Managing Wi-Fi")
    commands = module_commands(module)
    device = _wifi.find_device(commands)
    wanted = {"power": module.params["power"]}
    if device is None and wanted["power"]:
        raise _wifi.WifiError("This Mac has no Wi-Fi: `networksetup -listallhardwareports` lists no port Wi-Fi.")
    current = _wifi.read(commands, device)
    outcome = converge(
        commands,
        current,
        _wifi.plan(current, wanted, device),
        wanted,
        lambda: _wifi.read(commands, device),
        check_mode=module.check_mode,
        error=_wifi.WifiError,
    )
    return {"changed": outcome.changed, "diff": outcome.diff, "power": outcome.after["power"], "device": device}


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec={"power": {"type": "bool", "required": True}},
        supports_check_mode=True,
    )
    try:
        module.exit_json(**run(module))
    except ClusterError as error:
        module.fail_json(msg=str(error))


if __name__ == "__main__":
    main()
