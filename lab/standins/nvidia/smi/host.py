# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The simulated host: its cards, its driver and what is broken, as the file says that every stand-in reads."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .captured import Capture, captures

STATE = "/run/hybrid-lab-nvidia.json"
DEFAULT = {
    "cards": [{"address": "0000:01:00.0", "device": "0x2702", "name": "NVIDIA GeForce RTX 4080 SUPER", "state": "ok"}]
}
_NEW_BANNER = 610
_LAST_OF_VOLTA = 580


@dataclass(frozen=True)
class Card:
    """A card of the host, with what nvidia-smi would print of it."""

    index: int
    address: str
    state: str
    capture: Capture
    values: dict[str, str]

    @property
    def uuid(self) -> str:
        """Its identity."""
        return self.values["uuid"]

    @property
    def capability(self) -> float:
        """What decides about the flavour and the branch that serve it."""
        return float(self.values["compute_cap"])


@dataclass(frozen=True)
class Host:
    """What the stand-in answers from."""

    cards: list[Card] = field(default_factory=list)
    driver: str | None = None
    flavour: str = "open"
    loaded: bool = True
    library: str | None = None
    cuda: str = ""
    fault: str | None = None

    @property
    def branch(self) -> int:
        """The first number of the driver's version."""
        return int((self.driver or "0").partition(".")[0])

    @property
    def has_new_banner(self) -> bool:
        """Whether the kernel's and the user's driver are named apart, as from 610 on."""
        return self.branch >= _NEW_BANNER

    def serves(self, card: Card) -> bool:
        """Tell whether this driver takes a card: the flavour and the branch decide."""
        if card.state == "unusable":
            return False
        if card.capability < 7.5:
            return self.flavour == "proprietary" and self.branch <= _LAST_OF_VOLTA
        return self.flavour == "open" or card.capability < 10


def read(directory: Path) -> Host:
    """Return the host of the file."""
    path = Path(os.environ.get("HYBRID_LAB_NVIDIA", STATE))
    state: dict[str, Any] = json.loads(path.read_text(encoding="utf-8")) if path.exists() else DEFAULT
    driver = state.get("driver") or {}
    version = driver.get("version")
    found = [_card(index, entry, version, directory) for index, entry in enumerate(state["cards"])]
    version = version or (found[0].capture.driver if found else "595.71.05")
    return Host(
        cards=found,
        driver=version,
        flavour=driver.get("flavour") or "open",
        loaded=driver.get("loaded", True),
        library=state.get("library", version),
        cuda=found[0].capture.cuda if found else "",
        fault=state.get("fault"),
    )


def _card(index: int, entry: dict[str, Any], version: str | None, directory: Path) -> Card:
    """Take the capture of this card that is nearest to the driver, with this host's address and identity."""
    device = int(entry["device"], 16)
    fitting = [capture for capture in captures(directory) if capture.device == device]
    if not fitting:
        raise SystemExit(f"nvidia-smi (stand-in) has no capture of a card {entry['device']}")
    if not entry.get("mig"):
        fitting = [capture for capture in fitting if not capture.parts] or fitting
    else:
        fitting = [capture for capture in fitting if capture.parts] or fitting
    wanted = version or fitting[0].driver
    # The same version, then the same kind of banner.
    fitting.sort(key=lambda capture: (capture.driver != wanted, _is_new(capture.driver) != _is_new(wanted)))
    capture = fitting[0]
    domain, _, rest = entry["address"].partition(":")
    values = {
        **(capture.load if entry.get("load") else capture.idle),
        "index": str(index),
        "uuid": entry.get("uuid") or f"GPU-00000000-0000-0000-0000-{index:012x}",
        "pci.bus_id": f"{domain:0>8}:{rest}".upper(),
        "driver_version": wanted,
    }
    if "kmd_version" in values:
        values["kmd_version"] = wanted
    if entry.get("name"):
        values["name"] = entry["name"]
    values.update(entry.get("values") or {})
    return Card(index, entry["address"], entry.get("state", "ok"), capture, values)


def _is_new(version: str) -> bool:
    return int(version.partition(".")[0]) >= _NEW_BANNER
