# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Choosing the nodes of an instance and the addresses they talk by."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .cards import Card, pipeline_shard
from .identity import new_id
from .state import download_model, tag
from .topology import is_rdma

if TYPE_CHECKING:
    from .state import State

RING, JACCL = "MlxRing", "MlxJaccl"
PIPELINE, TENSOR = "Pipeline", "Tensor"
_PLACEHOLDER = {"ip": "198.51.100.1", "port": 0}  # TEST-NET-2: a rank this node never talks to
_RING_ORDER = {"thunderbolt": 0, "maybe_ethernet": 1, "ethernet": 2, "wifi": 3, "unknown": 4}
_COORDINATOR_ORDER = {"ethernet": 0, "wifi": 1, "unknown": 2, "maybe_ethernet": 3, "thunderbolt": 4}
_NO_PIPELINE = "mlx-community/DeepSeek-V3.1-8bit"
_GIGABYTE = 1024**3


class PlacementError(ValueError):
    """No instance can be placed; the text is the API's."""


@dataclass(frozen=True)
class Request:
    """What a client asks for."""

    card: Card
    sharding: str = PIPELINE
    instance_meta: str = RING
    min_nodes: int = 1
    required_nodes: frozenset[str] = frozenset()


def place(request: Request, state: State) -> dict[str, Any]:
    """Return a new instance on the smallest cycle of nodes that can hold the model."""
    memory = {node: usage["ramAvailable"]["inBytes"] for node, usage in state.data["nodeMemory"].items()}
    cycle = _choose(request, state, memory)
    sharding, meta = (PIPELINE, RING) if len(cycle) == 1 else (request.sharding, request.instance_meta)
    shards = _shards(request.card, sharding, cycle, memory)
    runners = {node: new_id() for node in cycle}
    port = 49153 + secrets.randbelow(65535 - 49153 + 1)
    instance: dict[str, Any] = {
        "instanceId": new_id(),
        "shardAssignments": {
            "modelId": request.card["modelId"],
            "runnerToShard": {runners[node]: shard for node, shard in zip(cycle, shards, strict=True)},
            "nodeToRunner": runners,
        },
    }
    if meta == JACCL:
        instance |= {"jacclDevices": _devices(cycle, state), "jacclCoordinators": _coordinators(cycle, state, port)}
        return {"MlxJacclInstance": instance}
    instance |= {
        "hostsByNode": {node: _hosts(node, cycle, state, port) for node in cycle},
        "ephemeralPort": port,
    }
    return {"MlxRingInstance": instance}


def _choose(request: Request, state: State, memory: dict[str, int]) -> list[str]:
    """Return the nodes, in the order of their ranks."""
    card, topology = request.card, state.topology
    needed = card["storageSize"]["inBytes"]
    cycles = [
        cycle
        for cycle in topology.cycles()
        if len(cycle) >= request.min_nodes
        and request.required_nodes.issubset(cycle)
        and all(node in memory for node in cycle)
        and sum(memory[node] for node in cycle) >= needed
    ]
    if not cycles:
        raise PlacementError("No cycles found with sufficient memory")
    cycles = _filter_by_model(request, cycles)
    smallest = min(map(len, cycles))
    cycles = [cycle for cycle in cycles if len(cycle) == smallest]
    if request.instance_meta == JACCL:
        cycles = [cycle for cycle in cycles if topology.is_rdma_cycle(cycle)]
        if not cycles:
            raise PlacementError("Requested RDMA (MlxJaccl) but no RDMA-connected cycles available")
    leaves = [cycle for cycle in cycles if any(len(topology.neighbours(node)) <= 1 for node in cycle)]
    return max(
        leaves or cycles,
        key=lambda cycle: (
            sum(_is_downloaded(state, node, card["modelId"]) for node in cycle),
            sum(memory[node] for node in cycle),
        ),
    )


def _filter_by_model(request: Request, cycles: list[list[str]]) -> list[list[str]]:
    """Leave out what the model's architecture does not allow."""
    card = request.card
    if request.sharding == TENSOR:
        if not card["supportsTensor"]:
            raise PlacementError(
                f"Requested Tensor sharding but this model does not support tensor parallelism: {card['modelId']}"
            )
        heads = card["numKeyValueHeads"]
        cycles = [
            cycle
            for cycle in cycles
            if card["hiddenSize"] % len(cycle) == 0 and (heads is None or heads % len(cycle) == 0)
        ]
        if not cycles:
            suffix = f", num_key_value_heads={heads}" if heads is not None else ""
            raise PlacementError(
                f"No tensor sharding found for model with hidden_size={card['hiddenSize']}{suffix}"
                " across candidate cycles"
            )
        return cycles
    if card["modelId"] == _NO_PIPELINE:
        raise PlacementError("Pipeline parallelism is not supported for DeepSeek V3.1 (8-bit)")
    if card["baseModel"].startswith("Gemma 4"):
        cycles = [cycle for cycle in cycles if len(cycle) == 1]
        if not cycles:
            raise PlacementError("Pipeline parallelism is not supported for Gemma 4; use tensor parallelism instead.")
    return cycles


def _is_downloaded(state: State, node: str, model_id: str) -> bool:
    """Return whether a node holds the model."""
    return any(
        "DownloadCompleted" in progress and download_model(progress) == model_id
        for progress in state.data["downloads"].get(node, [])
    )


