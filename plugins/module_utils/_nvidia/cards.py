# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The NVIDIA GPUs on the PCI bus, which are known before there is any driver.

Ranges and names are from pci.ids, compute capabilities from NVIDIA's list. A device that the table does not have is an
unknown card: its generation is never guessed from its neighbours.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ansible_collections.hybrid_ai.cluster.plugins.module_utils import _files

if TYPE_CHECKING:
    from pathlib import Path

BUS = "/sys/bus/pci/devices"
VENDOR = "0x10de"
DISPLAY = "0x03"
"""How the class of a VGA or 3D controller begins. The card's sound device has another."""

MAXWELL, PASCAL, VOLTA, TURING = "Maxwell", "Pascal", "Volta", "Turing"
AMPERE, ADA, HOPPER, BLACKWELL = "Ampere", "Ada", "Hopper", "Blackwell"

_RANGES: tuple[tuple[int, int, str, tuple[int, int] | None], ...] = (
    (0x15F0, 0x15FF, PASCAL, (6, 0)),
    (0x1340, 0x17FF, MAXWELL, None),
    (0x1B00, 0x1D7F, PASCAL, (6, 1)),
    (0x1D81, 0x1DFF, VOLTA, (7, 0)),
    (0x1E02, 0x1FFF, TURING, (7, 5)),
    (0x2080, 0x20FF, AMPERE, (8, 0)),
    (0x2180, 0x21FF, TURING, (7, 5)),
    (0x2200, 0x22FF, AMPERE, (8, 6)),
    (0x2300, 0x23FF, HOPPER, (9, 0)),
    (0x2400, 0x25FF, AMPERE, (8, 6)),
    (0x2600, 0x28FF, ADA, (8, 9)),
    (0x2900, 0x29FF, BLACKWELL, (10, 0)),
    (0x2B80, 0x2BFF, BLACKWELL, (12, 0)),
    (0x2C00, 0x2DFF, BLACKWELL, (12, 0)),
    (0x2E12, 0x2E12, BLACKWELL, (12, 1)),
    (0x2F00, 0x2FFF, BLACKWELL, (12, 0)),
)
"""First and last device, generation, compute capability; the first that fits counts."""

_NAMES = {
    0x1D81: "TITAN V",
    0x1DB1: "Tesla V100-SXM2-16GB",
    0x1DB2: "Tesla V100-DGXS-16GB",
    0x1DB3: "Tesla V100-FHHL-16GB",
    0x1DB4: "Tesla V100-PCIE-16GB",
    0x1DB5: "Tesla V100-SXM2-32GB",
    0x1DB6: "Tesla V100-PCIE-32GB",
    0x1DF6: "Tesla V100S-PCIE-32GB",
    0x1E84: "GeForce RTX 2070 SUPER",
    0x1F02: "GeForce RTX 2070",
    0x1F07: "GeForce RTX 2070",
    0x20B1: "A100 PCIe 40GB",
    0x20B5: "A100 PCIe 80GB",
    0x20F1: "A100 PCIe 40GB",
    0x2203: "GeForce RTX 3090 Ti",
    0x2204: "GeForce RTX 3090",
    0x2331: "H100 PCIe",
    0x2335: "H200 SXM",
    0x233B: "H200 NVL",
    0x2342: "GH200",
    0x2348: "GH200",
    0x2684: "GeForce RTX 4090",
    0x2685: "GeForce RTX 4090 D",
    0x26B9: "L40S",
    0x2901: "B200",
    0x2941: "GB200",
    0x2B85: "GeForce RTX 5090",
    0x2B87: "GeForce RTX 5090 D",
    0x2B8C: "GeForce RTX 5090 D v2",
    0x2BB1: "RTX PRO 6000 Blackwell Workstation Edition",
    0x2BB4: "RTX PRO 6000 Blackwell Max-Q",
    0x2BB5: "RTX PRO 6000 Blackwell Server Edition",
    0x2C02: "GeForce RTX 5080",
    0x2C05: "GeForce RTX 5070 Ti",
    0x2D04: "GeForce RTX 5060 Ti",
    0x2D05: "GeForce RTX 5060",
    0x2E12: "GB10",
    0x2F04: "GeForce RTX 5070",
}


@dataclass(frozen=True)
class Card:
    """One GPU as the bus describes it."""

    address: str
    """Such as ``0000:01:00.0``."""
    device_id: str
    """As sysfs writes it, such as ``0x2b85``."""
    name: str | None
    generation: str | None
    capability: tuple[int, int] | None
    """The compute capability, such as ``(12, 0)``."""

    @property
    def title(self) -> str:
        """What a sentence calls it: its name or its PCI device, and where it is."""
        return f"{self.name or f'the card 10de:{self.device_id[2:]}'} ({self.address})"


def identify(address: str, device_id: str) -> Card:
    """Return the card that a device on the bus is."""
    try:
        number = int(device_id, 16)
    except ValueError:
        return Card(address, device_id, None, None, None)
    for first, last, generation, capability in _RANGES:
        if first <= number <= last:
            return Card(address, device_id, _NAMES.get(number), generation, capability)
    return Card(address, device_id, None, None, None)


def read_cards(bus: Path | None = None) -> list[Card]:
    """Return NVIDIA's GPUs in the order of the bus."""
    root = bus if bus is not None else _files.real(BUS)
    if not root.is_dir():
        return []
    return [
        identify(device.name, _word(device / "device"))
        for device in sorted(root.iterdir())
        if _word(device / "vendor") == VENDOR and _word(device / "class").startswith(DISPLAY)
    ]


def _word(path: Path) -> str:
    """Return what a file of sysfs says; a device may vanish while the bus is read."""
    try:
        return path.read_text(encoding="ascii").strip().lower()
    except (OSError, UnicodeDecodeError):
        return ""
