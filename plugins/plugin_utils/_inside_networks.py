# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Which networks lie inside a site, so that nothing that is only meant to reach the internet is led into them."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING

from ansible_collections.hybrid_ai.cluster.plugins.module_utils._firewall.rule import addresses, spelling

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_NETWORK = "the networks of this site"
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

NOT_PUBLIC = (
    *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24"),
    *("192.168.0.0/16", "198.18.0.0/15", "224.0.0.0/3"),
    # Unspecified, loopback, mapped IPv4; unique local; link-local and the old site-local; multicast.
    *("::/96", "::ffff:0:0/96", "fc00::/7", "fe80::/9", "ff00::/8"),
)
"""Networks in which the internet has nobody: private, shared by a carrier, link-local, multicast, reserved."""

_MAPPED = ipaddress.ip_network("::ffff:0:0/96")
# A translator (RFC 6052, RFC 8215) and the old tunnels lead from an IPv6 address to the IPv4 address that is in it.
_TRANSLATED = ("64:ff9b::", 96), ("2002::", 16)
_LOCALLY_TRANSLATED = "64:ff9b:1::/48"
_AROUND = {4: 24, 6: 64}
"""The length of the network that an address is taken to lie in where nothing says it."""


def own_networks(lan: Iterable[str], hosts: Iterable[str]) -> Iterator[str]:
    """Yield the networks of this site, also where they are public: the LAN, and whatever else a host is in."""
    networks = [ipaddress.ip_network(text) for text in addresses(lan, _NETWORK)]
    yield from map(str, networks)
    for text in addresses(hosts, _NETWORK):
        address = ipaddress.ip_network(text).network_address
        if not any(address in network for network in networks):
            yield str(ipaddress.ip_network((address, _AROUND[address.version]), strict=False))


def inside_networks(lan: Iterable[str], hosts: Iterable[str] = (), without: Iterable[str] = ()) -> list[str]:
    """Return what a proxy must not lead into.

    Mapped IPv4 is not named: a program that knows an address as IPv4 compares it as such. What is left out is cut out
    of the networks, so that a name with two addresses, one of them inside, stays refused.
    """
    networks = [*NOT_PUBLIC, *_translated(), *own_networks(lan, hosts)]
    found: list[Network] = [ipaddress.ip_network(text) for text in addresses(networks, _NETWORK)]
    found = [network for network in found if network != _MAPPED]
    for text in addresses(without, "the destinations of the cache"):
        hole = ipaddress.ip_network(text)
        found = [part for network in found for part in _without(network, hole)]
    return addresses(map(spelling, found), _NETWORK)


def _translated() -> Iterator[str]:
    """Yield where translators and tunnels lead to IPv4 addresses that are not public."""
    yield _LOCALLY_TRANSLATED
    for text in NOT_PUBLIC:
        network = ipaddress.ip_network(text)
        if network.version == 4:
            for prefix, length in _TRANSLATED:
                place = int(network.network_address) << (128 - length - 32)
                number = int(ipaddress.IPv6Address(prefix)) + place
                yield str(ipaddress.IPv6Network((number, length + network.prefixlen)))


def _without(network: Network, hole: Network) -> Iterator[Network]:
    """Yield what is left of a network."""
    if not network.overlaps(hole):
        yield network
    elif hole != network and hole.subnet_of(network):  # type: ignore[arg-type]  # both are of one version: they overlap
        yield from network.address_exclude(hole)  # type: ignore[arg-type]  # as above