def _shards(card: Card, sharding: str, cycle: list[str], memory: dict[str, int]) -> list[dict[str, Any]]:
    """Return each rank's part of the model."""
    world, layers = len(cycle), card["nLayers"]
    if sharding == TENSOR:
        parts = [pipeline_shard(card, rank, world) for rank in range(world)]
        return [{"TensorShardMetadata": part["PipelineShardMetadata"]} for part in parts]
    shares = _share_layers(layers, [memory[node] for node in cycle])
    for rank, (node, share) in enumerate(zip(cycle, shares, strict=True)):
        required = card["storageSize"]["inBytes"] * share // layers
        if required > memory[node]:
            raise PlacementError(
                f"Node {rank} ({node}) has insufficient memory: requires {required / _GIGABYTE:.2f} GB for"
                f" {share} layers, but only has {memory[node] / _GIGABYTE:.2f} GB available"
            )
    ends = [sum(shares[: rank + 1]) for rank in range(world)]
    return [
        pipeline_shard(card, rank, world, (end - share, end))
        for rank, (share, end) in enumerate(zip(shares, ends, strict=True))
    ]


def _share_layers(layers: int, memory: list[int]) -> list[int]:
    """Share layers in proportion to memory: the largest remainders are rounded up, nobody gets none."""
    if layers < len(memory):
        raise PlacementError(
            f"Cannot distribute {layers} layers across {len(memory)} nodes (need at least 1 layer per node)"
        )
    total = sum(memory)
    if total == 0:
        raise PlacementError("Cannot create shard assignments: total available memory is 0")
    exact = [layers * share / total for share in memory]
    shares = [int(value) for value in exact]
    ranks = sorted(range(len(memory)), key=lambda rank: shares[rank] - exact[rank])
    for rank in ranks[: layers - sum(shares)]:
        shares[rank] += 1
    for rank, share in enumerate(shares):
        if share == 0:
            shares[shares.index(max(shares))] -= 1
            shares[rank] = 1
    return shares


def _address(node: str, other: str, state: State, order: dict[str, int]) -> str | None:
    """Return the address by which one node reaches another, the best kind of interface first."""
    kinds = {
        interface["ipAddress"]: interface["interfaceType"]
        for interface in state.data["nodeNetwork"].get(other, {}).get("interfaces", [])
    }
    addresses = [edge["sinkMultiaddr"]["ip_address"] for edge in state.topology.edges(node, other) if not is_rdma(edge)]
    return min(addresses, key=lambda address: order[kinds.get(address, "unknown")], default=None)


def _hosts(node: str, cycle: list[str], state: State, port: int) -> list[dict[str, Any]]:
    """Return the ring as one node sees it: itself, its two neighbours, placeholders."""
    rank, world = cycle.index(node), len(cycle)
    hosts: list[dict[str, Any]] = []
    for position, other in enumerate(cycle):
        if position == rank:
            hosts.append({"ip": "0.0.0.0", "port": port})  # noqa: S104 - what the API says
        elif position in {(rank - 1) % world, (rank + 1) % world}:
            address = _address(node, other, state, _RING_ORDER)
            if address is None:
                raise PlacementError("MLX ring backend requires connectivity between neighbouring nodes")
            hosts.append({"ip": address, "port": port})
        else:
            hosts.append(dict(_PLACEHOLDER))
    return hosts


def _devices(cycle: list[str], state: State) -> list[list[str | None]]:
    """Return the matrix of RDMA interfaces between the ranks."""
    matrix: list[list[str | None]] = []
    for node in cycle:
        row: list[str | None] = []
        for other in cycle:
            cables = [edge["sourceRdmaIface"] for edge in state.topology.edges(node, other) if is_rdma(edge)]
            if node != other and not cables:
                raise PlacementError("Current jaccl backend requires all-to-all RDMA connections")
            row.append(None if node == other else cables[0])
        matrix.append(row)
    return matrix


def _coordinators(cycle: list[str], state: State, port: int) -> dict[str, str]:
    """Return where each rank finds rank 0."""
    coordinators = {}
    for node in cycle:
        own = "0.0.0.0"  # noqa: S104 - what the API says
        address = own if node == cycle[0] else _address(node, cycle[0], state, _COORDINATOR_ORDER)
        if address is None:
            raise PlacementError("Current jaccl backend requires all participating devices to be able to communicate")
        coordinators[node] = f"{address}:{port}"
    return coordinators


def previews(card: Card, state: State, required_nodes: frozenset[str]) -> list[dict[str, Any]]:
    """Return what each way of placing a model would give, every number of nodes once."""
    found: list[dict[str, Any]] = []
    seen: set[tuple[str, str, int]] = set()
    for sharding in (PIPELINE, TENSOR):
        for meta in (RING, JACCL):
            for count in range(1, len(state.topology.nodes) + 1):
                preview: dict[str, Any] = {"model_id": card["modelId"], "sharding": sharding, "instance_meta": meta}
                try:
                    instance = place(Request(card, sharding, meta, count, required_nodes), state)
                except PlacementError as error:
                    size = 0
                    preview |= {"instance": None, "memory_delta_by_node": None, "error": str(error)}
                else:
                    nodes = sorted(tag(instance)[1]["shardAssignments"]["nodeToRunner"])
                    size = len(nodes)
                    each, rest = divmod(card["storageSize"]["inBytes"], size)
                    deltas = {node: each + (1 if position < rest else 0) for position, node in enumerate(nodes)}
                    preview |= {"instance": instance, "memory_delta_by_node": deltas, "error": None}
                if (sharding, meta, size) not in seen:
                    seen.add((sharding, meta, size))
                    found.append(preview)
    return found
