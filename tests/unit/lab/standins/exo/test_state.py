# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
from __future__ import annotations

from typing import Any

import pytest

from lab.standins.exo.standin.event_log import EventLog, snake_case
from lab.standins.exo.standin.state import State


def gathered(node: str, kind: str, info: dict[str, Any]) -> dict[str, Any]:
    return {"NodeGatheredInfo": {"nodeId": node, "when": "2026-11-21T06:43:03.986584Z", "info": {kind: info}}}


def state_after(*events: dict[str, Any]) -> State:
    state = State()
    for index, event in enumerate(events):
        state.apply(index, event)
    return state


def bridge(node: str, *, enabled: bool) -> dict[str, Any]:
    status = {"enabled": enabled, "exists": True, "serviceName": "Thunderbolt Bridge"}
    return gathered(node, "ThunderboltBridgeInfo", {"status": status})


def port(node: str) -> dict[str, Any]:
    interface = {"rdmaInterface": f"rdma_{node}", "domainUuid": f"domain-{node}", "linkSpeed": "Up to 40 Gb/s"}
    return gathered(node, "MacThunderboltIdentifiers", {"idents": [interface]})


def cable(node: str, far: str) -> dict[str, Any]:
    connection = {"sourceUuid": f"domain-{node}", "sinkUuid": f"domain-{far}"}
    return gathered(node, "MacThunderboltConnections", {"conns": [connection]})


def test_information_makes_a_node() -> None:
    state = state_after(gathered("A", "MiscData", {"friendlyName": "olab1"}))
    assert state.topology.nodes == ["A"]
    assert state.data["nodeIdentities"]["A"]["friendlyName"] == "olab1"
    assert state.data["lastSeen"] == {"A": "2026-11-21T06:43:03.986584Z"}
    assert state.index == 0


def test_dead_node_keeps_its_identity_only() -> None:
    state = state_after(
        gathered("A", "MiscData", {"friendlyName": "olab1"}),
        gathered("A", "MemoryUsage", {}),
        {"NodeTimedOut": {"nodeId": "A"}},
    )
    assert list(state.data["nodeIdentities"]) == ["A"]
    assert (state.topology.nodes, state.data["nodeMemory"], state.data["lastSeen"]) == ([], {}, {})


@pytest.mark.parametrize(
    ("status", "left"),
    [({"RunnerShuttingDown": {}}, {"r": {"RunnerShuttingDown": {}}}), ({"RunnerShutdown": {}}, {})],
    ids=["shutting-down-stays", "shut-down-is-removed"],
)
def test_runner_entries(status: dict[str, Any], left: dict[str, Any]) -> None:
    state = state_after({"RunnerStatusUpdated": {"runnerId": "r", "runnerStatus": status}})
    assert state.data["runners"] == left


def test_cables_become_edges_without_a_word_about_rdma() -> None:
    state = state_after(port("A"), port("B"), cable("A", "B"))
    assert state.topology.edges("A", "B") == [{"sourceRdmaIface": "rdma_A", "sinkRdmaIface": "rdma_B"}]
    assert state.data["nodeRdmaCtl"] == {}


def test_bridge_loop_is_looked_for_when_a_bridge_goes_on() -> None:
    wired = [port("A"), port("B"), cable("A", "B"), cable("B", "A")]
    state = state_after(*wired, bridge("A", enabled=True), bridge("B", enabled=True))
    assert state.data["thunderboltBridgeCycles"] == [["A", "B"]]
    state.apply(9, bridge("B", enabled=False))
    assert state.data["thunderboltBridgeCycles"] == []


def test_bridge_loop_is_missed_when_the_edges_come_later() -> None:
    state = state_after(
        bridge("A", enabled=True), bridge("B", enabled=True), port("A"), port("B"), cable("A", "B"), cable("B", "A")
    )
    assert state.data["thunderboltBridgeCycles"] == []


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"nodeId": "x"}, {"node_id": "x"}),
        ({"NodeGatheredInfo": {"ramTotal": {"inBytes": 1}}}, {"NodeGatheredInfo": {"ram_total": {"in_bytes": 1}}}),
        ([{"12D3KooWabC": {"nLayers": 4}}], [{"12D3KooWabC": {"n_layers": 4}}]),
        ({"27eb32f2-5fb0-4694-9b40-69f7172444e3": 1}, {"27eb32f2-5fb0-4694-9b40-69f7172444e3": 1}),
    ],
    ids=["field", "tag-stays", "node-id-stays", "uuid-stays"],
)
def test_snake_case(value: Any, expected: Any) -> None:
    assert snake_case(value) == expected


def test_event_log(tmp_path: Any) -> None:
    for count in range(7):
        log = EventLog(tmp_path)
        log.append({"TaskCreated": {"taskId": str(count)}})
        assert log.read() == [{"TaskCreated": {"task_id": str(count)}}]
        log.close()
    assert len(list(tmp_path.iterdir())) == 5
