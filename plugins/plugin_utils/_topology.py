# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Decide from the Thunderbolt cables how the hosts at their ends are addressed.

macOS joins all Thunderbolt ports of a host in one bridge whose spanning tree does nothing. Hosts whose cables form no
loop may keep that bridge; a loop needs one network per cable, and so does RDMA, which the bridge excludes. The place of
a cable in the list is its number, and addresses follow from that number: a cable appended at the end changes no address
that was there before. On a bridge a host may have an address that the inventory fixes, see `_bridge_addresses`.

A machine outside of the inventory counts for loops, because its own bridge joins the cables that end there. Its cables
get no address, and hosts that only they join are no neighbours.
"""

from __future__ import annotations

import ipaddress
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ansible_collections.hybrid_ai.cluster.plugins.module_utils._problem import INVENTORY, Problem, enumerate_names
from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._bridge_addresses import (
    bridge_addresses,
    fixed_address_problems,
)
from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._cables import (
    CABLE_PREFIX,
    Cable,
    End,
    addressed,
    cable_addresses,
    cable_network,
    cable_problems,
    read_cables,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

MODES = ("auto", "bridge", "subnets")


class TopologyError(Exception):
    """The cables cannot be addressed as written."""


@dataclass(frozen=True)
class Component:
    """Hosts that reach each other over cables, and those cables."""

    hosts: tuple[str, ...]
    """Those of the inventory."""
    cables: tuple[Cable, ...]
    loop: tuple[Cable, ...]

    def mode(self, wanted: str) -> str:
        """Bridge where nothing loops, one subnet per cable elsewhere, unless told otherwise."""
        if wanted != "auto":
            return wanted
        return "subnets" if self.loop else "bridge"


def _find_loop(cables: Sequence[Cable]) -> tuple[Cable, ...]:
    """Return the cables of the first loop that appears when the cables are plugged in one after the other."""
    neighbours: dict[str, list[tuple[str, Cable]]] = defaultdict(list)
    for cable in cables:
        start, goal = cable.hosts
        paths: dict[str, tuple[Cable, ...]] = {start: ()}
        queue = [start]
        for host in queue:
            for peer, link in neighbours[host]:
                if peer not in paths:
                    paths[peer] = (*paths[host], link)
                    queue.append(peer)
        if goal in paths:
            return (*paths[goal], cable)
        neighbours[start].append((goal, cable))
        neighbours[goal].append((start, cable))
    return ()


def components(cables: Iterable[Cable]) -> list[Component]:
    """Split the cables into groups that share no machine, in the order of their first cable."""
    groups: list[tuple[list[str], list[Cable]]] = []
    for cable in cables:
        touched = [group for group in groups if not set(cable.hosts).isdisjoint(group[0])]
        hosts = list(dict.fromkeys([host for group in touched for host in group[0]] + list(cable.hosts)))
        merged = (hosts, [link for group in touched for link in group[1]] + [cable])
        groups = [group for group in groups if group not in touched] + [merged]
    found = []
    for hosts, members in groups:
        members.sort(key=lambda cable: cable.number)
        outside = {cable.external for cable in members}
        own = tuple(host for host in hosts if host not in outside)
        found.append(Component(own, tuple(members), _find_loop(members)))
    return sorted(found, key=lambda component: component.cables[0].number)


def describe_loop(loop: Sequence[Cable]) -> str:
    """Name the cables of a loop and the hosts they run through."""
    names = enumerate_names(str(cable.number) for cable in loop)
    hosts = list(dict.fromkeys(host for cable in loop for host in cable.hosts))
    return f"cables {names} form a loop between {enumerate_names(hosts)}"


def mode_problems(cables: Iterable[Cable], mode: Any, *, rdma: bool = False) -> list[Problem]:
    """Refuse a bridge over a loop, whose packets would circle for ever, and one that excludes RDMA that is wanted."""
    if mode not in MODES:
        return [Problem(INVENTORY, f"thunderbolt_mode is {mode!r}; write one of {enumerate_names(MODES)}.")]
    if mode != "bridge":
        return []
    if rdma:
        text = "thunderbolt_rdma is true, but thunderbolt_mode is bridge, which excludes RDMA; write auto or subnets."
        return [Problem(INVENTORY, text)]
    return [
        Problem(
            INVENTORY,
            f"thunderbolt_mode is bridge, but {describe_loop(component.loop)}, and macOS does not stop packets from "
            "circling in it; write auto or subnets, or unplug one of these cables.",
        )
        for component in components(cables)
        if component.loop
    ]


def _mode_of_all(mode: str, *, rdma: bool) -> str:
    return "subnets" if rdma and mode == "auto" else mode


def topology_problems(
    links: Any,
    subnet: Any,
    hosts: Iterable[str],
    mode: Any,
    addresses: Mapping[str, Any] | None = None,
    *,
    rdma: bool = False,
) -> list[Problem]:
    """List everything that keeps the cables from being addressed; `addresses` are what hosts fix for the bridge."""
    problems = cable_problems(links, subnet, hosts) or mode_problems(read_cables(links), mode, rdma=rdma)
    if problems or not addresses:
        return problems
    found = components(read_cables(links))
    reasons = {
        host: _why_not_bridge(one, mode, rdma=rdma)
        for one in found
        for cable in addressed(one.cables)
        for host in cable.hosts
    }
    mode = _mode_of_all(mode, rdma=rdma)
    if not reasons:
        return fixed_address_problems(addresses, reasons, None)
    network = ipaddress.IPv4Network(subnet)
    networks = {cable_network(cable, network): cable for cable in _of(found, mode, "subnets")}
    return fixed_address_problems(addresses, reasons, network, networks)


def _of(found: Iterable[Component], wanted: str, mode: str) -> list[Cable]:
    """Return the cables with addresses of the components that have a mode."""
    return [cable for component in found if component.mode(wanted) == mode for cable in addressed(component.cables)]


def _why_not_bridge(component: Component, mode: str, *, rdma: bool) -> str:
    """Say why hosts have a network for each cable; nothing where they have the bridge."""
    if rdma:
        return "thunderbolt_rdma is true"
    if component.mode(mode) == "bridge":
        return ""
    return f"thunderbolt_mode is {mode}" if mode != "auto" else describe_loop(component.loop)


def _addresses(cable: Cable, network: ipaddress.IPv4Network) -> dict[str, str]:
    return {host: str(address) for host, address in cable_addresses(cable, network).items()}


def _empty(mode: str = "none") -> dict[str, Any]:
    return {"mode": mode, "ports": [], "bridge": None, "neighbours": [], "hosts_entries": []}


def _port(cable: Cable, here: End, addresses: Mapping[str, str] | None) -> dict[str, Any]:
    peer = cable.other(here.host)
    return {
        "cable": cable.number,
        "receptacle": here.receptacle,
        "address": addresses[here.host] if addresses else None,
        "netmask": _netmask(CABLE_PREFIX) if addresses else None,
        "prefix": CABLE_PREFIX if addresses else None,
        "peer": peer.host,
        "peer_address": addresses[peer.host] if addresses else None,
        "peer_receptacle": peer.receptacle,
        "external": cable.external is not None,
    }


def _netmask(prefix: int) -> str:
    return str(ipaddress.IPv4Network((0, prefix)).netmask)


def _subnet_plans(component: Component, network: ipaddress.IPv4Network) -> dict[str, dict[str, Any]]:
    plans = {host: _empty("subnets") for host in component.hosts}
    joined: dict[tuple[str, str], int] = defaultdict(int)
    for cable in component.cables:
        addresses = _addresses(cable, network)
        for here in cable.ends:
            peer = cable.other(here.host)
            joined[(here.host, peer.host)] += 1
            nth = joined[(here.host, peer.host)]
            name = f"{peer.host}.tb" if nth == 1 else f"{peer.host}-{nth}.tb"
            plan = plans[here.host]
            plan["ports"].append(_port(cable, here, addresses))
            plan["neighbours"].append(
                {
                    "name": name,
                    "host": peer.host,
                    "address": addresses[peer.host],
                    "cable": cable.number,
                    "receptacle": here.receptacle,
                }
            )
    return plans


def _bridge_plans(
    component: Component, network: ipaddress.IPv4Network, own: Mapping[str, str]
) -> dict[str, dict[str, Any]]:
    plans = {host: _empty("bridge") for host in component.hosts}
    for cable in component.cables:
        for here in cable.ends:
            plans[here.host]["ports"].append(_port(cable, here, None))
    for host, plan in plans.items():
        plan["bridge"] = {
            "address": own[host],
            "netmask": str(network.netmask),
            "prefix": network.prefixlen,
        }
        plan["neighbours"] = [
            {"name": f"{peer}.tb", "host": peer, "address": own[peer], "cable": None, "receptacle": None}
            for peer in component.hosts
            if peer != host
        ]
    return plans


def _add_external(component: Component, plans: Mapping[str, dict[str, Any]]) -> None:
    """Add the ports that lead to machines outside; where two of them may close a loop, the bridge has to go."""
    for cable in component.cables:
        if cable.external:
            plan = plans[cable.ends[0].host]
            plan["ports"].append(_port(cable, cable.ends[0], None))
            if plan["mode"] == "none" and component.loop and len(plan["ports"]) > 1:
                plan["mode"] = "subnets"


def plan_topology(
    links: Any,
    subnet: Any,
    hosts: Sequence[str],
    mode: str = "auto",
    addresses: Mapping[str, Any] | None = None,
    *,
    rdma: bool = False,
) -> dict[str, dict[str, Any]]:
    """Return for every host how its Thunderbolt ports are used: mode, ports, bridge, neighbours and hosts entries."""
    fixed = {host: address for host, address in (addresses or {}).items() if address}
    problems = topology_problems(links, subnet, hosts, mode, fixed, rdma=rdma)
    if problems:
        raise TopologyError(" ".join(problem.sentence for problem in problems))
    mode = _mode_of_all(mode, rdma=rdma)
    plans = {host: _empty() for host in hosts}
    found = components(read_cables(links))
    if any(addressed(component.cables) for component in found):
        network = ipaddress.IPv4Network(subnet)
        own = bridge_addresses(_of(found, mode, "bridge"), _of(found, mode, "subnets"), network, fixed)
        for component in found:
            on_bridge = component.mode(mode) == "bridge"
            # Whether a machine outside passes anything on is unknown.
            for part in components(addressed(component.cables)):
                plans |= _bridge_plans(part, network, own) if on_bridge else _subnet_plans(part, network)
    for component in found:
        _add_external(component, plans)
    for plan in plans.values():
        plan["ports"].sort(key=lambda port: port["receptacle"])
        plan["hosts_entries"] = [
            {"name": neighbour["name"], "address": neighbour["address"]} for neighbour in plan["neighbours"]
        ]
    return plans
