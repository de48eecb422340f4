# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What is known of the cluster at one moment: exo's state as this node has it, and which host each node is."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .exo_state import mapping, model_of, sequence, size, tagged

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .exo_placed import Placed

COMPLETED = "DownloadCompleted"


@dataclass(frozen=True)
class Peer:
    """What another keeper says of itself."""

    node_id: str | None = None
    """Its exo's present identity; None while that does not answer."""
    records: Mapping[str, Any] = field(default_factory=dict)
    refusals: Mapping[str, str] = field(default_factory=dict)
    """By model: why no waiting gives it its place."""
    held: int = 0
    """As in `View`."""


@dataclass(frozen=True)
class Listed:
    """A model as a node has it."""

    kind: str
    """The state of its download."""
    layers: int
    size: int
    is_custom: bool = False
    """Whether its card is none of exo's own, which win over others of their name."""


@dataclass(frozen=True)
class View:
    """One moment."""

    now: float
    node_id: str | None = None
    """Who exo on this node is; None while it does not answer."""
    names: Mapping[str, str] = field(default_factory=dict)
    """The host behind each identity that is known."""
    nodes: frozenset[str] = frozenset()
    """Identities in the topology."""
    edges: frozenset[tuple[str, str]] = frozenset()
    instances: tuple[Placed, ...] = ()
    runners: Mapping[str, Any] = field(default_factory=dict)
    downloads: Mapping[str, Any] = field(default_factory=dict)
    """By node: what it has of each model; empty where nobody asked."""
    memory: Mapping[str, int] = field(default_factory=dict)
    """Bytes that are free, by host."""
    total: Mapping[str, int] = field(default_factory=dict)
    """Bytes that there are, by host."""
    held: int = 0
    """Bytes that are wired on this Mac, by no model of exo's, beyond what was before the first of this boot."""
    peers: Mapping[str, Peer] = field(default_factory=dict)
    """The keepers that answer."""

    @property
    def ours(self) -> frozenset[str]:
        """Hosts of the inventory that are in the topology."""
        return frozenset(host for identity, host in self.names.items() if identity in self.nodes)

    @property
    def held_by_host(self) -> dict[str, int]:
        """What is held like that, by host."""
        found = {host: peer.held for host, peer in self.peers.items()}
        found.update({host: self.held for identity, host in self.names.items() if identity == self.node_id})
        return {host: amount for host, amount in found.items() if amount}

    @property
    def strangers(self) -> frozenset[str]:
        """Identities without a host: of nodes that have just ended, or of somebody else."""
        return self.nodes - set(self.names)

    @property
    def is_meshed(self) -> bool:
        """Whether each of our nodes reaches each other one."""
        ids = [identity for identity in self.names if identity in self.nodes]
        return all((one, other) in self.edges for one in ids for other in ids if one != other)

    def hosts_of(self, placed: Placed) -> list[str]:
        """Return who runs an instance; a node that is not known by its identity."""
        return sorted(self.names.get(node, node) for node in placed.nodes)

    def of_model(self, name: str) -> list[Placed]:
        """Return the instances of a model."""
        return [placed for placed in self.instances if placed.model == name]

    def holders(self, name: str) -> frozenset[str]:
        """Return the hosts that have all files of a model."""
        found = {host: listed(self.downloads.get(identity)).get(name) for identity, host in self.names.items()}
        return frozenset(host for host, one in found.items() if one is not None and one.kind == COMPLETED)


def listed(entries: Any) -> dict[str, Listed]:
    """Return a node's list of models by name."""
    found = {}
    for kind, content in map(tagged, sequence(entries)):
        card = mapping(mapping(tagged(content.get("shardMetadata"))[1]).get("modelCard"))
        layers = card.get("nLayers")
        count = layers if isinstance(layers, int) else 0
        found[model_of(content)] = Listed(kind, count, int(size(card.get("storageSize"))), bool(card.get("isCustom")))
    return found


def edges_of(topology: Any) -> frozenset[tuple[str, str]]:
    """Return the pairs of which the first reaches the second at an address."""
    return frozenset(
        (str(source), str(sink))
        for source, sinks in mapping(mapping(topology).get("connections")).items()
        for sink, edges in mapping(sinks).items()
        if any("sinkMultiaddr" in mapping(edge) for edge in sequence(edges))
    )


def memory_of(state: Any, names: Mapping[str, str], key: str) -> dict[str, int]:
    """Return a figure of each host's memory."""
    return {
        names[identity]: int(size(mapping(figures).get(key)))
        for identity, figures in mapping(state).items()
        if identity in names
    }
