# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Thunderbolt cables: two of the fabric's ports that pass everything they receive to each other."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from lab import identity, process
from lab.names import fabric_namespace, fabric_port
from lab.topology import Cable, End, Topology

if TYPE_CHECKING:
    from collections.abc import Collection


def apply(lab: str, topology: Topology, powered: Collection[str]) -> None:
    """Give every Thunderbolt port the carrier it should have: only a cable between two running hosts is alive."""
    links, traffic = commands(topology, powered)
    fabric = fabric_namespace(lab)
    process.batch(["tc", "-n", fabric, "-batch", "-"], traffic)
    process.batch(["ip", "-n", fabric, "-batch", "-"], links)


def commands(topology: Topology, powered: Collection[str]) -> tuple[list[str], list[str]]:
    """Return the `ip` and the `tc` commands inside the fabric."""
    links, traffic = [], []
    for host in topology.hosts:
        for interface in host.interfaces:
            if interface.receptacle is None:
                continue
            port = fabric_port(host.name, interface.device)
            far = live_far_end(topology, End(host.name, interface.receptacle), powered)
            if far is None:
                links.append(f"link set dev {port} down")
                continue
            peer = fabric_port(far.host, topology.host(far.host).device(far.receptacle))
            # A redirection below the bridge code passes every frame, also those no bridge forwards (STP, LLDP).
            traffic.append(
                f"filter replace dev {port} parent ffff: protocol all prio 1 handle 800::800 "
                f"u32 match u32 0 0 action mirred egress redirect dev {peer}"
            )
            links.append(f"link set dev {port} up")
    return links, traffic


def live_far_end(topology: Topology, end: End, powered: Collection[str]) -> End | None:
    """Return the other end of the cable in a port if both hosts are running."""
    far = topology.cabled(end)
    return far if far is not None and {end.host, far.host} <= set(powered) else None


def plug(topology: Topology, cable: Cable) -> Topology:
    """Return the topology with a cable more; one that was in either port is pulled out."""
    kept = tuple(old for old in topology.cables if not set(old.ends) & set(cable.ends))
    return Topology(topology.subnet, topology.hosts, (*kept, cable))


def unplug(topology: Topology, cable: Cable) -> Topology:
    """Return the topology with a cable less."""
    return Topology(topology.subnet, topology.hosts, tuple(old for old in topology.cables if old != cable))


def seen_by(topology: Topology, host: str, powered: Collection[str]) -> str:
    """Return what a host's Thunderbolt controller sees, as the file the simulator reads."""
    seen: dict[str, dict[str, Any]] = {}
    for interface in topology.host(host).interfaces:
        if interface.receptacle is None:
            continue
        far = live_far_end(topology, End(host, interface.receptacle), powered)
        if far is not None:
            seen[str(interface.receptacle)] = {
                "host": far.host,
                "receptacle": far.receptacle,
                "model": topology.host(far.host).model,
                "domain_uuid": identity.identifier(far.host, "thunderbolt"),
            }
    return json.dumps(seen, indent=1, sort_keys=True) + "\n"
