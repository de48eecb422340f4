# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What a GPU host has of it on its disk when it is first switched on."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lab.standins.nvidia.bus.standin.programs import PROGRAMS

if TYPE_CHECKING:
    from lab.disk import Disk

HERE = Path(__file__).parent
LIBRARY = "usr/local/lib/hybrid-lab-nvidia-bus"
KERNEL = "6.1.0-40-amd64"
UNIT = """[Unit]
Description=The simulated PCI bus and kernel
DefaultDependencies=no
After=local-fs.target
Before=sysinit.target

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/usr/local/sbin/hybrid-lab-nvidia boot
"""
WANTED = "[Unit]\nWants=hybrid-lab-nvidia.service\n"
_OF_THE_LAB = {"boot", "library"}


def machine(gpus: str) -> dict[str, Any]:
    """Describe a machine with some PCI devices, each in a slot of its own."""
    devices = enumerate(filter(None, gpus.split(",")), 1)
    cards = [{"address": f"0000:{number:02x}:00.0", "device": device} for number, device in devices]
    return {"cards": cards, "secure_boot": False, "fault": None}


def install(disk: Disk) -> None:
    """Write it to the disk of a host that is off."""
    for path in sorted((HERE / "standin").glob("*.py")):
        disk.write(f"{LIBRARY}/standin/{path.name}", path.read_text(encoding="utf-8"))
    disk.write("usr/local/sbin/hybrid-lab-nvidia", _launcher('"$@"'), 0o755)
    for name in sorted(set(PROGRAMS) - _OF_THE_LAB):
        disk.write(f"usr/local/{'bin' if name == 'uname' else 'sbin'}/{name}", _launcher(f'{name} "$@"'), 0o755)
    disk.write("etc/hybrid-lab/nvidia.json", json.dumps(machine(disk.host.gpus), indent=1) + "\n")
    disk.write(f"boot/vmlinuz-{KERNEL}", "A kernel that nobody runs.\n")
    disk.write(f"boot/initrd.img-{KERNEL}", "null\n")
    disk.write("etc/modprobe.d/hybrid-lab.conf", "# A host with a kernel has this folder.\n")
    disk.write("etc/systemd/system/hybrid-lab-nvidia.service", UNIT)
    disk.write("etc/systemd/system/sysinit.target.d/hybrid-lab-nvidia.conf", WANTED)


def _launcher(words: str) -> str:
    return f"#!/bin/sh\nPYTHONDONTWRITEBYTECODE=1 PYTHONPATH=/{LIBRARY} exec /usr/bin/python3 -m standin {words}\n"
