# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Give every host on a Thunderbolt bridge one address: the one that the inventory fixes for it, or one by its cable."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING, Any

from ansible_collections.hybrid_ai.cluster.plugins.module_utils._problem import Problem
from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._cables import (
    Cable,
    cable_addresses,
    cable_network,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

NAME = "thunderbolt_address"


def bridge_addresses(
    cables: Iterable[Cable], others: Iterable[Cable], network: ipaddress.IPv4Network, fixed: Mapping[str, str]
) -> dict[str, str]:
    """Return the address of every host at the ends of the cables that are on a bridge; the others are networks.

    A host has what its first cable would give it, so that a later cable changes nothing. Where that is fixed for
    another host, it has one that no cable gives to anybody. Hosts are addressed in the order of their cables: whoever
    comes later makes way.
    """
    own = {host: ipaddress.IPv4Address(address) for host, address in fixed.items()}
    taken = {network.network_address, network.broadcast_address, *own.values()}
    taken |= {address for cable in others for address in cable_network(cable, network)}
    for cable in sorted(cables, key=lambda cable: cable.number):
        for host, address in cable_addresses(cable, network).items():
            if host not in own:
                own[host] = next(free for free in _candidates(cable, address, network) if free not in taken)
                taken.add(own[host])
    return {host: str(address) for host, address in own.items()}


def _candidates(
    cable: Cable, first: ipaddress.IPv4Address, network: ipaddress.IPv4Network
) -> Iterator[ipaddress.IPv4Address]:
    yield first
    # On a bridge, the first and the last address of a cable are not those of a network.
    unused = cable_network(cable, network)
    yield from (unused.broadcast_address, unused.network_address)
    # What cables reach last.
    yield from (network.broadcast_address - number for number in range(1, network.num_addresses - 1))


def fixed_address_problems(
    fixed: Mapping[str, Any],
    reasons: Mapping[str, str],
    network: ipaddress.IPv4Network | None,
    cables: Mapping[ipaddress.IPv4Network, Cable] | None = None,
) -> list[Problem]:
    """List which fixed addresses cannot be given.

    `reasons` says of every host that has a cable why it has no bridge, nothing where it has one. `cables` are the
    networks of single cables, in which nobody else may be.
    """
    owners: dict[ipaddress.IPv4Address, str] = {}
    problems = []
    for host, written in fixed.items():
        address = _address(written)
        if host not in reasons:
            text = (
                f"{NAME} is set, but no cable of thunderbolt_links joins this host with another one of the inventory; "
                f"add the cable or remove {NAME}."
            )
        elif reasons[host]:
            text = (
                f"{NAME} is set, but {reasons[host]}, so each of its cables is a network of its own, whose addresses "
                f"follow from the cable; remove {NAME}."
            )
        elif address is None:
            text = f"{NAME} is {written!r}, which is not an IPv4 address; write one in thunderbolt_subnet {network}."
        elif fault := _fault(address, network, owners.setdefault(address, host), host, cables or {}):
            text = f"{NAME} {address} {fault}"
        else:
            continue
        problems.append(Problem(host, text))
    return problems


def _fault(
    address: ipaddress.IPv4Address,
    network: ipaddress.IPv4Network | None,
    owner: str,
    host: str,
    cables: Mapping[ipaddress.IPv4Network, Cable],
) -> str | None:
    another = "write an address of its own for this host."
    if owner != host:
        return f"is also that of {owner}; {another}"
    if network is None or address not in network:
        return (
            f"is outside thunderbolt_subnet {network}; write an address in it, or the network that the address belongs "
            "to as thunderbolt_subnet."
        )
    if address == network.network_address:
        return f"is the name of the network {network} itself; {another}"
    if address == network.broadcast_address:
        return f"is the broadcast address of {network}; {another}"
    cable = next((cable for place, cable in cables.items() if address in place), None)
    if cable:
        return f"belongs to cable {cable.number} ({cable}), which is a network of its own; {another}"
    return None


def _address(written: Any) -> ipaddress.IPv4Address | None:
    try:
        return ipaddress.IPv4Address(written) if isinstance(written, str) else None
    except ValueError:
        return None
