# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What was captured of cards and drivers, and what is composed from it. It runs on a guest: nothing but the library."""

from __future__ import annotations

import csv
import json
import re
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

_SECTION = re.compile(r"#{80}\n# (?P<title>[^\n]+)\n(?:# \$[^\n]*\n)?#{80}\n")
_UNIT = re.compile(r"(?P<field>\S+)(?: \[(?P<unit>.+)\])?")


@dataclass(frozen=True)
class Capture:
    """A card as one driver shows it."""

    source: str
    driver: str
    cuda: str
    units: dict[str, str | None]
    """Of each field of --query-gpu, in their order."""
    idle: dict[str, str]
    load: dict[str, str]
    parts: tuple[str, ...] = ()
    """The lines of -L about its MIG devices."""

    @property
    def device(self) -> int:
        """The number of the card on the PCI bus."""
        return int(self.idle["pci.device_id"], 16) >> 16


def read(path: Path) -> Capture:
    """Return a capture, or one that is composed from another."""
    if path.suffix == ".json":
        composed: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        base, values = read(path.parent / composed["from"]), composed["values"]
        shown = [name for name in ("driver_version", "kmd_version") if name in base.idle]
        versions: dict[str, str] = dict.fromkeys(shown, str(composed["driver"]))
        return replace(
            base,
            source=path.stem,
            driver=composed["driver"],
            cuda=composed["cuda"],
            idle={**base.idle, **values, **versions},
            load={**base.load, **values, **versions},
            parts=(),
        )
    return _recorded(path)


@lru_cache(maxsize=1)
def captures(directory: Path) -> list[Capture]:
    """Return all of a directory, captures of real machines first."""
    return [read(path) for pattern in ("linux-*.txt", "composed__*.json") for path in sorted(directory.glob(pattern))]


def sections(text: str) -> dict[str, str]:
    """Return what stands below each heading."""
    parts = _SECTION.split(text)
    return dict(zip(parts[1::2], (part.strip("\n") for part in parts[2::2]), strict=True))


def _recorded(path: Path) -> Capture:
    found = sections(path.read_text(encoding="utf-8"))
    by_start = {title.split(" (")[0]: body for title, body in found.items()}
    version = dict(re.findall(r"^(.+?) *: (.+)$", by_start["capabilities :: version"], re.MULTILINE))
    units, idle = _row(by_start["idle :: query-gpu"])
    parts = [line for line in by_start["capabilities :: list"].splitlines() if line.startswith("  MIG ")]
    return Capture(
        source=path.stem,
        driver=version.get("KMD version") or version["DRIVER version"],
        cuda=version.get("CUDA UMD version") or version["CUDA Version"],
        units=units,
        idle=idle,
        load=_row(by_start["load :: query-gpu"])[1],
        parts=tuple(parts),
    )


def _row(text: str) -> tuple[dict[str, str | None], dict[str, str]]:
    header, values = csv.reader(text.splitlines()[:2], skipinitialspace=True)
    units = {}
    for name in header:
        found = _UNIT.fullmatch(name)
        if found:
            units[found["field"]] = found["unit"]
    return units, dict(zip(units, values, strict=True))
