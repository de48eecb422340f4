# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Rules about the firewall."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING, Any

from ansible_collections.hybrid_ai.cluster.plugins.module_utils._problem import INVENTORY, Problem
from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._inventory_rules._addresses import network_fault

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._inventory_rules._model import Inventory

_LISTS = {
    "firewall_trusted": False,
    "firewall_exo_destinations": True,
    "squid_clients": False,
    "squid_destinations": True,
}
"""Whom something is open to, or who may be reached; and whether that may be somebody on the internet."""

_ADVICE = "write one such as 192.168.7.0/24"


def firewall(inventory: Inventory) -> Iterator[Problem]:
    """Check whom the firewall, and the cache, are told to let through."""
    for variable, on_the_internet in _LISTS.items():
        values = inventory.shared(variable)
        for value in values if isinstance(values, (list, tuple)) else ():
            fault = _fault(value, on_the_internet=on_the_internet)
            if fault:
                yield Problem(INVENTORY, f"{variable} has {value!r}, which {fault}")


def _fault(value: Any, *, on_the_internet: bool) -> str:
    try:
        network = ipaddress.ip_network(str(value), strict=False)
    except ValueError:
        return f"is not a valid IP address or network; {_ADVICE}, since a firewall resolves no names."
    reason = network_fault(network)
    if not reason or network.is_link_local or (on_the_internet and not _is_of_nobody(network)):
        return ""
    return f"{reason.removeprefix('which ')}; {_ADVICE} of your own."


def _is_of_nobody(network: ipaddress.IPv4Network | ipaddress.IPv6Network) -> bool:
    return network.prefixlen == 0 or network.is_loopback or network.is_multicast or network.is_unspecified
