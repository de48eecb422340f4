# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Rules about addresses: of hosts, of networks and of network interfaces."""

from __future__ import annotations

import ipaddress
import re
from itertools import combinations
from typing import TYPE_CHECKING, Any

from ansible_collections.hybrid_ai.cluster.plugins.module_utils._problem import INVENTORY, Problem, enumerate_names
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._problem import written as shown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._inventory_rules._model import Inventory

_LAN = "cluster_lan_subnet"
_MAC_ADDRESS = re.compile(r"[0-9a-f]{2}(:[0-9a-f]{2}){5}", re.IGNORECASE)

_PRIVATE = tuple(
    ipaddress.IPv4Network(text)
    for text in (
        *("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "198.18.0.0/15"),
        *("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24"),
    )
)
"""Networks that the internet has no hosts in: RFC 1918, 6598, 2544 and 5737."""
_OF_NO_HOSTS = {
    "is_loopback": "means every machine itself",
    "is_multicast": "is for groups of hosts (multicast)",
    "is_link_local": "hosts give themselves addresses from",
    "is_unspecified": "is not a valid address of a host",
}


def _network(value: Any) -> ipaddress.IPv4Network | None:
    try:
        # An address alone would be a network of one.
        return ipaddress.IPv4Network(value) if isinstance(value, str) and "/" in value else None
    except ValueError:
        return None


def _address(value: Any) -> ipaddress.IPv4Address | None:
    try:
        return ipaddress.IPv4Address(value) if isinstance(value, str) else None
    except ValueError:
        return None


def network_fault(network: ipaddress.IPv4Network | ipaddress.IPv6Network) -> str:
    """Say why a network cannot be one that hosts of somebody's own are in; nothing where it can."""
    if network.prefixlen == 0:
        return "which is every address there is"
    for kind, reason in _OF_NO_HOSTS.items():
        if getattr(network, kind):
            return f"which {reason}"
    if network.version == 6:
        return "" if network.is_private else "which is a public network of the internet"
    private = any(network.subnet_of(one) for one in _PRIVATE)
    return "" if private else "which is, or holds, a public network of the internet"


def _written_networks(inventory: Inventory) -> list[tuple[str, Any]]:
    """Return where each network of the LAN stands and what is written there: it may be one, or a list."""
    written = inventory.shared(_LAN)
    if isinstance(written, (list, tuple)):
        return [(f"{_LAN}[{place}]", one) for place, one in enumerate(written)]
    return [] if written is None else [(_LAN, written)]


def _lan(inventory: Inventory) -> list[ipaddress.IPv4Network]:
    """Return the networks of the LAN; none while one of them is wrong, since anything could be meant by it."""
    found = [_network(written) for _, written in _written_networks(inventory)]
    if len(found) == 1 and found[0] and found[0].num_addresses < len(inventory.hosts):
        return []
    usable = [network for network in found if network and not network_fault(network)]
    return usable if len(usable) == len(found) else []


def networks(inventory: Inventory) -> Iterator[Problem]:
    """Check the networks themselves and that they are apart."""
    texts = [*_lan_faults(inventory), *_gateway_faults(inventory), *_thunderbolt_faults(inventory)]
    yield from (Problem(INVENTORY, text) for text in texts)


def _lan_faults(inventory: Inventory) -> Iterator[str]:
    written = _written_networks(inventory)
    mistaken = any(_LAN in host.mistaken for host in inventory.hosts.values())
    if not written and not mistaken and any(_LAN in host.values for host in inventory.hosts.values()):
        yield f"{_LAN} is not set; write the network of the hosts, such as 192.168.1.0/24, in group_vars/all.yml."
    known: list[tuple[str, ipaddress.IPv4Network]] = []
    for place, one in written:
        network = _network(one)
        if network is None:
            yield f"{place} is {shown(one)}, which is not an IPv4 network; write one such as 192.168.1.0/24."
        elif len(written) == 1 and network.num_addresses < len(inventory.hosts):
            room = f"{network.num_addresses} of the addresses that {len(inventory.hosts)} hosts need"
            yield f"{place} is {one}, which has {room}; write the network of all of them."
        elif fault := network_fault(network):
            yield f"{place} is {one}, {fault}; write the network of the hosts, such as 192.168.1.0/24."
        else:
            known.append((place, network))
    for (first, before), (second, after) in combinations(known, 2):
        if after.overlaps(before):
            yield f"{second} {after} overlaps {first} {before}; remove one of them."


def _gateway_faults(inventory: Inventory) -> Iterator[str]:
    lan, gateway = _lan(inventory), inventory.shared("cluster_lan_gateway")
    address = _address(gateway)
    if gateway is not None and lan and not (address and any(address in network for network in lan)):
        listed = " or ".join(map(str, lan))
        yield (
            f"cluster_lan_gateway is {shown(gateway)}, which is not an address in {_LAN} {listed}; write the address "
            "of the router."
        )
    elif address and (fault := _place_fault(address, lan)):
        yield f"cluster_lan_gateway is {gateway}, which {fault}; write the address of the router."


def _thunderbolt_faults(inventory: Inventory) -> Iterator[str]:
    thunderbolt = _network(inventory.shared("thunderbolt_subnet"))
    if thunderbolt is None:
        return
    fault = network_fault(thunderbolt)
    if fault:
        yield (
            f"thunderbolt_subnet is {thunderbolt}, {fault}; write a network that nothing else uses, such as "
            "10.66.64.0/24."
        )
    if fault or not inventory.shared("thunderbolt_links"):
        return
    for network in _lan(inventory):
        if network.overlaps(thunderbolt):
            yield (
                f"thunderbolt_subnet {thunderbolt} overlaps {_LAN} {network}; write a network that nothing else uses, "
                "such as 10.66.64.0/24."
            )


def host_addresses(inventory: Inventory) -> Iterator[Problem]:
    """Check that every host has an address of its own in the network of the hosts."""
    lan = _lan(inventory)
    gateway = _address(inventory.shared("cluster_lan_gateway"))
    owners: dict[ipaddress.IPv4Address, str] = {}
    strangers = {host.name for host in inventory.strangers()}
    for host in inventory.hosts.values():
        if host.name in strangers:
            continue
        if "ansible_host" not in host.values:
            if not {"ansible_host"} & (host.names | host.mistaken):
                yield Problem(host.name, "ansible_host is missing; write the address of the host.")
            continue
        written = host.get("ansible_host")
        address = _address(written)
        if address is None:
            yield Problem(host.name, f"ansible_host is {shown(written)}, which is not an IPv4 address; write one.")
            continue
        owner = owners.setdefault(address, host.name)
        if owner != host.name:
            fault = f"is also the address of {owner}"
        elif address == gateway:
            fault = "is cluster_lan_gateway, the address of the router"
        else:
            fault = _address_fault(address, lan)
        if fault:
            yield Problem(host.name, f"ansible_host {address} {fault}; write an address of its own for this host.")


def _address_fault(address: ipaddress.IPv4Address, lan: list[ipaddress.IPv4Network]) -> str:
    if lan and not any(address in network for network in lan):
        return f"is outside {_LAN} {enumerate_names(map(str, lan))}"
    return _place_fault(address, lan)


def _place_fault(address: ipaddress.IPv4Address, lan: list[ipaddress.IPv4Network]) -> str:
    """Say why an address in a network is no host's."""
    network = next((network for network in lan if address in network), None)
    if network is None:
        return ""
    if network.prefixlen > 30:
        return ""  # too small for addresses that are not a host's
    if address == network.network_address:
        return f"is the name of the network {network} itself"
    return f"is the broadcast address of {network}" if address == network.broadcast_address else ""


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
                f"mac_address is {shown(written)}; write six pairs of hexadecimal digits with colons, in quotes, such "
                'as "1c:f6:4c:00:00:01".',
            )
            continue
        if int(written[1], 16) & 1 or not set(written) - {"0", ":"}:
            yield Problem(
                host.name, f"mac_address {written} does not belong to one card; write that of the host's own card."
            )
            continue
        owner = owners.setdefault(written.lower(), host.name)
        if owner != host.name:
            yield Problem(host.name, f"mac_address {written} is also that of {owner}; write the one of this host.")
