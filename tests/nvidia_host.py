# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""A simulated host with NVIDIA cards: its state for the stand-ins, and what the kernel shows of bus and module."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

V100, RTX_2080, RTX_4080, L40S, H100, H200 = "0x1db4", "0x1e81", "0x2702", "0x26b9", "0x2330", "0x2335"
RTX_5070, RTX_5090 = "0x2f04", "0x2b85"
_OPEN = "NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  {}  Release Build  (dvs-builder@U22-I3)"
_PROPRIETARY = "NVRM version: NVIDIA UNIX x86_64 Kernel Module  {}  Tue Jun 23 08:38:17 UTC 2026"


def card(number: int, device: str, state: str = "ok", **more: Any) -> dict[str, Any]:
    """Describe the card in a slot."""
    return {"address": f"0000:{number:02x}:00.0", "device": device, "state": state, **more}


def host(*cards: dict[str, Any], version: str = "595.71.05", **more: Any) -> dict[str, Any]:
    """Describe a host with a driver that is as it should be, but for `more`."""
    driver = {"version": version, "flavour": more.pop("flavour", "open"), "loaded": more.pop("loaded", True)}
    return {"cards": list(cards), "driver": driver, "library": more.pop("library", version), "fault": None, **more}


def write(place: Path, state: dict[str, Any], held_by: str | None = None) -> Path:
    """Write the files below a directory and return the one of the state."""
    for entry in state["cards"]:
        device = place / "sys/bus/pci/devices" / entry["address"]
        device.mkdir(parents=True)
        for name, text in {"vendor": "0x10de", "device": entry["device"], "class": "0x030000"}.items():
            (device / name).write_text(f"{text}\n", encoding="ascii")
        gone = entry.get("off_the_bus", False)
        (device / "config").write_bytes(b"\xff" * 64 if gone else b"\xde\x10" * 32)
        (device / "driver").symlink_to(place / "sys/bus/pci/drivers" / (held_by or "nvidia"))
    driver = state["driver"]
    if driver["loaded"]:
        line = (_OPEN if driver["flavour"] == "open" else _PROPRIETARY).format(driver["version"])
        for path, text in {"proc/driver/nvidia/version": line, "sys/module/nvidia/version": driver["version"]}.items():
            (place / path).parent.mkdir(parents=True, exist_ok=True)
            (place / path).write_text(f"{text}\n", encoding="ascii")
    path = place / "hybrid-lab-nvidia.json"
    path.write_text(json.dumps(state), encoding="utf-8")
    return path
