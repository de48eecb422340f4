# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What happens at a boot: the bus appears, and a driver takes the cards."""

from __future__ import annotations

import re
import subprocess
from typing import TYPE_CHECKING, Any

from .machine import DEVICES, serves

if TYPE_CHECKING:
    from .machine import Machine

LINE = {
    "open": "NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  {version}  Release Build  (the lab)",
    "proprietary": "NVRM version: NVIDIA UNIX x86_64 Kernel Module  {version}  Tue Jun 23 08:38:17 UTC 2026",
}


def boot(machine: Machine, arguments: list[str]) -> int:  # noqa: ARG001 - every program is called so
    """Simulate it."""
    kernel = machine.path("run/hybrid-lab-nvidia/kernel")
    kernel.parent.mkdir(parents=True, exist_ok=True)
    kernel.unlink(missing_ok=True)
    kernel.write_text(machine.kernels()[0] + "\n", encoding="ascii")
    for card in machine.cards:
        _plug(machine, card)
    if machine.root == machine.root.parent:
        _mount()
    module = machine.module(machine.kernel)
    if module and allowed(machine, module) and any(serves(module, card) for card in machine.cards):
        load(machine, module)
    else:
        machine.write_state(None)
        if not nouveau_kept_away(machine):
            for card in machine.cards:
                hold(machine, card, "nouveau")
    return 0


def _plug(machine: Machine, card: dict[str, Any]) -> None:
    folder = machine.path(f"{DEVICES}/{card['address']}")
    folder.mkdir(parents=True, exist_ok=True)
    values = {"vendor": "0x10de", "device": card["device"], "class": card.get("class", "0x030000")}
    for name, text in values.items():
        (folder / name).write_text(f"{text}\n", encoding="ascii")
    ones = card.get("state") == "lost"
    vendor_and_device = b"\xde\x10" + int(card["device"], 16).to_bytes(2, "little")
    (folder / "config").write_bytes(b"\xff" * 64 if ones else vendor_and_device + bytes(60))
    (folder / "driver").unlink(missing_ok=True)


def _mount() -> None:
    """Put it over what this host has of the machine that runs the lab."""
    subprocess.run(["mount", "--bind", f"/{DEVICES}", "/sys/bus/pci/devices"], check=True)
    # The whole folder: NVIDIA's own is one below it, which the machine does not have.
    subprocess.run(["mount", "-t", "tmpfs", "-o", "mode=0755", "tmpfs", "/proc/driver"], check=True)


def hold(machine: Machine, card: dict[str, Any], driver: str) -> None:
    """Have a driver of the kernel hold a card."""
    link = machine.path(f"{DEVICES}/{card['address']}/driver")
    link.unlink(missing_ok=True)
    link.symlink_to(f"../../../../bus/pci/drivers/{driver}")


def load(machine: Machine, module: dict[str, Any]) -> None:
    """Have the module take the cards that it serves."""
    for card in machine.cards:
        if serves(module, card):
            hold(machine, card, "nvidia")
    version = machine.path("proc/driver/nvidia/version")
    version.parent.mkdir(parents=True, exist_ok=True)
    line = LINE[module["flavour"]].format(version=module["version"])
    version.write_text(f"{line}\nGCC version:  gcc version 12.2.0 (Debian 12.2.0-14)\n", encoding="ascii")
    machine.write_state(module)


def allowed(machine: Machine, module: dict[str, Any]) -> bool:
    """Tell whether the kernel takes a module: with Secure Boot only what somebody it trusts has signed."""
    return not machine.described.get("secure_boot") or bool(module.get("signed")) or machine.has_fault("key_enrolled")


def nouveau_kept_away(machine: Machine) -> bool:
    """Tell whether a file for modprobe says so."""
    folders = ("etc/modprobe.d", "lib/modprobe.d", "usr/lib/modprobe.d")
    texts = [path.read_text(encoding="utf-8") for folder in folders for path in machine.path(folder).glob("*.conf")]
    return any(re.search(r"^\s*blacklist\s+nouveau\b", text, re.MULTILINE) for text in texts)
