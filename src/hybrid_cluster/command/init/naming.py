# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What hosts and networks are called by default, from what the machines say."""

from __future__ import annotations

import ipaddress
import re
from collections import Counter
from typing import TYPE_CHECKING

from hybrid_cluster.command.output import natural

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from hybrid_cluster.command.init.machine import Machine

_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_FREE = ("10.66.64.0/24", "172.31.64.0/24", "192.168.240.0/24")
"""Networks for cables, the first that nothing else overlaps."""


def label(text: str) -> str:
    """Return a name as one label of DNS, in lower case; nothing that could be one is `host`."""
    found = re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:63].strip("-")
    return found or "host"


def free(wanted: str, taken: Collection[str]) -> str:
    """Return a name, or with a number behind it where it is taken."""
    if wanted not in taken:
        return wanted
    number = next(number for number in range(2, len(taken) + 3) if f"{wanted}-{number}" not in taken)
    return f"{wanted}-{number}"


def name_fault(name: str, taken: Collection[str]) -> str | None:
    """Say what is wrong with the name of a host."""
    if not _LABEL.fullmatch(name):
        return "A name has lower-case letters, digits and inner hyphens, at most 63 of them."
    return f"{name} is taken, by a host, a group or a service; write another one." if name in taken else None


def subnet_fault(text: str, addresses: Iterable[str]) -> str | None:
    """Say what is wrong with the network of hosts."""
    try:
        network = ipaddress.IPv4Network(text)
    except ValueError:
        return "A network is written like 192.168.1.0/24."
    away = [one for one in addresses if ipaddress.IPv4Address(one) not in network]
    return f"{away[0]} is not in {network}; write a network that has all hosts." if away else None


def address_fault(text: str) -> str | None:
    """Say what is wrong with an address."""
    try:
        ipaddress.IPv4Address(text)
    except ValueError:
        return "An address is written like 192.168.1.1."
    return None


def lan(machines: Iterable[Machine], addresses: Sequence[str]) -> tuple[str, str]:
    """Return the network that most machines say they are in, and its router; without a word, that of the addresses."""
    said = [one for one in machines if one.interface is not None]
    networks = Counter(str(one.interface.network) for one in said if one.interface)
    network = networks.most_common(1)[0][0] if networks else _around(addresses)
    routers = Counter(
        one.gateway for one in said if one.gateway and one.interface and str(one.interface.network) == network
    )
    first = str(next(ipaddress.IPv4Network(network).hosts()))
    return network, routers.most_common(1)[0][0] or first if routers else first


def _around(addresses: Sequence[str]) -> str:
    return str(ipaddress.IPv4Network(f"{addresses[0]}/24", strict=False)) if addresses else "192.168.1.0/24"


def cable_subnet(lan_subnet: str) -> str:
    """Return a network for the cables that is not the LAN's."""
    own = ipaddress.IPv4Network(lan_subnet)
    return next((text for text in _FREE if not ipaddress.IPv4Network(text).overlaps(own)), _FREE[-1])


def manager(machines: Mapping[str, Machine]) -> str | None:
    """Return who may manage the others: a Linux machine, else a Mac on which somebody has installed Homebrew."""
    names = sorted(machines, key=natural)
    linux = [name for name in names if machines[name].is_linux]
    brewed = [name for name in names if machines[name].has_homebrew]
    return next(iter([*linux, *brewed]), None)
