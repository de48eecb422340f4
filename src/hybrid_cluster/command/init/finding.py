# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Machines that announce Remote Login in the local network, by Bonjour."""

from __future__ import annotations

import ipaddress
import socket
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hybrid_cluster.command.output import natural

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

SERVICE = "_ssh._tcp.local."
SSH_PORT = 22
_KNOCK_SECONDS = 1.0
_RESOLVE_SECONDS = 2.0


@dataclass(frozen=True)
class Announced:
    """A machine as it announces itself."""

    name: str
    """Its own name, without `.local`."""
    addresses: tuple[str, ...]
    port: int = SSH_PORT


@dataclass(frozen=True)
class Place:
    """Where a machine is asked."""

    address: str
    port: int = SSH_PORT
    name: str | None = None
    """What the inventory is to call it, where somebody has said that."""
    own_name: str | None = None
    """What it calls itself, where it was heard."""


def browse(seconds: float) -> list[Announced]:
    """Listen for so long, and return who announces Remote Login, sorted by name."""
    import time

    from zeroconf import IPVersion, ServiceBrowser, ServiceInfo, ServiceStateChange, Zeroconf

    heard: set[str] = set()

    def note(zeroconf: Zeroconf, service_type: str, name: str, state_change: ServiceStateChange) -> None:  # noqa: ARG001 - called by these names
        (heard.discard if state_change is ServiceStateChange.Removed else heard.add)(name)

    try:
        zeroconf = Zeroconf(ip_version=IPVersion.V4Only)
    except OSError:
        # No network, or nobody may listen here.
        return []
    try:
        ServiceBrowser(zeroconf, SERVICE, handlers=[note])
        time.sleep(seconds)
        found = []
        for name in sorted(heard):
            info = ServiceInfo(SERVICE, name)
            if info.request(zeroconf, _RESOLVE_SECONDS * 1000):
                addresses = tuple(info.parsed_addresses(IPVersion.V4Only))
                found.append(announced(name, info.server, addresses, info.port))
    finally:
        zeroconf.close()
    return sorted(filter(None, found), key=lambda one: natural(one.name))


def announced(instance: str, server: str | None, addresses: Iterable[str], port: int | None) -> Announced | None:
    """Return a machine from its records; None where they lead nowhere.

    Addresses that a Mac gives itself (169.254.0.0/16), as on an unused Thunderbolt Bridge, are no way to it.
    """
    usable = [one for one in addresses if not ipaddress.ip_address(one).is_link_local]
    own = (server or instance).removesuffix(SERVICE).rstrip(".").removesuffix(".local")
    return Announced(own, tuple(dict.fromkeys(usable)), port or SSH_PORT) if usable else None


def places(found: Sequence[Announced]) -> list[Place]:
    """Return where each of them is asked: at its first address where somebody answers, each address once."""
    with ThreadPoolExecutor(max(1, len(found))) as pool:
        chosen = list(pool.map(_way, found))
    return [
        place for number, place in enumerate(chosen) if place.address not in {one.address for one in chosen[:number]}
    ]


def _way(one: Announced) -> Place:
    answering = (address for address in one.addresses if _answers(address, one.port))
    return Place(next(answering, one.addresses[0]), one.port, own_name=one.name)


def _answers(address: str, port: int) -> bool:
    try:
        with socket.create_connection((address, port), timeout=_KNOCK_SECONDS):
            return True
    except OSError:
        return False


def is_here(address: str) -> bool:
    """Tell whether an address is this machine's."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        try:
            probe.bind((address, 0))
        except OSError:
            return False
    return True
