# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Thunderbolt ports: whether something is connected, how fast, and which network device each is.

Errors are counted by node_exporter, by device; the device here is what joins the two.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from .command import output

if TYPE_CHECKING:
    from .exposition import Metrics

_RECEPTACLE = re.compile(r"^receptacle_(\d+)_tag$")
_SPEED = re.compile(r"^(?P<limit>Up to )?(?P<gigabits>\d+) Gb/s")
_PORT = re.compile(r"^Hardware Port: Thunderbolt (\d+)\nDevice: (\S+)$", re.MULTILINE)
_GIGABIT = 1_000_000_000


def measure(metrics: Metrics) -> None:
    """Ask the profiler for the ports, and the network for their devices."""
    profile = output("/usr/sbin/system_profiler", "SPThunderboltDataType", "-json", timeout=60)
    ports = output("/usr/sbin/networksetup", "-listallhardwareports").decode("utf-8", "replace")
    read(metrics, json.loads(profile), ports)


def read(metrics: Metrics, profile: dict[str, Any], hardware_ports: str) -> None:
    """Join the two."""
    devices = dict(_PORT.findall(hardware_ports))
    for bus in profile["SPThunderboltDataType"]:
        for key, port in bus.items():
            match = _RECEPTACLE.match(key)
            if match:
                number = str(port.get("receptacle_id_key", match[1]))
                _port(metrics, port, receptacle=number, device=devices.get(number, ""))


def _port(metrics: Metrics, port: dict[str, Any], **labels: str) -> None:
    connected = port.get("receptacle_status_key") == "receptacle_connected"
    metrics.add("mac_thunderbolt_connected", "Whether something is connected to the port.", connected, **labels)
    speed = _SPEED.match(port.get("current_speed_key", ""))
    # "Up to" is what the port can do; without it, what the link does.
    link = int(speed["gigabits"]) * _GIGABIT if speed and connected and not speed["limit"] else 0
    metrics.add("mac_thunderbolt_link_bits_per_second", "Speed of the link, 0 without one.", link, **labels)
