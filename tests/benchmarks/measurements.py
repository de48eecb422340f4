# Copyright: (c) 2026, the hybrid_ai.cluster contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a benchmark measured: a line that a person reads, and an entry of ``build/bench.json``."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

ROOT = Path(__file__).resolve().parents[2]
RESULTS = ROOT / "build/bench.json"


@dataclass(frozen=True)
class Measurement:
    """One number."""

    name: str
    """For programs: ``<part>_<what>``, the same from run to run."""
    value: float
    unit: str
    """``s``, ``CPU s``, ``ratio``, ``tasks`` or whatever else was counted."""
    title: str
    """For people."""
    goal: float | None = None
    less_is_better: bool = True

    @property
    def reached(self) -> bool | None:
        """Whether the goal is reached; None where there is none."""
        if self.goal is None:
            return None
        return self.value <= self.goal if self.less_is_better else self.value >= self.goal

    def __str__(self) -> str:
        """Return the line that is printed."""
        line = f"{self.title:<58} {self.value:8.2f} {self.unit:<6}"
        if self.goal is None:
            return line.rstrip()
        words = "at most" if self.less_is_better else "at least"
        return f"{line} goal: {words} {self.goal:g}{'' if self.reached else ', MISSED'}"


def write(found: Iterable[Measurement], path: Path = RESULTS) -> None:
    """Write what was printed for programs: a list with name, value, unit, goal and less_is_better of each."""
    entries = [{name: value for name, value in asdict(measurement).items() if name != "title"} for measurement in found]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(entries, indent=2) + "\n", encoding="utf-8")
