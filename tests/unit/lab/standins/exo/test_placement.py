# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
from __future__ import annotations

from typing import Any

import pytest

from lab.standins.exo.standin import placement
from lab.standins.exo.standin.cards import builtin, card_from
from lab.standins.exo.standin.state import State, tag
from lab.standins.exo.standin.topology import socket_edge

GIGABYTE = 1024**3
CARDS = builtin()
SMALL = card_from(
    {
        "model_id": "lab/small",
        "storage_size": {"in_bytes": 4 * GIGABYTE},
        "n_layers": 4,
        "hidden_size": 64,
        "num_key_value_heads": 2,
        "supports_tensor": True,
        "tasks": ["TextGeneration"],
    },
    custom=True,
)
CABLES = {"A": "rdma_en2", "B": "rdma_en3"}


def cluster(memory: dict[str, int], *, cables: bool = False) -> State:
    """Return a full mesh of nodes with some gigabytes each."""
    state = State()
    for node, gigabytes in memory.items():
        state.topology.add_node(node)
        state.data["nodeMemory"][node] = {"ramAvailable": {"inBytes": gigabytes * GIGABYTE}}
        state.data["nodeNetwork"][node] = {
            "interfaces": [
                {"name": "en0", "ipAddress": f"10.66.1.{ord(node)}", "interfaceType": "ethernet"},
                {"name": "en2", "ipAddress": f"10.66.64.{ord(node)}", "interfaceType": "maybe_ethernet"},
            ]
        }
    for node in memory:
        for other in memory:
            if node != other:
                for interface in state.data["nodeNetwork"][other]["interfaces"]:
                    state.topology.add_edge(node, other, socket_edge(interface["ipAddress"], 52415))
                if cables:
                    edge = {"sourceRdmaIface": CABLES[node], "sinkRdmaIface": CABLES[other]}
                    state.topology.add_edge(node, other, edge)
    return state


def placed(state: State, card: dict[str, Any] = SMALL, **options: Any) -> tuple[str, dict[str, Any]]:
    return tag(placement.place(placement.Request(card, **options), state))


@pytest.mark.parametrize(
    ("memory", "minimum", "layers"),
    [
        pytest.param({"A": 8, "B": 8}, 1, [4], id="one-is-enough"),
        pytest.param({"A": 3, "B": 3}, 1, [2, 2], id="needs-two"),
        pytest.param({"A": 8, "B": 8, "C": 8}, 3, [2, 1, 1], id="asked-for-three"),
        pytest.param({"A": 12, "B": 4}, 2, [3, 1], id="in-proportion-to-memory"),
        pytest.param({"A": 99, "B": 1}, 2, [3, 1], id="nobody-gets-nothing"),
    ],
)
def test_layers(memory: dict[str, int], minimum: int, layers: list[int]) -> None:
    kind, instance = placed(cluster(memory), min_nodes=minimum)
    shards = [tag(shard)[1] for shard in instance["shardAssignments"]["runnerToShard"].values()]
    assert kind == "MlxRingInstance"
    assert [shard["endLayer"] - shard["startLayer"] for shard in shards] == layers
    assert [shard["deviceRank"] for shard in shards] == list(range(len(layers)))
    assert shards[-1]["endLayer"] == 4


def test_thunderbolt_ports_come_before_ethernet() -> None:
    _, instance = placed(cluster({"A": 3, "B": 3}), min_nodes=2)
    addresses = {host["ip"] for hosts in instance["hostsByNode"].values() for host in hosts}
    assert addresses == {"0.0.0.0", f"10.66.64.{ord('A')}", f"10.66.64.{ord('B')}"}


def test_distant_ranks_get_a_placeholder() -> None:
    _, instance = placed(cluster(dict.fromkeys("ABCD", 8)), min_nodes=4)
    assert {"ip": "198.51.100.1", "port": 0} in instance["hostsByNode"]["A"]


