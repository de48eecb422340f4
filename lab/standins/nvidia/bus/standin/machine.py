# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The simulated machine: what it is made of, what lies on its disk, and what it does now."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

DESCRIPTION = "etc/hybrid-lab/nvidia.json"
STATE = "run/hybrid-lab-nvidia.json"
LIBRARY = "var/lib/hybrid-lab/nvidia-library"
COMPILED = "usr/local/lib/hybrid-lab-nvidia/libcuda.so.1"
DEVICES = "run/hybrid-lab-nvidia/devices"
OWN_FAULTS = {"boot_full", "build_fails", "key_enrolled"}
"""What is wrong with the kernel and its tools; the others are for nvidia-smi and libcuda."""
VOLTA = range(0x1D81, 0x1E00)
BLACKWELL = range(0x2900, 0x3000)


class Machine:
    """One host; its root is another one in tests."""

    def __init__(self, root: Path | None = None) -> None:
        self.root = root or Path(os.environ.get("HYBRID_LAB_ROOT", "/"))
        self.described: dict[str, Any] = json.loads(self.path(DESCRIPTION).read_text(encoding="utf-8"))

    def path(self, place: str) -> Path:
        """Return where something of it lies."""
        return self.root / place.lstrip("/")

    @property
    def cards(self) -> list[dict[str, Any]]:
        """The cards in its slots."""
        found: list[dict[str, Any]] = self.described["cards"]
        return found

    @property
    def kernel(self) -> str:
        """The kernel that it runs: of those that it had at boot the newest."""
        booted = self.path("run/hybrid-lab-nvidia/kernel")
        return booted.read_text(encoding="ascii").strip() if booted.exists() else self.kernels()[0]

    def kernels(self) -> list[str]:
        """Return those on its disk, the newest first."""
        found = [path.name[len("vmlinuz-") :] for path in self.path("boot").glob("vmlinuz-*")]
        return sorted(found, key=_numbers, reverse=True)

    def has_fault(self, name: str) -> bool:
        """Tell whether it is broken in some way."""
        return self.described.get("fault") == name

    def module_file(self, kernel: str) -> Path | None:
        """Return the module that a kernel would load: what was built here comes first."""
        folder = self.path(f"lib/modules/{kernel}")
        found = [folder / "updates/dkms/nvidia.ko", *sorted(folder.glob("kernel/nvidia-*/nvidia.ko"))]
        return next((path for path in found if path.exists()), None)

    def module(self, kernel: str) -> dict[str, Any] | None:
        """Return what that file is: version, flavour, and whether Canonical signed it."""
        path = self.module_file(kernel)
        if path is None:
            return None
        read: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return read

    @property
    def state(self) -> dict[str, Any]:
        """What it does now."""
        path = self.path(STATE)
        read: dict[str, Any] = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
        return read

    def write_state(self, module: dict[str, Any] | None) -> None:
        """Note which module is loaded, for all that stands for a part of NVIDIA's."""
        before = self.state
        library = self.path(LIBRARY)
        state = {
            **before,
            "cards": [{"state": "ok", **card} for card in self.cards],
            "driver": {
                "version": module["version"] if module else None,
                "flavour": module["flavour"] if module else None,
                "loaded": module is not None,
            },
            "library": library.read_text(encoding="ascii").strip() if library.exists() else None,
            "secure_boot": bool(self.described.get("secure_boot")),
            "fault": None if self.described.get("fault") in OWN_FAULTS else self.described.get("fault"),
        }
        path = self.path(STATE)
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(".part")
        part.write_text(json.dumps(state, indent=1) + "\n", encoding="utf-8")
        part.replace(path)


def serves(module: dict[str, Any], card: dict[str, Any]) -> bool:
    """Tell whether a module drives a card."""
    device, branch = int(card["device"], 16), int(module["version"].partition(".")[0])
    if device in VOLTA:
        return module["flavour"] == "proprietary" and branch <= 580
    return module["flavour"] == "open" and branch >= 570 if device in BLACKWELL else True


def _numbers(version: str) -> list[int]:
    return [int(part) for part in "".join(c if c.isdigit() else " " for c in version).split()]
