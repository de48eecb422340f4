# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What the report of the hosts says, and what only shows where several hosts are read together."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from hybrid_cluster.command import output
from hybrid_cluster.command.doctor import traps
from hybrid_cluster.command.doctor.finding import Finding, Seen

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from hybrid_cluster.command.measured import Source

    Line = Mapping[str, Any]
    Reports = Mapping[str, Sequence[Line]]

CLOCKS = "node_time_seconds - timestamp(node_time_seconds)"
"""Seconds by which each host is ahead of the one that collects, to the length of a scrape."""
_MOST_SECONDS = 5.0
_RDMA_GIGABITS = 80
_REPEAT = "Repeat site.yml for it."


def reports(lines_of: Reports) -> Seen:
    """Return what the lines of the report say, one by one."""
    seen = Seen()
    for host, lines in lines_of.items():
        for line in lines:
            if line["ok"]:
                seen.well(host)
            else:
                seen.wrong.append(_of_line(host, line, lines_of))
    return seen


def _of_line(host: str, line: Line, lines_of: Reports) -> Finding:
    trap = traps.of_line(line)
    name = trap.name if trap else None
    fix = " ".join(filter(None, [str(line.get("advice") or ""), _more(name, line, lines_of.get(host, ()))]))
    return Finding(
        host,
        str(line["title"]),
        str(line["measured"]),
        fix or (trap.fix if trap else _REPEAT),
        name,
        str(line["expected"]),
        str(line["capability"]),
    )


def _more(name: str | None, line: Line, lines: Sequence[Line]) -> str:
    """Say what the line itself cannot know."""
    if name == "mdns-blindness":
        blind = blind_members((line.get("values") or {}).get("unseen") or {})
        who = f"Restart exo on {' and '.join(blind)} alone: " if blind else "Restart exo on the one that is alone: "
        return (
            f"{who}`sudo launchctl kickstart -k system/hybrid-ai.exo`, on Linux `sudo systemctl restart hybrid-ai-exo`;"
            " not on the others, whose models would go, and without bootstrap peers, which end exo within minutes."
        )
    if name == "thunderbolt-4" and (gigabits := _generation(lines)) and gigabits < _RDMA_GIGABITS:
        return f"This Mac's ports have {gigabits} Gb/s, which is Thunderbolt 4: write thunderbolt_rdma: false."
    return ""


def blind_members(unseen: Mapping[str, Sequence[str]]) -> list[str]:
    """Return who is apart from most of the others: of two that do not see each other, that is both."""
    apart: dict[str, set[str]] = {}
    for name, others in unseen.items():
        for other in others:
            apart.setdefault(name, set()).add(other)
            apart.setdefault(other, set()).add(name)
    most = max((len(others) for others in apart.values()), default=0)
    return sorted(name for name, others in apart.items() if len(others) == most)


def _generation(lines: Iterable[Line]) -> int | None:
    """Return what the ports of a Mac can do, in gigabits a second."""
    for line in lines:
        if line.get("check") == "thunderbolt_generation":
            return (line.get("values") or {}).get("gigabits")
    return None


def thunderbolt(lines_of: Reports) -> Seen:
    """Find cables that are slower than both ends, and Macs on which exo's notice about RDMA means nothing."""
    seen = Seen()
    known = {host: gigabits for host, lines in lines_of.items() if (gigabits := _generation(lines))}
    for host, lines in lines_of.items():
        if host in known and known[host] < _RDMA_GIGABITS:
            fix = traps.BY_NAME["exo-rdma-notice"].fix
            what = f"Thunderbolt 4, {known[host]} Gb/s, so RDMA is not possible"
            seen.notes.append(Finding(host, "exo's notice about RDMA", what, fix, "exo-rdma-notice"))
        for line in lines:
            values = line.get("values") or {}
            if line.get("check") != "thunderbolt_cable" or not line["ok"] or not values.get("gigabits"):
                continue
            possible = min(known.get(host, 0), known.get(str(values.get("peer")), 0))
            if possible >= _RDMA_GIGABITS > values["gigabits"]:
                seen.wrong.append(_slow(host, values))
            elif possible:
                seen.well(host)
    return seen


def _slow(host: str, values: Mapping[str, Any]) -> Finding:
    return Finding(
        host,
        f"cable in port {values['receptacle']} to {values['peer']}",
        f"{values['gigabits']} Gb/s",
        "Put a cable of Thunderbolt 5 there; this one is of Thunderbolt 4.",
        "thunderbolt-4",
        f"{_RDMA_GIGABITS} Gb/s or more, which both Macs can do",
    )


def clocks(source: Source, hosts: Iterable[str]) -> Seen:
    """Compare the clocks of hosts with that of the host that collects figures."""
    seen = Seen()
    measured = source.measure(("up",), ahead=CLOCKS)
    if measured.source is None:
        seen.not_looked_at.append(f"clocks, because {measured.silence}")
        return seen
    unknown = []
    for host in hosts:
        ahead = measured.one("ahead", instance=host)
        if ahead is None or math.isinf(ahead):
            unknown.append(host)
        elif abs(ahead) <= _MOST_SECONDS:
            seen.well(host)
        else:
            said = f"{abs(ahead):.0f} seconds {'ahead of' if ahead > 0 else 'behind'} the host that collects figures"
            fix = traps.BY_NAME["clock"].fix
            seen.wrong.append(Finding(host, "clock", said, fix, "clock", f"at most {_MOST_SECONDS:g} seconds"))
    if unknown:
        seen.not_looked_at.append(f"clocks of {output.folded(unknown)}, which Prometheus does not know")
    return seen
