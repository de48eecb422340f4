# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What `pmset -g batt` says: what feeds a Mac just now, and the batteries of itself and of a UPS on USB.

It imports nothing of the collection, because a copy of it lies beside the measurements of node_exporter.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

MAINS, BATTERY, UPS, UNKNOWN = "mains", "battery", "ups", "unknown"
_SOURCES = {"AC Power": MAINS, "Battery Power": BATTERY, "UPS Power": UPS}
_NAMES = {MAINS: "mains power", BATTERY: "its battery", UPS: "the UPS"}
_DRAWING = re.compile(r"^Now drawing from '(?P<source>[^'\n]+)'$", re.MULTILINE)
_ROW = re.compile(
    r"^ -(?P<name>.+?)(?: \(id=\d+\))?\t\s*(?P<percent>\d{1,3})%; (?P<state>[^;\n]+?)"
    r"(?:; (?:(?P<hours>\d+):(?P<minutes>\d\d) remaining|[^;\n]*?))?(?: present: (?P<present>true|false))?;?\s*$",
    re.MULTILINE,
)
_DISCHARGING = "discharging"


@dataclass(frozen=True)
class Store:
    """A battery, of the Mac itself or of a UPS."""

    name: str
    percent: int
    state: str
    """In the words of pmset."""
    minutes: int | None = None
    """How long it lasts while it discharges; None means without an estimate."""

    def __str__(self) -> str:
        """Say it for a person."""
        lasts = "" if self.minutes is None else f", {self.minutes} minute{'' if self.minutes == 1 else 's'} left"
        return f"{self.name} {self.percent} % ({self.state}{lasts})"


@dataclass(frozen=True)
class Supply:
    """What feeds a Mac."""

    source: str
    """mains, battery, ups, or unknown."""
    said: str
    """In the words of pmset."""
    stores: tuple[Store, ...] = ()

    def __str__(self) -> str:
        """Say it for a person."""
        source = _NAMES.get(self.source, f"unknown ({self.said})")
        return ", ".join([source, *map(str, self.stores)])


def parse_supply(text: str) -> Supply | None:
    """Read it; None where nothing says what feeds the Mac. Rows of another form are left out."""
    drawing = _DRAWING.search(text)
    if drawing is None:
        return None
    return Supply(
        _SOURCES.get(drawing["source"], UNKNOWN),
        drawing["source"],
        tuple(_store(row) for row in _ROW.finditer(text) if row["present"] != "false" and int(row["percent"]) <= 100),
    )


def _store(row: re.Match[str]) -> Store:
    estimate = int(row["hours"]) * 60 + int(row["minutes"]) if row["hours"] else None
    # Right after it was unplugged, and of a full one, 0:00 is what stands for none.
    lasts = estimate if row["state"] == _DISCHARGING and estimate else None
    return Store(row["name"], int(row["percent"]), row["state"], lasts)
