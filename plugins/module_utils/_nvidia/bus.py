# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What the PCI bus says of a card besides its kind: its address, who holds it, and whether it answers."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ansible_collections.hybrid_ai.cluster.plugins.module_utils import _files
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._nvidia.cards import BUS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ansible_collections.hybrid_ai.cluster.plugins.module_utils._nvidia.cards import Card

_ADDRESS = re.compile(r"(?:GPU ?)?(?:([0-9A-Fa-f]{4,8}):)?([0-9A-Fa-f]{2}):([0-9A-Fa-f]{2})(?:\.([0-7]))?")
_ABSENT = b"\xff\xff"


def normalized(text: str) -> str | None:
    """Return a PCI address as the kernel writes it, however nvidia-smi or the kernel's log did."""
    found = _ADDRESS.fullmatch(text.strip())
    if found is None:
        return None
    domain, bus, device, function = found.groups()
    return f"{int(domain or '0', 16):04x}:{bus.lower()}:{device.lower()}.{function or '0'}"


def holder(address: str) -> str | None:
    """Return the kernel's driver that holds a card, such as nvidia, nouveau or vfio-pci."""
    link = _files.real(f"{BUS}/{address}/driver")
    return link.readlink().name if link.is_symlink() else None


def holders(cards: Iterable[Card]) -> dict[str, str]:
    """Return the kernel's driver that holds each card, by address; those that nobody holds are left out."""
    found = {card.address: holder(card.address) for card in cards}
    return {address: driver for address, driver in found.items() if driver}


def answers(address: str) -> bool:
    """Tell whether a card's registers can be read: those of one that has fallen off the bus read as ones only."""
    try:
        with _files.real(f"{BUS}/{address}/config").open("rb") as file:
            return file.read(2) != _ABSENT
    except OSError:
        return True
