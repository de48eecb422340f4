# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Which port is cabled to which, from what each Mac says of its own Thunderbolt ports.

A cable counts where both ends name each other by their Thunderbolt domains. Everything else is a doubt, and no cable.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from hybrid_cluster.command.output import natural

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from ansible_collections.hybrid_ai.cluster.plugins.module_utils._macos.thunderbolt_text import ThunderboltPort

    Ports = Mapping[str, Sequence[ThunderboltPort] | None]
    """The ports of each host that was asked; None where its answer was not understood."""

EXTERNAL = "external"
Link = dict[str, Any]
"""A cable as thunderbolt_links has it: {mini1: 1, mini2: 1}, or {mini1: 3, external: macbook}."""


@dataclass(frozen=True, order=True)
class End:
    """A port of a host."""

    host: str
    receptacle: int

    def __str__(self) -> str:
        """Return it the way a sentence has it."""
        return f"port {self.receptacle} of {self.host}"


@dataclass(frozen=True)
class Outside:
    """A port that leads to a computer which was not asked."""

    end: End
    model: str | None


@dataclass
class Seen:
    """What the ports of all hosts say together."""

    links: list[Link] = field(default_factory=list)
    """In the order of hosts and ports."""
    outside: list[Outside] = field(default_factory=list)
    doubts: list[str] = field(default_factory=list)
    """Sentences about ports that do not fit together."""


def join(ports: Ports) -> Seen:
    """Find the cables among hosts."""
    seen = Seen()
    ends = [(End(host, port.receptacle), port) for host, found in ports.items() for port in found or ()]
    ends.sort(key=lambda one: (natural(one[0].host), one[0].receptacle))
    numbers = Counter(end for end, _ in ends)
    domains = Counter(port.domain_uuid for _, port in ends)
    behind = {port.domain_uuid: (end, port) for end, port in ends if port.domain_uuid}
    for end, port in ends:
        if port.peer_domain_uuid is None:
            continue
        far, peer = behind.get(port.peer_domain_uuid, (None, None))
        if far is None or peer is None:
            seen.outside.append(Outside(end, port.peer_model))
        elif numbers[end] > 1 or numbers[far] > 1:
            seen.doubts.append(f"{end} or {far} is listed twice, so the cable between them is not taken.")
        elif port.domain_uuid is None or peer.peer_domain_uuid != port.domain_uuid:
            seen.doubts.append(f"{end} leads to {far}, which does not say the same, so the cable is not taken.")
        elif domains[port.peer_domain_uuid] > 1 or domains[port.domain_uuid] > 1:
            seen.doubts.append(f"{end} and another port have one Thunderbolt domain, so its cable is not taken.")
        elif far.host == end.host:
            seen.doubts.append(f"{end} leads to another port of the same host, so its cable is not taken.")
        elif (link := {end.host: end.receptacle, far.host: far.receptacle}) not in seen.links:
            seen.links.append(link)
    return seen


def unread(ports: Ports) -> list[str]:
    """Return the hosts whose answer about their ports was not understood."""
    return [host for host, found in ports.items() if found is None]


@dataclass(frozen=True)
class Merged:
    """What thunderbolt_links is to be."""

    links: list[Link]
    kept: list[bool]
    """For each cable that was written before, in its place: whether it stays."""
    added: list[Link]
    unsure: list[Link]
    """Cables that stay unseen: a host at an end was not asked, or its port says nothing clear."""


def merge(written: Iterable[Link], seen: Seen, ports: Ports) -> Merged:
    """Bring together what is written and what was seen.

    The place of a cable is its number, which its addresses follow from: those that stay keep their order, and new ones
    come last. A cable goes only where its ends contradict it.
    """
    before = list(written)
    taken = {end for link in seen.links for end in _ends(link)}
    kept, unsure = [], []
    for link in before:
        stays = link in seen.links or not _contradicted(link, taken, ports)
        kept.append(stays)
        if stays and link not in seen.links and EXTERNAL not in link:
            unsure.append(link)
    added = [link for link in seen.links if link not in before]
    return Merged([link for link, stays in zip(before, kept, strict=True) if stays] + added, kept, added, unsure)


def _ends(link: Link) -> list[End]:
    return [End(host, receptacle) for host, receptacle in link.items() if host != EXTERNAL]


def _contradicted(link: Link, taken: set[End], ports: Ports) -> bool:
    """Tell whether a cable cannot be there: another one is in its port, or nothing is, with both hosts awake."""
    ends = _ends(link)
    if any(end in taken for end in ends):
        return True
    if EXTERNAL in link or any(ports.get(end.host) is None for end in ends):
        return False
    return any(_is_free(port) for end in ends for port in ports[end.host] or () if port.receptacle == end.receptacle)


def _is_free(port: ThunderboltPort) -> bool:
    """Tell whether a port says that nothing is plugged in, and not just nothing that is understood."""
    return not port.connected and port.capability_gigabits is not None


def outside_of(seen: Seen, written: Iterable[Link]) -> list[Outside]:
    """Return the ports to computers that were not asked and about which nothing is written."""
    known = {end for link in written for end in _ends(link)}
    return [one for one in seen.outside if one.end not in known]
