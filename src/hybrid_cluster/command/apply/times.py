# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""How long each step took the last time: what the bar is made of."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_FILE = "times.json"


def load(path: Path, kind: str) -> dict[str, float]:
    """Return the seconds of each step of the last run of a kind; nothing where there was none."""
    try:
        known = json.loads((path / _FILE).read_text(encoding="utf-8"))
        return {str(step): float(seconds) for step, seconds in known[kind].items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}


def save(path: Path, kind: str, steps: Mapping[str, float]) -> None:
    """Remember those of a run that went well; steps that it did not have keep theirs."""
    file = path / _FILE
    try:
        known = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        known = {}
    if not isinstance(known, dict):
        known = {}
    known[kind] = {**load(path, kind), **{step: round(seconds, 1) for step, seconds in steps.items()}}
    new = file.with_suffix(".new")
    new.write_text(json.dumps(known), encoding="utf-8")
    new.replace(file)
