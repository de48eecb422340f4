# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""`cluster energy`: what hosts have drawn, and how long they have slept, as Prometheus has it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hybrid_cluster.command import output
from hybrid_cluster.command.output import FAINT, UNSURE, words
from hybrid_cluster.command.watts import CARDS, MAC, MAC_PARTS

if TYPE_CHECKING:
    from rich.console import RenderableType

    from hybrid_cluster.command.inventory import Cluster
    from hybrid_cluster.command.measured import Measured, Source

STEP_MINUTES = 5
"""How far apart the looks are: 30 days of them are 8640."""
KINDS = {
    "machine": (MAC, "the whole Mac, as its own sensors estimate it"),
    "processor": (f"({MAC_PARTS}) unless ({MAC})", "processor and GPU of a Mac alone, as macOS estimates them"),
    "cards": (CARDS, "NVIDIA cards alone, without the machine around them"),
}
"""What is measured of a host, the most complete first, with what the figure holds."""
SECONDS = 60.0
"""How long an answer may take: Prometheus reads a point for each look and host."""
_HOUR = 3600


def collect(
    cluster: Cluster, source: Source, days: float, asleep_watts: float | None, price: float | None
) -> dict[str, Any]:
    """Measure, and return what `--json` prints."""
    minutes = max(STEP_MINUTES, round(days * 24 * 60))
    over = f"[{minutes}m:{STEP_MINUTES}m]"
    questions = {f"sum_{kind}": f"sum_over_time(({watts}){over})" for kind, (watts, _) in KINDS.items()}
    questions |= {f"count_{kind}": f"count_over_time(({watts}){over})" for kind, (watts, _) in KINDS.items()}
    questions["silent"] = f'count_over_time((up{{job="node_exporter"}} == 0){over})'
    questions["looked"] = f'count_over_time(up{{job="node_exporter"}}{over})'
    questions["asleep"] = f"increase(hybrid_gateway_asleep_seconds_total[{minutes}m])"
    measured = source.measure(("up",), **questions)
    hosts = [_host(measured, host) for host in cluster.hosts]
    groups = [
        {"group": sample.labels.get("group", output.UNKNOWN), "hours": sample.value / _HOUR}
        for sample in measured.all("asleep")
        if sample.value >= 0
    ]
    known = [host["kwh"] for host in hosts if host["kwh"] is not None]
    total = sum(known) if known else None
    document: dict[str, Any] = {
        "prometheus": measured.source,
        "prometheus_silence": measured.silence,
        "days": minutes / 60 / 24,
        "hosts": hosts,
        "kwh": total,
        "unknown_hosts": [host["name"] for host in hosts if host["kwh"] is None],
        "asleep": groups if measured.source else None,
        "asleep_watts": asleep_watts,
        "price": price,
    }
    document["cost"] = None if price is None or total is None else price * total
    document["asleep_kwh"] = None if asleep_watts is None else _asleep_kwh(groups, asleep_watts)
    return {**document, "assumptions": _assumptions(document)}


def _asleep_kwh(groups: list[dict[str, Any]], watts: float) -> float | None:
    return sum(group["hours"] for group in groups) * watts / 1000 if groups else None


def _host(measured: Measured, name: str) -> dict[str, Any]:
    """Return what is known of a host; how a Mac is measured may have changed meanwhile, so both ways count."""
    step = STEP_MINUTES / 60
    found = {kind: measured.one(f"sum_{kind}", instance=name) for kind in KINDS}
    kinds = [kind for kind, total in found.items() if total is not None]
    watt_hours = sum(total * step for total in found.values() if total is not None)
    counts = {kind: measured.one(f"count_{kind}", instance=name) or 0.0 for kind in KINDS}
    # A Mac is measured in one way at a time, and cards at the same time as what they are in.
    looks = max(counts["machine"] + counts["processor"], counts["cards"])
    silent, looked = measured.one("silent", instance=name), measured.one("looked", instance=name)
    return {
        "name": name,
        "kwh": watt_hours / 1000 if kinds else None,
        "measured_hours": looks * step if kinds else None,
        "watts": watt_hours / (looks * step) if looks else None,
        "of": kinds,
        "silent_hours": None if looked is None else (silent or 0) * step,
    }


def _assumptions(document: dict[str, Any]) -> list[str]:
    """Say what the figures rest on."""
    used = [kind for kind in KINDS if any(kind in host["of"] for host in document["hosts"])]
    said = [f"{kind}: {KINDS[kind][1]}" for kind in used]
    said.append(f"each figure stands for {STEP_MINUTES} minutes; hours that nobody measured count nothing")
    said.append("power supplies, switches and displays are in no figure, so a meter at the wall shows more")
    said.append("hours asleep are those that the gateway counts; a host that gave no answer may have slept or been off")
    if document["asleep_watts"] is None:
        said.append("what hosts draw asleep is not measured and counts nothing; --asleep-watts says it")
    else:
        said.append(f"asleep, a group of hosts draws {document['asleep_watts']:g} W, which was given and not measured")
    return said


def render(document: dict[str, Any]) -> RenderableType:
    """Draw it for a terminal of 80 columns."""
    from rich.console import Group

    parts: list[RenderableType] = []
    if document["prometheus_silence"]:
        return words(f"Nothing is measured: {document['prometheus_silence']}.", UNSURE)
    table = output.table("host", "kWh", "W", "hours measured", "no answer", "of", right=(1, 2, 3, 4))
    for host in document["hosts"]:
        cells = [host["name"], *(_short(host[key]) for key in ("kwh", "watts", "measured_hours", "silent_hours"))]
        table.add_row(*(words(cell) for cell in cells), words(", ".join(host["of"])))
    parts += [table, words("")]
    total = f"{_short(document['kwh'])} kWh in {document['days']:g} {'day' if document['days'] == 1 else 'days'}"
    if document["cost"] is not None:
        total += f", at {document['price']:g} a kWh {document['cost']:.2f}"
    if document["unknown_hosts"]:
        total += f", without {output.folded(document['unknown_hosts'])}"
    parts.append(words(total))
    for group in document["asleep"] or ():
        parts.append(words(f"{group['group']} slept {_short(group['hours'])} hours"))
    if document["asleep_kwh"] is not None:
        parts.append(words(f"asleep: {_short(document['asleep_kwh'])} kWh"))
    if not document["asleep"]:
        parts.append(words("No gateway has counted hours asleep.", FAINT))
    return Group(*parts, words(""), *(words(f"- {one}", FAINT) for one in document["assumptions"]))


def _short(value: float | None) -> str:
    return output.UNKNOWN if value is None else f"{value:.0f}" if value >= 100 else f"{value:.2f}"
