# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What a lab looks like now, for people and for programs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lab import power, state

if TYPE_CHECKING:
    from collections.abc import Sequence

_HEADER = ("HOST", "STATE", "ADDRESS", "MACHINE", "UP")


def collect(lab: str) -> dict[str, Any]:
    """Return the state of a lab as plain data."""
    known = state.load(lab)
    hosts = [
        {
            "name": host.name,
            "kind": host.kind,
            "state": power.describe(lab, host),
            "address": host.address,
            "model": host.model,
            "release": host.release,
            "uptime_seconds": power.uptime(lab, host),
        }
        for host in known.topology.hosts
    ]
    cables = [[str(end) for end in cable.ends] for cable in known.topology.cables]
    return {"lab": lab, "inventory": known.inventory, "hosts": hosts, "cables": cables}


def render(collected: dict[str, Any]) -> str:
    """Return the state of a lab as a table."""
    rows = [_HEADER]
    for host in collected["hosts"]:
        machine = f"{host['model']} macOS {host['release']}" if host["kind"] == "macos" else "Linux"
        rows.append((host["name"], host["state"], host["address"], machine, duration(host["uptime_seconds"])))
    lines = table(rows)
    lines += [f"cable  {one} - {other}" for one, other in collected["cables"]]
    return "\n".join(lines)


def table(rows: Sequence[Sequence[str]]) -> list[str]:
    """Return rows as lines with aligned columns."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]


def duration(seconds: float | None) -> str:
    """Return a duration in its two largest units."""
    if seconds is None:
        return "-"
    whole = int(seconds)
    if whole < 60:
        return f"{whole}s"
    if whole < 3600:
        return f"{whole // 60}m {whole % 60:02d}s"
    return f"{whole // 3600}h {whole % 3600 // 60:02d}m"
