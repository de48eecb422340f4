# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Read the list of Thunderbolt cables and say what is wrong with it."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ansible_collections.hybrid_ai.cluster.plugins.module_utils._problem import (
    INVENTORY,
    Problem,
    closest,
    enumerate_names,
    numbered,
    written,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

CABLE_PREFIX = 30
"""One network per cable holds exactly its two ends."""

MOST_RECEPTACLES = 8
"""No Mac has more Thunderbolt ports; which of them a model has is checked on the host."""

EXTERNAL = "external"
"""In place of a host: the cable ends at a machine outside of the inventory, whose name is the value."""

_FORM = "write it as {olab1: 1, olab2: 1}"
_EXTERNAL_FORM = "{olab1: 3, external: macbook}"
_NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?")


@dataclass(frozen=True)
class End:
    """Where one end of a cable is plugged in."""

    host: str
    receptacle: int | None
    """None at a machine outside of the inventory: nobody knows which, and nothing needs it."""


@dataclass(frozen=True)
class Cable:
    """A cable between two machines, the first a host; its number is its place in the list, from 1."""

    number: int
    ends: tuple[End, End]

    @property
    def hosts(self) -> tuple[str, str]:
        """The two machines the cable joins."""
        return self.ends[0].host, self.ends[1].host

    @property
    def own_ends(self) -> tuple[End, ...]:
        """The ends at hosts of the inventory: both, or one."""
        return tuple(end for end in self.ends if end.receptacle is not None)

    @property
    def external(self) -> str | None:
        """The machine outside of the inventory that the cable leads to, if it does."""
        return self.ends[1].host if self.ends[1].receptacle is None else None

    def other(self, host: str) -> End:
        """Return the far end as seen from a host."""
        return self.ends[1] if self.ends[0].host == host else self.ends[0]

    def __str__(self) -> str:
        """Name the cable by what it joins."""
        return " - ".join(end.host if end.receptacle is None else f"{end.host}:{end.receptacle}" for end in self.ends)


def cable_network(cable: Cable, network: ipaddress.IPv4Network) -> ipaddress.IPv4Network:
    """Return the addresses that are a cable's by its number: its own network, and the first two of them its ends'."""
    base = int(network.network_address) + (cable.number - 1) * 2 ** (32 - CABLE_PREFIX)
    return ipaddress.IPv4Network((base, CABLE_PREFIX))


def cable_addresses(cable: Cable, network: ipaddress.IPv4Network) -> dict[str, ipaddress.IPv4Address]:
    """Return the addresses of both ends of a cable, the lower one for the host whose name sorts first."""
    return dict(zip(cable.hosts, cable_network(cable, network).hosts(), strict=True))


def read_cables(links: Any) -> list[Cable]:
    """Turn a faultless list into cables; the ends are sorted by name because a mapping has no order of its own."""
    cables = []
    for number, link in enumerate(links or [], start=1):
        ends = [End(str(host), link[host]) for host in sorted(link) if host != EXTERNAL]
        ends += [End(link[EXTERNAL], None)] if EXTERNAL in link else []
        cables.append(Cable(number, (ends[0], ends[1])))
    return cables


def addressed(cables: Iterable[Cable]) -> list[Cable]:
    """Return the cables that get addresses: those with both ends in the inventory."""
    return [cable for cable in cables if cable.external is None]


def cable_problems(links: Any, subnet: Any, hosts: Iterable[str]) -> list[Problem]:
    """List what is wrong with the cables and with the network they are addressed from."""
    if links is None:
        return []
    if not isinstance(links, (list, tuple)):
        return [Problem(INVENTORY, f"thunderbolt_links must be a list of cables; {_FORM}, one line per cable.")]
    known = set(hosts)
    problems = [problem for place, link in enumerate(links, start=1) for problem in _form_problems(place, link, known)]
    if problems:
        return problems
    cables = read_cables(links)
    # An address follows from the number of its cable.
    last = max((cable.number for cable in addressed(cables)), default=0)
    return _reuse_problems(cables) + _spelling_problems(cables) + _subnet_problems(subnet, last)


def unconfigured_problems(cables: Iterable[Cable], macs: Iterable[str], left: Iterable[str]) -> list[Problem]:
    """Refuse a cable with an end that no role configures: the other end would have an address and nobody to talk to.

    `left` are the Macs whose ports the role sets back, which is right where it does so at both ends.
    """
    known, absent = set(macs), set(left)
    problems = []
    for cable in cables:
        for host, peer in ((end.host, cable.other(end.host).host) for end in cable.own_ends):
            if host not in known:
                reason = "only a Mac in the group macos has its Thunderbolt ports configured"
            elif host in absent and peer in known - absent:
                reason = f"thunderbolt_state is absent here, and not on {peer}"
            else:
                continue
            sentence = (
                f"cable {cable.number} of thunderbolt_links ({cable}) ends here, but {reason}; remove that cable."
            )
            problems.append(Problem(host, sentence))
    return problems


