# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""`cluster topology`: the Thunderbolt cables that the inventory has, and what is measured of each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hybrid_cluster.command import exits, output
from hybrid_cluster.command.errors import ClusterError
from hybrid_cluster.command.output import BAD, FAINT, GOOD, UNKNOWN, UNSURE, words

if TYPE_CHECKING:
    from rich.console import RenderableType

    from hybrid_cluster.command.inventory import Cluster
    from hybrid_cluster.command.measured import Measured, Source

LINKED, MISSING = "linked", "no link"
_METRICS = ("mac_thunderbolt_connected", "mac_thunderbolt_link_bits_per_second")
_RECEPTACLE = "on(instance, device) group_left(receptacle) (mac_thunderbolt_connected * 0 + 1)"
_SENT = f"rate(node_network_transmit_bytes_total[1m]) * {_RECEPTACLE}"
_RECEIVED = f"rate(node_network_receive_bytes_total[1m]) * {_RECEPTACLE}"
_RDMA_BITS = 80e9
"""Thunderbolt 5, which RDMA needs; Thunderbolt 3 and 4 agree on half of that."""
_WIDTH = 24


def collect(cluster: Cluster, source: Source) -> dict[str, Any]:
    """Measure, and return what `--json` prints."""
    from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._cables import read_cables
    from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._topology import (
        TopologyError,
        components,
        plan_topology,
    )

    rdma = bool(cluster.shared("thunderbolt_rdma"))
    links, subnet = cluster.shared("thunderbolt_links"), cluster.shared("thunderbolt_subnet")
    fixed = {name: host.thunderbolt_address for name, host in cluster.hosts.items()}
    try:
        mode = str(cluster.shared("thunderbolt_mode"))
        plans = plan_topology(links, subnet, list(cluster.hosts), mode, fixed, rdma=rdma)
    except TopologyError as error:
        raise ClusterError(str(error), exits.INVENTORY) from error
    cables = read_cables(links)
    measured = source.measure(_METRICS, sent=_SENT, received=_RECEIVED) if cables else None
    return {
        "prometheus": measured.source if measured else None,
        "prometheus_silence": measured.silence if measured else None,
        "rdma_wanted": rdma,
        "networks": [
            {
                "hosts": list(component.hosts),
                "external": list(dict.fromkeys(cable.external for cable in component.cables if cable.external)),
                "mode": next((mode for host in component.hosts if (mode := plans[host]["mode"]) != "none"), "none"),
                "loop": [cable.number for cable in component.loop],
                "cables": [_cable(cable, plans, measured) for cable in component.cables],
            }
            for component in components(cables)
        ],
        "not_cabled": [host.name for host in cluster.hosts.values() if host.is_mac and not plans[host.name]["ports"]],
    }


def _cable(cable: Any, plans: dict[str, dict[str, Any]], measured: Measured | None) -> dict[str, Any]:
    known = measured or _nothing()
    ends = [_end(end, plans, known) for end in cable.ends]
    states = {end["connected"] for end in ends if not end["external"]}
    speeds = [end["bits_per_second"] for end in ends if end["bits_per_second"]]
    speed = min(speeds) if speeds and False not in states else None
    first, second = ends
    return {
        "number": cable.number,
        "external": cable.external is not None,
        "ends": ends,
        "state": MISSING if False in states else UNKNOWN if None in states else LINKED,
        "bits_per_second": speed,
        "rdma_possible": None if speed is None else speed >= _RDMA_BITS,
        "bytes_per_second": {
            "there": _either(first["sent"], second["received"]),
            "back": _either(second["sent"], first["received"]),
        },
    }


def _nothing() -> Measured:
    from hybrid_cluster.command.measured import Measured

    return Measured()


def _end(end: Any, plans: dict[str, dict[str, Any]], measured: Measured) -> dict[str, Any]:
    if end.receptacle is None:
        unknown = dict.fromkeys(("port", "address", "connected", "bits_per_second", "sent", "received"))
        return {"host": end.host, "external": True, **unknown}
    labels = {"instance": end.host, "receptacle": str(end.receptacle)}
    plan = plans[end.host]
    port = next(port for port in plan["ports"] if port["receptacle"] == end.receptacle)
    return {
        "host": end.host,
        "external": False,
        "port": end.receptacle,
        "address": None if port["external"] else port["address"] or (plan["bridge"] or {}).get("address"),
        "connected": measured.truth("mac_thunderbolt_connected", **labels),
        "bits_per_second": measured.one("mac_thunderbolt_link_bits_per_second", **labels),
        "sent": measured.one("sent", **labels),
        "received": measured.one("received", **labels),
    }


