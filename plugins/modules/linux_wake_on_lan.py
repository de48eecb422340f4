#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: linux_wake_on_lan
short_description: Have a magic packet wake a Linux host
version_added: 0.1.0
description:
  - Tells the card with the given address now, with C(ethtool), and has it told at every boot by NetworkManager, where
    the card is its own, or by udev. Both are read back.
  - A card whose driver does not offer it is a failure, and nothing is written.
  - The file for udev repeats what the one before it said about the card, for udev obeys only one.
extends_documentation_fragment:
  - hybrid_ai.cluster.attributes
  - hybrid_ai.cluster.attributes.linux
author:
  - The hybrid_ai.cluster contributors (@hybrid-ai)
options:
  mac_address:
    description:
      - The card's own hardware address, as six pairs of hexadecimal digits with colons.
      - Required with O(state=armed). What was armed is remembered.
    type: str
  state:
    description: V(restored) sets back what was before the first change, and does nothing where there was none.
    type: str
    choices: [armed, restored]
    default: armed
requirements:
  - ethtool
"""

EXAMPLES = r"""
- name: Let a magic packet wake this host
  hybrid_ai.cluster.linux_wake_on_lan:
    mac_address: "a8:5e:45:00:00:21"
"""

RETURN = r"""
interface:
  description: The card's interface; null where there is nothing to set back.
  returned: success
  type: str
  sample: eno1
keeper:
  description: What tells the card at every boot; null where there is nothing to set back.
  returned: success
  type: str
  sample: /etc/systemd/network/00-hybrid-ai-wake.link
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.hybrid_ai.cluster.plugins.module_utils import _names
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import (
    ClusterError,
    module_commands,
    require_root,
)
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._earlier_settings import EarlierSettings
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._wake import linux_card, linux_keeper, packet

RECORD = "power_management"
CARD, KEEPER = "card", "keeper"


def run(module: AnsibleModule) -> dict[str, Any]:
    """Read, plan, write and read back."""
    restored = module.params["state"] == "restored"
    if not restored:
        packet.hardware_address(module.params["mac_address"])
    require_root("Changing what wakes this host")
    earlier = EarlierSettings(RECORD, _names.LINUX_STATE_DIRECTORY)
    if restored and not earlier.exists():
        return {"changed": False, "interface": None, "keeper": None}
    address = next(iter(earlier.areas)) if restored else module.params["mac_address"]
    commands = module_commands(module)
    interface = linux_card.find(address)
    card = linux_card.read(commands, interface)
    keeper = linux_keeper.find(commands, interface, address)
    before = {CARD: card.modes, KEEPER: keeper.read()}
    if restored:
        after = {**before, **earlier.to_restore(address, before)[0]}
    else:
        after = {CARD: card.modes if card.is_armed else "g", KEEPER: keeper.wanted()}
    changed = before != after
    result = {"changed": changed, "interface": interface, "keeper": keeper.name, "diff": difference(before, after)}
    if module.check_mode:
        return result
    if not restored and changed:
        earlier.remember(address, before, after)
        earlier.save()
    if after[KEEPER] != before[KEEPER]:
        keeper.write(after[KEEPER])
    if after[CARD] != before[CARD]:
        linux_card.write(commands, interface, str(after[CARD]))
    if restored:
        earlier.forget()
    return result


def difference(before: dict[str, Any], after: dict[str, Any]) -> dict[str, str]:
    """Return both states as texts."""
    old, new = (f"Wake-on: {state[CARD]}\n{state[KEEPER] or ''}" for state in (before, after))
    return {"before": old, "after": new}


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            "mac_address": {"type": "str"},
            "state": {"type": "str", "choices": ["armed", "restored"], "default": "armed"},
        },
        required_if=[("state", "armed", ("mac_address",))],
        supports_check_mode=True,
    )
    try:
        result = run(module)
    except ClusterError as error:
        module.fail_json(msg=str(error))
    module.exit_json(**result)


if __name__ == "__main__":
    main()
