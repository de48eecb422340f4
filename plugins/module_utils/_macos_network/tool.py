# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""networksetup: running it, and reading what it prints about ports, services and locations.

It prints everything, errors too, on standard output, and some of its failures exit with 0.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ansible_collections.hybrid_ai.cluster.plugins.module_utils import _wait
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import ClusterError
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._macos_network import hardware_ports
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._unknown import UnknownStateError

if TYPE_CHECKING:
    from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import Commands
    from ansible_collections.hybrid_ai.cluster.plugins.module_utils._macos.hardware_ports_text import Port

NETWORKSETUP = "/usr/sbin/networksetup"
COMMIT_FAILED = 7
COMMIT_ATTEMPTS = 4


class NetworkError(ClusterError):
    """The network of a Mac is not what it was asked to be."""


@dataclass(frozen=True)
class Service:
    """A network service; people may call it anything."""

    name: str
    device: str
    enabled: bool


class NetworkSetup:
    """The tool, with its failures made visible."""

    def __init__(self, commands: Commands) -> None:
        self._commands = commands

    def run(self, *words: str) -> str:
        """Run one verb; while another program holds the preferences, try again."""
        argv = [NETWORKSETUP, *words]
        for attempt in range(COMMIT_ATTEMPTS):
            if attempt:
                _wait.sleep(1)
            result = self._commands.run(argv)
            if result.rc != COMMIT_FAILED:
                break
        if result.rc != 0 or "** Error" in result.out:
            said = result.text or "it printed nothing"
            raise NetworkError(f"`networksetup {' '.join(words)}` failed with status {result.rc}: {said}")
        return result.out

    def ports(self) -> list[Port]:
        """Read the hardware ports."""
        return hardware_ports.known(self.run(hardware_ports.VERB))

    def services(self) -> list[Service]:
        """Read the services of the current location in their order."""
        return parse_services(self.run("-listnetworkserviceorder"))


def parse_services(text: str) -> list[Service]:
    """Read `-listnetworkserviceorder`: `(*)` instead of a number is a disabled service, and a VPN has no device."""
    pattern = r"^\((\*|\d+)\) (.+)\n\(Hardware Port: .*, Device: (.*)\)$"
    found = re.findall(pattern, text, re.MULTILINE)
    rest = re.sub(pattern, "", text, flags=re.MULTILINE).splitlines()
    left = [line for line in rest if line.strip() and not line.startswith("An asterisk (*)")]
    if not text.strip() or (left and not found) or any(line.startswith("(") for line in left):
        raise UnknownStateError("networksetup", " ".join(left), "which network services there are")
    return [Service(name, device.strip(), mark != "*") for mark, name, device in found]


def find_port(ports: list[Port], device: str | None, name: str | None) -> Port:
    """Find a port by device or by name, or say what there is."""
    for port in ports:
        if device in (None, port.device) and name in (None, port.name):
            return port
    there = ", ".join(f"{port.name} ({port.device})" for port in ports)
    raise NetworkError(f"This host has no hardware port {device or name}: it has {there}.")


def find_service(services: list[Service], device: str, name: str | None) -> Service | None:
    """Find the service of a device: the one with the given name, else the first that is in use, else the first."""
    there = [service for service in services if service.device == device]
    named = [service for service in there if service.name == name]
    return next(iter([*named, *(service for service in there if service.enabled), *there]), None)
