# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The LAN port of a Mac: the hardware port tells its kind, `ifconfig` its speed, `system_profiler` that of Wi-Fi."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ansible_collections.hybrid_ai.cluster.plugins.module_utils import _connection
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import CommandError
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._lan_port.media_text import (
    parse_capable,
    parse_media,
    parse_wifi_megabits,
)
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._lan_port.port import (
    BOND,
    BRIDGE,
    ETHERNET,
    OTHER,
    THUNDERBOLT,
    VLAN,
    WIFI,
    LanPort,
)
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._macos.hardware_ports_text import Port, parse_ports

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import Commands

IFCONFIG = "/sbin/ifconfig"
READ_PORTS = ["/usr/sbin/networksetup", "-listallhardwareports"]
READ_WIFI = ["/usr/sbin/system_profiler", "SPAirPortDataType", "-json"]
WIFI_PORTS = ("Wi-Fi", "AirPort")
_INTERFACE = re.compile(r"^\s*interface: (\S+)$", re.MULTILINE)


def read(commands: Commands, address: str) -> LanPort | None:
    """Return the port that has the address, or that of the default route; None where there is neither."""
    addresses = _connection.parse_addresses(commands.check_output(_connection.READ))
    device = next((name for name, own in addresses.items() if address in own), None) or _default(commands)
    if device is None:
        return None
    ports = {port.device: port for port in parse_ports(commands.check_output(READ_PORTS))}
    return _describe(commands, device, ports)


def _default(commands: Commands) -> str | None:
    result = commands.run([*_connection.ROUTE, "default"])
    found = _INTERFACE.search(result.out) if result.rc == 0 else None
    return found[1] if found else None


def _describe(commands: Commands, device: str, ports: Mapping[str, Port], depth: int = 3) -> LanPort:
    media = parse_media(commands.check_output([IFCONFIG, device]))
    for medium, parts in ((BOND, media.bonded), (BRIDGE, media.bridged), (VLAN, (media.parent,))):
        if depth and any(parts):
            made_of = tuple(_describe(commands, part, ports, depth - 1) for part in parts if part)
            return LanPort(device, medium, media.megabits, media.duplex, media.link, made_of)
    medium = _medium(ports.get(device))
    megabits = _wifi_megabits(commands, device) if medium == WIFI and media.link is not False else media.megabits
    capable = _capable(commands, device) if medium == ETHERNET and media.link is not False else None
    return LanPort(device, medium, megabits, media.duplex, media.link, capable=capable)


def _capable(commands: Commands, device: str) -> float | None:
    """Ask what the port could do; without an answer that is unknown and nothing else."""
    try:
        result = commands.run([IFCONFIG, "-m", device])
    except CommandError:
        return None
    return parse_capable(result.out) if result.rc == 0 else None


def _medium(port: Port | None) -> str:
    if port is None:
        return OTHER
    if port.name in WIFI_PORTS:
        return WIFI
    return THUNDERBOLT if port.is_thunderbolt else ETHERNET


def _wifi_megabits(commands: Commands, device: str) -> float | None:
    """Ask for the rate, which may take a while; without an answer the figure is missing and nothing else."""
    try:
        result = commands.run(READ_WIFI, timeout=60)
    except CommandError:
        return None
    return parse_wifi_megabits(result.out, device) if result.rc == 0 else None