def test_the_node_that_has_the_model_is_chosen() -> None:
    state = cluster({"A": 8, "B": 6})
    shard = {"PipelineShardMetadata": {"modelCard": SMALL}}
    state.data["downloads"]["B"] = [{"DownloadCompleted": {"shardMetadata": shard}}]
    _, instance = placed(state)
    assert list(instance["hostsByNode"]) == ["B"]


@pytest.mark.parametrize(
    ("card", "options", "message"),
    [
        pytest.param(SMALL, {"min_nodes": 3}, "No cycles found with sufficient memory", id="too-many-nodes"),
        pytest.param(
            CARDS["mlx-community/Qwen3-Coder-480B-A35B-Instruct-8bit"],
            {},
            "No cycles found with sufficient memory",
            id="too-large",
        ),
        pytest.param(
            SMALL,
            {"instance_meta": "MlxJaccl", "min_nodes": 2},
            "Requested RDMA (MlxJaccl) but no RDMA-connected cycles available",
            id="no-cables",
        ),
        pytest.param(
            {**SMALL, "supportsTensor": False},
            {"sharding": "Tensor"},
            "Requested Tensor sharding but this model does not support tensor parallelism: lab/small",
            id="no-tensor",
        ),
        pytest.param(
            {**SMALL, "numKeyValueHeads": 3},
            {"sharding": "Tensor", "min_nodes": 2},
            "No tensor sharding found for model with hidden_size=64, num_key_value_heads=3 across candidate cycles",
            id="odd-heads",
        ),
        pytest.param(
            {**SMALL, "baseModel": "Gemma 4 31B"},
            {"min_nodes": 2},
            "Pipeline parallelism is not supported for Gemma 4; use tensor parallelism instead.",
            id="gemma",
        ),
        pytest.param(
            {**SMALL, "nLayers": 1},
            {"min_nodes": 2},
            "Cannot distribute 1 layers across 2 nodes (need at least 1 layer per node)",
            id="fewer-layers-than-nodes",
        ),
        pytest.param(
            {**SMALL, "storageSize": {"inBytes": 16 * GIGABYTE}, "nLayers": 2},
            {"min_nodes": 2},
            "Node 1 (B) has insufficient memory: requires 8.00 GB for 1 layers, but only has 6.00 GB available",
            id="one-node-too-small",
        ),
    ],
)
def test_refusal(card: dict[str, Any], options: dict[str, Any], message: str) -> None:
    with pytest.raises(placement.PlacementError) as failure:
        placed(cluster({"A": 12, "B": 6}), card, **options)
    assert str(failure.value) == message


def test_tensor_shards_hold_every_layer() -> None:
    _, instance = placed(cluster({"A": 8, "B": 8}), sharding="Tensor", min_nodes=2)
    shards = [shard["TensorShardMetadata"] for shard in instance["shardAssignments"]["runnerToShard"].values()]
    assert {(shard["startLayer"], shard["endLayer"]) for shard in shards} == {(0, 4)}


def test_jaccl_over_cables() -> None:
    kind, instance = placed(cluster({"A": 8, "B": 8}, cables=True), instance_meta="MlxJaccl", min_nodes=2)
    assert kind == "MlxJacclInstance"
    assert instance["jacclDevices"] == [[None, "rdma_en2"], ["rdma_en3", None]]
    first, second = instance["jacclCoordinators"].values()
    assert first.startswith("0.0.0.0:")
    assert second.startswith("10.66.1.65:")


def test_single_node_is_always_a_ring() -> None:
    kind, _ = placed(cluster({"A": 8, "B": 8}), instance_meta="MlxJaccl", sharding="Tensor")
    assert kind == "MlxRingInstance"


def test_previews_name_each_number_of_nodes_once() -> None:
    found = [
        (item["sharding"], item["instance_meta"], sum((item["memory_delta_by_node"] or {}).values()))
        for item in placement.previews(SMALL, cluster({"A": 3, "B": 3}), frozenset())
    ]
    assert found == [
        ("Pipeline", "MlxRing", 4 * GIGABYTE),
        ("Pipeline", "MlxJaccl", 0),
        ("Tensor", "MlxRing", 4 * GIGABYTE),
        ("Tensor", "MlxJaccl", 0),
    ]
