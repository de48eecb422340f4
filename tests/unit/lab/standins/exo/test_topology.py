# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
from __future__ import annotations

import pytest

from lab.standins.exo.standin.topology import Topology, socket_edge

CABLE = {"sourceRdmaIface": "rdma_en2", "sinkRdmaIface": "rdma_en3"}


def build(pairs: str) -> Topology:
    topology = Topology({"nodes": [], "connections": {}})
    for source, sink in pairs.split():
        topology.add_edge(source, sink, socket_edge(f"10.0.0.{ord(sink)}", 52415))
    return topology


@pytest.mark.parametrize(
    ("pairs", "cycles"),
    [
        pytest.param("", [], id="nothing"),
        pytest.param("AB", ["A", "B"], id="one-way"),
        pytest.param("AB BA", ["A", "AB", "B"], id="pair"),
        pytest.param("AB BA BC CB", ["A", "AB", "B", "BC", "C"], id="chain"),
        pytest.param(
            "AB BA BC CB AC CA", ["A", "AB", "ABC", "AC", "ACB", "B", "BC", "C"], id="full-mesh-has-both-directions"
        ),
    ],
)
def test_cycles(pairs: str, cycles: list[str]) -> None:
    assert sorted("".join(cycle) for cycle in build(pairs).cycles()) == cycles


def test_removed_node_takes_its_edges_along() -> None:
    topology = build("AB BA BC CB")
    topology.remove_node("B")
    assert topology.data == {"nodes": ["A", "C"], "connections": {}}


def test_same_edge_is_kept_once() -> None:
    topology = build("AB AB")
    assert len(topology.edges("A", "B")) == 1
    topology.remove_edge("A", "B", topology.edges("A", "B")[0])
    assert topology.data["connections"] == {}


def test_cables_replace_cables_only() -> None:
    topology = build("AB")
    topology.replace_rdma_edges("A", [("B", CABLE)])
    assert len(topology.edges("A", "B")) == 2
    topology.replace_rdma_edges("A", [])
    assert ["sinkMultiaddr" in edge for edge in topology.edges("A", "B")] == [True]


@pytest.mark.parametrize(
    ("enabled", "addresses", "count"),
    [
        pytest.param({"A", "B", "C"}, {"10.0.0.65", "10.0.0.66", "10.0.0.67"}, 5, id="all-bridged"),
        pytest.param({"A", "B"}, {"10.0.0.65", "10.0.0.66"}, 1, id="two-bridged"),
        pytest.param({"A", "B", "C"}, set(), 0, id="edges-over-the-lan-only"),
        pytest.param(set(), {"10.0.0.65"}, 0, id="none-bridged"),
    ],
)
def test_bridge_cycles(enabled: set[str], addresses: set[str], count: int) -> None:
    assert len(build("AB BA BC CB AC CA").bridge_cycles(enabled, addresses)) == count
