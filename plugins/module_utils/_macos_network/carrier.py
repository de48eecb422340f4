# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The network service that carries the connection: found for `device: auto`, and kept from being cut off."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ansible_collections.hybrid_ai.cluster.plugins.module_utils._macos_network.settings import fields
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._macos_network.tool import NetworkError

if TYPE_CHECKING:
    from ansible_collections.hybrid_ai.cluster.plugins.module_utils._connection import Connection
    from ansible_collections.hybrid_ai.cluster.plugins.module_utils._macos_network.state import (
        Difference,
        NetworkState,
        Wanted,
    )
    from ansible_collections.hybrid_ai.cluster.plugins.module_utils._macos_network.tool import NetworkSetup

AUTO = "auto"
"""What stands for the device that carries the connection."""


def is_needed(wanted: Wanted) -> bool:
    """Tell whether anything wanted is for the service that carries the connection."""
    return any(entry.get("device") == AUTO for entry in wanted.services)


def resolve(tool: NetworkSetup, wanted: Wanted, connection: Connection) -> Wanted:
    """Return what is wanted with the service that carries the connection in the place of `auto`."""
    found = _service(tool, connection)
    services = [{**entry, **found} if entry.get("device") == AUTO else entry for entry in wanted.services]
    if sum(entry.get("device") == found["device"] for entry in services) > 1:
        raise NetworkError(f"{found['device']} carries the connection and is listed beside auto: write it once.")
    return replace(wanted, services=services)


def _service(tool: NetworkSetup, connection: Connection) -> dict[str, Any]:
    """Return device and name; of several services of the device, the one whose address it is."""
    there = [one for one in tool.services() if one.enabled and one.device in connection.devices]
    if not there:
        raise NetworkError(
            f"Which network service carries the connection to {connection.address or 'this host'} cannot be told from "
            f"its addresses and its default route: write the device, such as en0, instead of {AUTO}."
        )
    if len(there) > 1:
        own = [one for one in there if fields(tool.run("-getinfo", one.name)).get("IP address") == connection.address]
        there = own or there
    return {"device": there[0].device, "name": there[0].name}


def endangers(difference: Difference, state: NetworkState, connection: Connection) -> bool:
    """Tell whether a change may cut the connection: without knowing its device, any that has an address may carry it.

    The order decides over which service everything else is reached.
    """
    if difference.key == "order":
        return True
    if difference.key == "bridge":
        return any(map(connection.carries, _bridged(difference, state)))
    return connection.may_carry(difference.device)


def cuts(difference: Difference, state: NetworkState, connection: Connection) -> bool:
    """Tell whether a change takes the connection's own address away, or may."""
    if difference.key == "bridge":
        return endangers(difference, state, connection)
    if not connection.carries(difference.device):
        return False
    if difference.key in {"ipv4", "ipv6"}:
        return (difference.key == "ipv6") == connection.is_ipv6
    return difference.key == "state" or (difference.key == "enabled" and not difference.wanted)


def refuse_cut(differences: list[Difference], state: NetworkState, connection: Connection, *, undone: bool) -> None:
    """Refuse what cuts this very connection, unless it is taken back by itself."""
    what = f"the connection to {connection.address or 'this host'}"
    _refuse_contradiction(differences, connection)
    cutting = [one for one in differences if cuts(one, state, connection)]
    keys = {one.key: one for one in cutting}
    if "bridge" in keys:
        raise NetworkError(
            f"The bridge {keys['bridge'].device} stays as it is, because {what} runs over it or over one of its ports, "
            "and it could not be brought back: reach this host over another port, with its address as ansible_host."
        )
    if "state" in keys:
        raise NetworkError(
            f"The network service {keys['state'].service} carries {what} and could not be brought back: set its option"
            " enabled to false instead of removing it."
        )
    if cutting and not undone:
        raise NetworkError(
            f"The setting {cutting[0].key} of the network service {cutting[0].service} stays as it is, because the "
            f"service carries {what}: give undo_after, so that it is taken back unless it is confirmed."
        )


def _refuse_contradiction(differences: list[Difference], connection: Connection) -> None:
    """Refuse to take IPv4 for off where an address shows that it is on: an undo would switch it off."""
    for one in differences:
        addresses = [address for address in connection.addresses.get(one.device, ()) if "." in address]
        if one.key == "ipv4" and one.got == {"method": "off"} and addresses:
            raise NetworkError(
                f"The setting ipv4 of the network service {one.service} stays as it is, because it could not be "
                f"brought back: `networksetup -getinfo` says nothing of IPv4, and {one.device} has the address "
                f"{addresses[0]}."
            )


def _bridged(difference: Difference, state: NetworkState) -> set[str]:
    """Return the devices whose addresses end with a change of a bridge: its own, or those of the ports it takes."""
    if not difference.wanted["running"]:
        return {difference.device}
    added = set(difference.wanted["members"]) - set(difference.got["members"])
    return {port.device for port in state.ports if port.device in added}
