# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Hardware ports of a Mac: which device belongs to which port, in names that are not translated."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ansible_collections.hybrid_ai.cluster.plugins.module_utils._unknown import UnknownStateError

if TYPE_CHECKING:
    from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import Commands

LIST = ["/usr/sbin/networksetup", "-listallhardwareports"]

_PORT = re.compile(r"^Hardware Port: (?P<name>.+)\nDevice: (?P<device>\S+)", re.MULTILINE)


@dataclass(frozen=True)
class HardwarePort:
    """One port and the network device behind it."""

    name: str
    device: str


def read(commands: Commands) -> list[HardwarePort]:
    """Return the ports of this Mac; every Mac has some."""
    result = commands.run(LIST)
    ports = parse_hardware_ports(result.out)
    if result.rc != 0 or not ports:
        raise UnknownStateError("networksetup", result.text, "which hardware ports there are")
    return ports


def parse_hardware_ports(text: str) -> list[HardwarePort]:
    """Return the ports in the output of `networksetup -listallhardwareports`."""
    return [HardwarePort(match["name"].strip(), match["device"]) for match in _PORT.finditer(text)]


def device_of(text: str, *names: str) -> str | None:
    """Return the device of the first port that has one of the names."""
    return next((port.device for port in parse_hardware_ports(text) if port.name in names), None)