def _form_problems(number: int, link: Any, known: set[str]) -> list[Problem]:
    where = f"cable {number} of thunderbolt_links"
    if not isinstance(link, Mapping):
        return [Problem(INVENTORY, f"{where} is not a mapping of two hosts to their port numbers; {_FORM}.")]
    if len(link) != 2:
        ends = f"joins {enumerate_names(map(str, link))}" if link else "joins nothing"
        form = f"{_FORM}, or as {_EXTERNAL_FORM} to a machine outside of the inventory" if EXTERNAL in link else _FORM
        return [
            Problem(
                INVENTORY,
                f"{where} {ends}; a cable has exactly two ends on two different hosts: {form}.",
            )
        ]
    strangers = [str(host) for host in link if host != EXTERNAL and host not in known]
    if len(strangers) == 2 and not any(closest(host, known) for host in strangers):
        text = f"{where} joins {enumerate_names(strangers)}, which are not hosts of the inventory; {_FORM}."
        return [Problem(INVENTORY, text)]
    problems = []
    for host, receptacle in link.items():
        if host == EXTERNAL:
            subject = next((str(one) for one in link if one in known and one != EXTERNAL), INVENTORY)
            if text := _external_fault(receptacle, known):
                problems.append(Problem(subject, f"{where} has external: {text}"))
        elif host not in known:
            guess = closest(str(host), {*known, EXTERNAL}) or _short(str(host), known)
            advice = f"did you mean {guess}?" if guess else "add the host to the inventory or correct its name."
            problems.append(
                Problem(INVENTORY, f"{where} ends at {host}, which is not a host of the inventory; {advice}")
            )
        elif isinstance(receptacle, bool) or not isinstance(receptacle, int):
            problems.append(
                Problem(
                    str(host),
                    f"{where} names port {written(receptacle)}, which is not a number; write the Thunderbolt port "
                    "number that System Information shows as Receptacle, without quotes.",
                )
            )
        elif not 1 <= receptacle <= MOST_RECEPTACLES:
            problems.append(
                Problem(
                    str(host),
                    f"{where} names Thunderbolt port {receptacle}; write a number from 1 to {MOST_RECEPTACLES}, as "
                    "System Information shows it as Receptacle.",
                )
            )
    return problems


def _short(name: str, known: set[str]) -> str | None:
    """Return the host that a whole name in DNS begins with."""
    first = name.partition(".")[0]
    return first if first in known else None


def _external_fault(name: Any, known: set[str]) -> str:
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        return (
            f"{written(name)}, which is not a name; write one for the machine outside of the inventory, of letters, "
            f"digits, dots and hyphens, as in {_EXTERNAL_FORM}."
        )
    host = next((host for host in sorted(known) if host.casefold() == name.casefold()), None)
    if host is None:
        return ""
    return (
        f"{name}, but {host} is a host of the inventory; write {host} and its port number instead, as in {{{host}: 1}}."
    )


def _spelling_problems(cables: Iterable[Cable]) -> list[Problem]:
    """Refuse two spellings of one name: a loop through that machine would not be seen."""
    spelt: dict[str, Cable] = {}
    problems = []
    for cable in cables:
        before = spelt.setdefault(cable.external.casefold(), cable) if cable.external else cable
        if before.external != cable.external:
            problems.append(
                Problem(
                    cable.ends[0].host,
                    f"cable {cable.number} of thunderbolt_links has external: {cable.external}, and cable "
                    f"{before.number} has {before.external}; write a machine's name the same way each time.",
                )
            )
    return problems


def _reuse_problems(cables: Iterable[Cable]) -> list[Problem]:
    used: dict[End, Cable] = {}
    problems = []
    for cable in cables:
        for end in cable.own_ends:
            before = used.setdefault(end, cable)
            if before is not cable:
                problems.append(
                    Problem(
                        end.host,
                        f"cable {cable.number} of thunderbolt_links ({cable}) uses Thunderbolt port {end.receptacle}, "
                        f"which cable {before.number} ({before}) already uses; write another port number.",
                    )
                )
    return problems


def _subnet_problems(subnet: Any, count: int) -> list[Problem]:
    if not count:
        return []
    if subnet is None:
        return [
            Problem(
                INVENTORY,
                "thunderbolt_subnet is not set, but thunderbolt_links has cables; write a free network such as "
                "10.66.64.0/24 in group_vars/all.yml.",
            )
        ]
    try:
        network = ipaddress.IPv4Network(subnet if "/" in str(subnet) else "")
    except ValueError:
        return [
            Problem(
                INVENTORY,
                f"thunderbolt_subnet is {written(subnet)}, which is not an IPv4 network; write one such as "
                "10.66.64.0/24.",
            )
        ]
    room = 2 ** max(CABLE_PREFIX - network.prefixlen, 0) if network.prefixlen <= CABLE_PREFIX else 0
    if count <= room:
        return []
    needed = CABLE_PREFIX - (count - 1).bit_length()
    return [
        Problem(
            INVENTORY,
            f"thunderbolt_subnet {subnet} has room for {numbered(room, 'cable')}, but thunderbolt_links has {count}; "
            f"write a network of /{needed} or larger.",
        )
    ]
