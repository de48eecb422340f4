# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Nodes of the exo cluster that are not hosts of the inventory, and since when each is there.

The identity that a node had before it started again stays for up to 52 seconds beside its new one. The alert waits for
longer than that; where the old one was seen as a host's, it is not a stranger at all.
"""

from __future__ import annotations

import ipaddress
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .exo_state import mapping, sequence

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from .exposition import Metrics

# One that comes and goes is one all the same.
_FORGET_SECONDS = 60.0
_MAXIMUM_ADDRESSES = 8


@dataclass
class _Sight:
    """An identity that no host answers to."""

    first: float
    last: float
    addresses: set[str] = field(default_factory=set)

    def found_at(self, addresses: Iterable[str]) -> None:
        """Note addresses; they only become more, so that the metric stays one and the same."""
        self.addresses.update(sorted(addresses)[: _MAXIMUM_ADDRESSES - len(self.addresses)])


class Strangers:
    """Remembers who was seen."""

    def __init__(self) -> None:
        self._seen: dict[str, _Sight] = {}
        self._ours: set[str] = set()

    def measure(
        self,
        metrics: Metrics,
        identities: Mapping[str, str | None],
        topologies: Iterable[Any],
        claimed: Callable[[str], Iterable[str]],
    ) -> None:
        """Compare what the topologies name with who the hosts are; `claimed` tells where a node says that it is."""
        now = time.monotonic()
        reached = _reached(topologies)
        own = {identity for identity in identities.values() if identity is not None}
        self._ours = own | (self._ours & set(reached))
        present = sorted(set(reached) - self._ours)
        for node in present:
            sight = self._seen.setdefault(node, _Sight(now, now))
            sight.last = now
            sight.found_at(reached[node])
            if not sight.addresses:
                sight.found_at(claimed(node))
        self._seen = {
            node: sight
            for node, sight in self._seen.items()
            if now - sight.last <= _FORGET_SECONDS and node not in self._ours
        }
        silent = ", ".join(sorted(host for host, identity in identities.items() if identity is None))
        text = "Nodes of the cluster that are not hosts of the inventory."
        metrics.add("exo_strangers", text, len(present))
        for node, sight in self._seen.items():
            metrics.add(
                "exo_stranger_seconds",
                "How long a node has been in the cluster that no host of the inventory answers to.",
                sight.last - sight.first,
                node_id=node,
                addresses=", ".join(sorted(sight.addresses)) or "unknown",
                may_be=silent,
            )


def _reached(topologies: Iterable[Any]) -> dict[str, set[str]]:
    """Return every node that a topology names, with the addresses at which others reach it."""
    found: dict[str, set[str]] = {}
    for topology in map(mapping, topologies):
        for node in sequence(topology.get("nodes")):
            found.setdefault(str(node), set())
        for source, sinks in mapping(topology.get("connections")).items():
            found.setdefault(source, set())
            for sink, edges in mapping(sinks).items():
                addresses = (mapping(mapping(edge).get("sinkMultiaddr")).get("ip_address") for edge in sequence(edges))
                found.setdefault(sink, set()).update(str(address) for address in addresses if address)
    return found


def claimed_addresses(node_network: Any, node: str) -> list[str]:
    """Return the addresses that a node says it has, without those that mean nothing elsewhere."""
    found = []
    for interface in sequence(mapping(mapping(node_network).get(node)).get("interfaces")):
        text = str(mapping(interface).get("ipAddress", ""))
        try:
            address = ipaddress.ip_address(text.partition("%")[0])
        except ValueError:
            continue
        if not (address.is_loopback or address.is_link_local or address.is_unspecified):
            found.append(text)
    return found
