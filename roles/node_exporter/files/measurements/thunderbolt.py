# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Thunderbolt ports: whether something is connected, how fast, and which network device each is.

Errors are counted by node_exporter, by device; the device here is what joins the two.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .command import output
from .hardware_ports_text import parse_ports
from .thunderbolt_text import parse_profile

if TYPE_CHECKING:
    from .exposition import Metrics

_GIGABIT = 1_000_000_000


def measure(metrics: Metrics) -> None:
    """Ask the profiler for the ports, and the network for their devices."""
    profile = output("/usr/sbin/system_profiler", "SPThunderboltDataType", "-json", timeout=60)
    ports = output("/usr/sbin/networksetup", "-listallhardwareports")
    read(metrics, profile.decode("utf-8", "replace"), ports.decode("utf-8", "replace"))


def read(metrics: Metrics, profile: str, hardware_ports: str) -> None:
    """Join the two; a port has the speed of its link, not what it can do."""
    devices = {port.name: port.device for port in parse_ports(hardware_ports)}
    for port in parse_profile(profile, devices):
        labels = {"receptacle": str(port.receptacle), "device": port.device or ""}
        link = (port.speed_gigabits or 0) * _GIGABIT if port.connected else 0
        metrics.add(
            "mac_thunderbolt_connected", "Whether something is connected to the port.", port.connected, **labels
        )
        metrics.add("mac_thunderbolt_link_bits_per_second", "Speed of the link, 0 without one.", link, **labels)