def _either(one: float | None, other: float | None) -> float | None:
    return other if one is None else one


def render(document: dict[str, Any], *, ascii_only: bool = False) -> RenderableType:
    """Draw the cables for a terminal of 80 columns."""
    from rich.console import Group

    parts: list[RenderableType] = []
    width = max(
        (len(end["host"]) for one in document["networks"] for cable in one["cables"] for end in cable["ends"]),
        default=0,
    )
    for network in document["networks"]:
        parts += [words(_title(network)), *(_draw(cable, width, ascii_only) for cable in network["cables"]), words("")]
    if not document["networks"]:
        parts.append(words("thunderbolt_links has no cable."))
    if document["not_cabled"]:
        parts.append(words(f"Without a cable: {output.folded(document['not_cabled'])}", FAINT))
    if any(_own_cables(document)):
        parts.append(words(_rdma(document)))
    if document["prometheus_silence"]:
        parts.append(words(f"Nothing is measured: {document['prometheus_silence']}.", UNSURE))
    return Group(*parts)


def _title(network: dict[str, Any]) -> str:
    how = {"bridge": "one bridge", "subnets": "a network for each cable", "none": "no addresses"}[network["mode"]]
    outside = f" and, outside of the inventory, {', '.join(network['external'])}" if network["external"] else ""
    loop = f"; cables {', '.join(map(str, network['loop']))} form a loop" if network["loop"] else ""
    return f"{output.folded(network['hosts'])}{outside}: {how}{loop}"


def _draw(cable: dict[str, Any], width: int, ascii_only: bool) -> RenderableType:
    state, (first, second) = cable["state"], cable["ends"]
    label = output.bits(cable["bits_per_second"]) if cable["bits_per_second"] else state
    stroke = {LINKED: "━", MISSING: "╌", UNKNOWN: "┄"}[state]
    if ascii_only:
        stroke = {LINKED: "=", MISSING: "-", UNKNOWN: "."}[state]
    line = f" {label} ".center(_WIDTH, stroke)
    style = {LINKED: GOOD, MISSING: FAINT if cable["external"] else BAD, UNKNOWN: UNSURE}[state]
    drawn = words(f"{cable['number']:>3}  {first['host']:>{width}} {first['port']} ")
    drawn.append_text(words(line, style)).append_text(words(f" {second['port'] or ' '} {second['host']:<{width}}"))
    there, back = cable["bytes_per_second"]["there"], cable["bytes_per_second"]["back"]
    if there is not None or back is not None:
        rates = [UNKNOWN if rate is None else output.bytes_a_second(rate) for rate in (there, back)]
        arrows = ("->", "<-") if ascii_only else ("→", "←")
        drawn.append_text(words(f"  {arrows[0]} {rates[0]} {arrows[1]} {rates[1]}", FAINT))
    elif state == MISSING and not cable["external"]:
        ends = [f"{end['host']}:{end['port']}" for end in cable["ends"] if end["connected"] is False]
        drawn.append_text(words(f"  nothing at {' and '.join(ends)}", BAD))
    return drawn


def _own_cables(document: dict[str, Any]) -> list[dict[str, Any]]:
    return [cable for one in document["networks"] for cable in one["cables"] if not cable["external"]]


def _rdma(document: dict[str, Any]) -> str:
    possible = [cable["rdma_possible"] for cable in _own_cables(document)]
    counts = f"{possible.count(True)} of {len(possible)} cables have the speed of Thunderbolt 5"
    if None in possible:
        counts += f", {possible.count(None)} {'is' if possible.count(None) == 1 else 'are'} unknown"
    if not document["rdma_wanted"]:
        return f"RDMA is not asked for (thunderbolt_rdma: false); {counts}."
    return f"RDMA is asked for; {counts}. Whether each Mac has it switched on, playbooks/verify.yml measures."
