# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Rules about the firewall."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING, Any

from ansible_collections.hybrid_ai.cluster.plugins.module_utils._problem import INVENTORY, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._inventory_rules._model import Inventory

ADDRESS_LISTS = ("firewall_trusted", "firewall_exo_destinations")


def firewall(inventory: Inventory) -> Iterator[Problem]:
    """Check whom the firewall is told to let through."""
    for variable in ADDRESS_LISTS:
        values = inventory.shared(variable)
        for value in values if isinstance(values, list) else ():
            if not _is_network(value):
                yield Problem(
                    INVENTORY,
                    f"{variable} has {value!r}, which is not a valid IP address or network; write one such as"
                    " 192.168.7.0/24, since a firewall resolves no names.",
                )


def _is_network(value: Any) -> bool:
    try:
        ipaddress.ip_network(str(value), strict=False)
    except ValueError:
        return False
    return True
