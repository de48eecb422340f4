# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Rules about addresses: of hosts, of networks and of network interfaces."""

from __future__ import annotations

import ipaddress
import re
from typing import TYPE_CHECKING, Any

from ansible_collections.hybrid_ai.cluster.plugins.module_utils._problem import INVENTORY, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._inventory_rules._model import Inventory

_MAC_ADDRESS = re.compile(r"[0-9a-f]{2}(:[0-9a-f]{2}){5}", re.IGNORECASE)


def _network(value: Any) -> ipaddress.IPv4Network | None:
    try:
        return ipaddress.IPv4Network(value) if isinstance(value, str) else None
    except ValueError:
        return None


def _address(value: Any) -> ipaddress.IPv4Address | None:
    try:
        return ipaddress.IPv4Address(value) if isinstance(value, str) else None
    except ValueError:
        return None


def networks(inventory: Inventory) -> Iterator[Problem]:
    """Check the networks themselves and that they are apart."""
    lan, gateway = inventory.shared("cluster_lan_subnet"), inventory.shared("cluster_lan_gateway")
    network = _network(lan)
    if lan is not None and network is None:
        yield Problem(
            INVENTORY,
            f"cluster_lan_subnet is {lan!r}, which is not an IPv4 network; write one such as 192.168.1.0/24.",
        )
    if lan is None and any("cluster_lan_subnet" in host.values for host in inventory.hosts.values()):
        yield Problem(
            INVENTORY,
            "cluster_lan_subnet is not set; write the network of the hosts, such as 192.168.1.0/24, in "
            "group_vars/all.yml.",
        )
    if gateway is not None and network and _address(gateway) not in network:
        yield Problem(
            INVENTORY,
            f"cluster_lan_gateway is {gateway!r}, which is not an address in cluster_lan_subnet {lan}; write the "
            "address of the router.",
        )
    thunderbolt = _network(inventory.shared("thunderbolt_subnet"))
    if network and thunderbolt and inventory.shared("thunderbolt_links") and network.overlaps(thunderbolt):
        yield Problem(
            INVENTORY,
            f"thunderbolt_subnet {thunderbolt} overlaps cluster_lan_subnet {lan}; write a network that nothing else "
            "uses, such as 10.66.64.0/24.",
        )


def host_addresses(inventory: Inventory) -> Iterator[Problem]:
    """Check that every host has an address of its own in the network of the hosts."""
    lan = _network(inventory.shared("cluster_lan_subnet"))
    gateway = _address(inventory.shared("cluster_lan_gateway"))
    owners: dict[ipaddress.IPv4Address, str] = {}
    for host in inventory.hosts.values():
        if "ansible_host" not in host.values:
            if "ansible_host" not in host.names:
                yield Problem(host.name, "ansible_host is missing; write the address of the host.")
            continue
        written = host.get("ansible_host")
        address = _address(written)
        if address is None:
            yield Problem(host.name, f"ansible_host is {written!r}, which is not an IPv4 address; write one.")
            continue
        owner = owners.setdefault(address, host.name)
        if owner != host.name:
            fault = f"is also the address of {owner}"
        elif lan and address not in lan:
            fault = f"is outside cluster_lan_subnet {lan}"
        elif lan and address == lan.network_address:
            fault = f"is the name of the network {lan} itself"
        elif lan and address == lan.broadcast_address:
            fault = f"is the broadcast address of {lan}"
        elif address == gateway:
            fault = "is cluster_lan_gateway, the address of the router"
        else:
            continue
        yield Problem(host.name, f"ansible_host {address} {fault}; write an address of its own for this host.")


def mac_addresses(inventory: Inventory) -> Iterator[Problem]:
    """Check hardware addresses."""
    owners: dict[str, str] = {}
    for host in inventory.hosts.values():
        written = host.get("mac_address")
        if written is None:
            continue
        if not _MAC_ADDRESS.fullmatch(written):
            yield Problem(
                host.name,
                f"mac_address is {written!r}; write six pairs of hexadecimal digits with colons, in quotes, such as "
                '"1c:f6:4c:00:00:01".',
            )
            continue
        owner = owners.setdefault(written.lower(), host.name)
        if owner != host.name:
            yield Problem(host.name, f"mac_address {written} is also that of {owner}; write the one of this host.")
