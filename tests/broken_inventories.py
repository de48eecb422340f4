# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The inventories with one mistake each, and the one sentence that each is answered with.

A file of `sentences` has a subject. Each entry is named after its inventory in `broken`; `over` is the good inventory
that it is laid over, or null where it is complete.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests import yaml_files

INVENTORIES = Path(__file__).parent / "inventories"


def _read(folder: Path) -> dict[str, dict[str, Any]]:
    """Return the entries of all files; one that two of them have would hide the other."""
    found: dict[str, dict[str, Any]] = {}
    for path in sorted(folder.glob("*.yml")):
        entries = yaml_files.load(path)
        if twice := found.keys() & entries.keys():
            raise ValueError(f"{path.name} has {', '.join(sorted(twice))} again")
        found.update(entries)
    return found


BROKEN = _read(INVENTORIES / "sentences")


def sources(name: str) -> list[str]:
    """Return the files of an inventory: most are a good one and a few lines over it."""
    base = BROKEN[name]["over"]
    return [*([str(INVENTORIES / "good" / f"{base}.yml")] if base else []), str(INVENTORIES / "broken" / f"{name}.yml")]
