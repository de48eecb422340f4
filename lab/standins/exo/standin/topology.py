# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The graph of the cluster: nodes, and edges by which one reaches the other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

Edge = dict[str, Any]


def socket_edge(address: str, port: int) -> Edge:
    """Return the edge of an HTTP probe that was answered."""
    family = "ip6" if ":" in address else "ip4"
    return {
        "sinkMultiaddr": {
            "address": f"/{family}/{address}/tcp/{port}",
            "address_type": family,
            "ip_address": address,
            "port": port,
        }
    }


class Topology:
    """A view of the topology part of the state."""

    def __init__(self, data: dict[str, Any]) -> None:
        self.data = data

    @property
    def nodes(self) -> list[str]:
        """Return the nodes in the order they appeared."""
        nodes: list[str] = self.data["nodes"]
        return nodes

    def edges(self, source: str, sink: str) -> list[Edge]:
        """Return the edges from one node to another."""
        edges: list[Edge] = self.data["connections"].get(source, {}).get(sink, [])
        return edges

    def neighbours(self, node: str) -> set[str]:
        """Return the nodes one can reach directly."""
        return set(self.data["connections"].get(node, {}))

    def add_node(self, node: str) -> None:
        """Add a node once."""
        if node not in self.nodes:
            self.nodes.append(node)

    def remove_node(self, node: str) -> None:
        """Remove a node and every edge from or to it."""
        if node in self.nodes:
            self.nodes.remove(node)
        connections = self.data["connections"]
        connections.pop(node, None)
        for source in list(connections):
            connections[source].pop(node, None)
            if not connections[source]:
                del connections[source]

    def add_edge(self, source: str, sink: str, edge: Edge) -> None:
        """Add an edge once, and its ends with it."""
        self.add_node(source)
        self.add_node(sink)
        edges = self.data["connections"].setdefault(source, {}).setdefault(sink, [])
        if edge not in edges:
            edges.append(edge)

    def remove_edge(self, source: str, sink: str, edge: Edge) -> None:
        """Remove an edge; nodes without edges are not listed among the connections."""
        edges = self.edges(source, sink)
        if edge in edges:
            edges.remove(edge)
            if not edges:
                del self.data["connections"][source][sink]
                if not self.data["connections"][source]:
                    del self.data["connections"][source]

    def replace_rdma_edges(self, source: str, new: list[tuple[str, Edge]]) -> None:
        """Set the Thunderbolt cables one node reports."""
        for sink in list(self.neighbours(source)):
            for edge in list(self.edges(source, sink)):
                if is_rdma(edge):
                    self.remove_edge(source, sink, edge)
        for sink, edge in new:
            self.add_edge(source, sink, edge)

    def cycles(self) -> list[list[str]]:
        """Return every simple cycle of two or more nodes, then every single node."""
        neighbours = {node: self.neighbours(node) for node in self.nodes}
        return [*simple_cycles(self.nodes, neighbours), *([node] for node in self.nodes)]

    def is_rdma_cycle(self, cycle: list[str]) -> bool:
        """Return whether every edge inside the cycle also has a cable."""
        return all(
            any(is_rdma(edge) for edge in self.edges(node, other))
            for node in cycle
            for other in self.neighbours(node) & set(cycle)
        )

    def bridge_cycles(self, enabled: set[str], thunderbolt_addresses: set[str]) -> list[list[str]]:
        """Return the loops of nodes whose Thunderbolt ports are bridged."""
        neighbours = {
            node: {
                sink
                for sink in self.neighbours(node) & enabled
                for edge in self.edges(node, sink)
                if is_rdma(edge) or edge["sinkMultiaddr"]["ip_address"] in thunderbolt_addresses
            }
            for node in self.nodes
            if node in enabled
        }
        return list(simple_cycles(list(neighbours), neighbours))


def is_rdma(edge: Edge) -> bool:
    """Return whether an edge is a cable and not an address."""
    return "sourceRdmaIface" in edge


def simple_cycles(nodes: list[str], neighbours: dict[str, set[str]]) -> Iterator[list[str]]:
    """Yield each simple cycle once, beginning with its first node in the given order."""
    position = {node: index for index, node in enumerate(nodes)}

    def extend(path: list[str]) -> Iterator[list[str]]:
        for node in sorted(neighbours[path[-1]] & position.keys(), key=position.__getitem__):
            if node == path[0] and len(path) > 1:
                yield list(path)
            elif position[node] > position[path[0]] and node not in path:
                yield from extend([*path, node])

    for start in nodes:
        yield from extend([start])
