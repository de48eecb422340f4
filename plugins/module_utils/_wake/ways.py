# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Over which network interfaces, and to which addresses, a magic packet reaches a host.

Several interfaces may be in the host's network, such as the Ethernet and the Wi-Fi of one Mac: each of them is a way.
"""

from __future__ import annotations

import ipaddress
import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ansible_collections.hybrid_ai.cluster.plugins.module_utils._problem import enumerate_names
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._wake.packet import WakeError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import Commands

LIMITED_BROADCAST = "255.255.255.255"
LINUX_ADDRESSES = ["ip", "-json", "-4", "address", "show"]
MACOS_ADDRESSES = ["/sbin/ifconfig", "-a"]
_LINUX_ROUTE = ["ip", "-json", "-4", "route", "get"]
_MACOS_ROUTE = ["/sbin/route", "-n", "get"]

_DEVICE = re.compile(r"^(\S+?): flags=", re.MULTILINE)
_INET = re.compile(r"^\s+inet ([0-9.]+) (?:--> [0-9.]+ )?netmask 0x([0-9a-f]{8})", re.MULTILINE)
_INTERFACE = re.compile(r"^\s*interface: (\S+)$", re.MULTILINE)
# Networks smaller than this have no broadcast address.
_LONGEST_PREFIX = 30


@dataclass(frozen=True)
class Own:
    """An address of this machine, with the network that it is in."""

    interface: str
    address: ipaddress.IPv4Interface

    @property
    def source(self) -> str:
        """The address alone."""
        return str(self.address.ip)

    @property
    def broadcast(self) -> str | None:
        """The address of everybody in its network."""
        network = self.address.network
        return str(network.broadcast_address) if network.prefixlen <= _LONGEST_PREFIX else None


@dataclass(frozen=True)
class Way:
    """An interface to send from, and the addresses to send to."""

    interface: str
    source: str
    destinations: tuple[str, ...]

    def __str__(self) -> str:
        """Return it as a person reads it."""
        return f"{self.interface} ({self.source}) to {enumerate_names(self.destinations)}"


@dataclass(frozen=True)
class Wish:
    """Where a person wants packets to come from and to go to, as far as that is not left to this machine."""

    interface: str | None = None
    source: str | None = None
    broadcast: str | None = None


def ways(commands: Commands, system: str, host: str, wish: Wish) -> list[Way]:
    """Find every way to a host with this IPv4 address."""
    if wish.broadcast is not None and not _is_address(wish.broadcast):
        raise WakeError(f"broadcast is {wish.broadcast!r}: write an IPv4 address such as 10.66.1.255.")
    own = own_addresses(commands, system)
    wanted = ipaddress.IPv4Address(host)
    chosen = _wished(own, wish)
    near = [one for one in chosen if wanted in one.address.network]
    if near or wish.interface or wish.source:
        return [_way(one, host, wish.broadcast or one.broadcast) for one in near or chosen]
    # Behind a router, which passes on what is sent to the host itself, and a broadcast only where it was told to.
    device = _routed(commands, system, host)
    routed = [one for one in own if one.interface == device]
    if not routed:
        raise WakeError(f"No network of this machine leads to {host}; give it an address in the host's network.")
    return [_way(one, host, wish.broadcast) for one in routed[:1]]


def own_addresses(commands: Commands, system: str) -> list[Own]:
    """Return the IPv4 addresses of this machine, without those that never leave it."""
    if system == "Darwin":
        found = parse_ifconfig(commands.check_output(MACOS_ADDRESSES))
    else:
        found = parse_ip(commands.check_output(LINUX_ADDRESSES))
    return [one for one in found if not one.address.is_loopback]


def parse_ip(text: str) -> list[Own]:
    """Read what `ip -json address` prints."""
    try:
        return [
            Own(link["ifname"], ipaddress.IPv4Interface(f"{inet['local']}/{inet['prefixlen']}"))
            for link in json.loads(text)
            for inet in link.get("addr_info", [])
        ]
    except (ValueError, TypeError, KeyError, AttributeError):
        raise WakeError(f"`{' '.join(LINUX_ADDRESSES)}` printed something unknown: {text[:80]!r}.") from None


def parse_ifconfig(text: str) -> list[Own]:
    """Read what `ifconfig -a` prints on a Mac."""
    starts = [*_DEVICE.finditer(text)]
    ends = [*(match.start() for match in starts[1:]), len(text)]
    found = []
    for match, end in zip(starts, ends):
        for address, mask in _INET.findall(text, match.end(), end):
            found.append(Own(match[1], ipaddress.IPv4Interface(f"{address}/{bin(int(mask, 16)).count('1')}")))
    return found


def _wished(own: Sequence[Own], wish: Wish) -> list[Own]:
    chosen = [one for one in own if wish.interface in (None, one.interface)]
    if not chosen and wish.interface:
        known = enumerate_names(sorted({one.interface for one in own})) or "none"
        raise WakeError(f"interface is {wish.interface}; the interfaces with an IPv4 address here are {known}.")
    from_there = [one for one in chosen if wish.source in (None, one.source)]
    if not from_there and wish.source:
        known = enumerate_names(one.source for one in chosen) or "none"
        raise WakeError(f"source is {wish.source}; the addresses here are {known}.")
    return from_there


def _way(own: Own, host: str, broadcast: str | None) -> Way:
    destinations = dict.fromkeys([broadcast, LIMITED_BROADCAST, host])
    return Way(own.interface, own.source, tuple(one for one in destinations if one))


def _routed(commands: Commands, system: str, host: str) -> str | None:
    if system == "Darwin":
        result = commands.run([*_MACOS_ROUTE, host])
        return parse_route(result.out) if result.rc == 0 else None
    result = commands.run([*_LINUX_ROUTE, host])
    try:
        return str(json.loads(result.out)[0]["dev"]) if result.rc == 0 else None
    except (ValueError, TypeError, KeyError, IndexError):
        return None


def parse_route(text: str) -> str | None:
    """Read the interface in what `route -n get` prints on a Mac."""
    found = _INTERFACE.search(text)
    return found[1] if found else None


def _is_address(text: str) -> bool:
    try:
        ipaddress.IPv4Address(text)
    except ValueError:
        return False
    return True
