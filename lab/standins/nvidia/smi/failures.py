# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""How nvidia-smi fails: its texts and exit statuses."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .host import Card, Host

NO_DRIVER = (
    "NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver. Make sure that the latest NVIDIA "
    "driver is installed and running.\n"
)
NO_LIBRARY = (
    "NVIDIA-SMI couldn't find libnvidia-ml.so library in your system. "
    "Please make sure that the NVIDIA Display Driver is properly installed and present in your system.\n"
    "Please also try adding directory that contains libnvidia-ml.so to your system PATH.\n"
)
# Named faults of a host: text and exit status. The texts of 8, 10 and 14 are not recorded.
FAULTS = {
    "power_cable": ("Unable to determine the device handle: external power cables are not attached\n", 8),
    "interrupt": ("Failed to initialize NVML: interrupt issue\n", 10),
    "inforom": ("WARNING: infoROM is corrupted\n", 14),
    "permission": ("Failed to initialize NVML: Insufficient Permissions\n", 4),
    "unknown_error": ("Failed to initialize NVML: Unknown Error\n", 255),
}


def of_host(host: Host) -> tuple[str, int] | None:
    """Return how every call fails, or nothing where the program works."""
    if host.fault in FAULTS:
        return FAULTS[host.fault]
    if host.library is None:
        return NO_LIBRARY, 12
    if not host.loaded:
        return NO_DRIVER, 9
    if host.library != host.driver:
        version = ".".join(host.library.split(".")[:2])
        return f"Failed to initialize NVML: Driver/library version mismatch\nNVML library version: {version}\n", 18
    if not any(host.serves(card) for card in host.cards):
        return "No devices were found\n", 6
    return None


def of_card(card: Card) -> str | None:
    """Return the line about a card that cannot be asked."""
    place = "GPU" + card.values["pci.bus_id"][4:]
    if card.state == "lost":
        return (
            f"Unable to determine the device handle for {place}: GPU is lost.  Reboot the system to recover this GPU\n"
        )
    if card.state == "unknown":
        return f"Unable to determine the device handle for {place}: Unknown Error\n"
    return None
