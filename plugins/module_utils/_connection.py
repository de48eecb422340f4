# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Which network device of a Mac carries the connection that Ansible came by: found on the host, by addresses."""

from __future__ import annotations

import contextlib
import ipaddress
import os
import re
import socket
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ansible_collections.hybrid_ai.cluster.plugins.module_utils._unknown import UnknownStateError

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import Commands

READ = ["/sbin/ifconfig", "-a"]
ROUTE = ["/sbin/route", "-n", "get"]

_DEVICE = re.compile(r"^(\S+?): flags=", re.MULTILINE)
_ADDRESS = re.compile(r"^\s+inet6? ([0-9A-Fa-f.:]+)", re.MULTILINE)
_INTERFACE = re.compile(r"^\s*interface: (\S+)$", re.MULTILINE)


@dataclass(frozen=True)
class Connection:
    """The devices that have the address it goes to, and those its answers leave by."""

    address: str | None = None
    devices: tuple[str, ...] = ()
    ways: tuple[str, ...] = ()
    addresses: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def is_known(self) -> bool:
        """Tell whether any device is known to carry it."""
        return bool(self.devices)

    def carries(self, device: str) -> bool:
        """Tell whether a device is known to carry it."""
        return device in self.devices or device in self.ways

    def may_carry(self, device: str) -> bool:
        """Tell whether it may run over a device: where it is not known, over any that has an address."""
        return self.carries(device) if self.is_known else bool(self.addresses.get(device))

    @property
    def is_ipv6(self) -> bool:
        """Tell whether it goes to an IPv6 address."""
        return self.address is not None and ":" in self.address


def read(commands: Commands, given: str | None, ports: Collection[str]) -> Connection:
    """Find the hardware ports that carry the connection.

    `given` is where the inventory says that it goes; where `sudo` lets the session's own word through, that counts too.
    An address that no hardware port has (a tunnel's, or that of a router which passes the connection on) is reached
    over the default route.
    """
    session = os.environ.get("SSH_CONNECTION", "").split()
    client, ours = (session[0], session[2]) if len(session) == 4 else (None, None)
    wanted = [address for name in (given, ours) if name for address in _resolve(name)]
    result = commands.run(READ)
    addresses = parse_addresses(result.out) if result.rc == 0 else {}
    if not addresses:
        raise UnknownStateError("ifconfig", result.text, "which network port carries the connection")
    devices = tuple(device for device in ports if set(wanted) & set(addresses.get(device, ())))
    if wanted and not devices:
        devices = _over(commands, ports, "default") or _over(commands, ports, "-inet6", "default")
    ways = _over(commands, ports, client) if client else ()
    return Connection(wanted[0] if wanted else None, devices, ways, addresses)


def parse_addresses(text: str) -> dict[str, tuple[str, ...]]:
    """Read the addresses of every device in the output of `ifconfig -a`."""
    starts = [*_DEVICE.finditer(text)]
    ends = [*(match.start() for match in starts[1:]), len(text)]
    return {
        match[1]: tuple(address for word in _ADDRESS.findall(text, match.end(), end) for address in _plain(word))
        for match, end in zip(starts, ends)
    }


def _over(commands: Commands, ports: Collection[str], *destination: str) -> tuple[str, ...]:
    """Return the hardware port over which something is reached."""
    result = commands.run([*ROUTE, *destination])
    found = _INTERFACE.search(result.out) if result.rc == 0 else None
    return (found[1],) if found and found[1] in ports else ()


def _resolve(name: str) -> list[str]:
    """Return the addresses that a name stands for; an address stands for itself."""
    if _plain(name):
        return _plain(name)
    with contextlib.suppress(OSError, UnicodeError):
        return [address for entry in socket.getaddrinfo(name, None) for address in _plain(str(entry[4][0]))]
    return []


def _plain(word: str) -> list[str]:
    """Return an address in its one spelling, without the interface that a link-local one names; nothing for others."""
    with contextlib.suppress(ValueError):
        return [str(ipaddress.ip_address(word.partition("%")[0]))]
    return []
