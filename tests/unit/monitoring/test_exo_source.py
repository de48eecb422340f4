# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What the exporter says of exo while time passes: strangers, runners that are gone, models that never get ready."""

from __future__ import annotations

import time
from typing import Any

import pytest

MODEL = "org/name"
CARD = {"PipelineShardMetadata": {"modelCard": {"modelId": MODEL}}}
# The scrape interval.
STEP = 15


def topology(nodes: str, *edges: str) -> dict[str, Any]:
    connections: dict[str, Any] = {}
    for source, sink in edges:
        connections.setdefault(source, {})[sink] = [{"sinkMultiaddr": {"ip_address": f"10.0.0.{ord(sink)}"}}]
    return {"nodes": list(nodes), "connections": connections}


def instance(nodes: dict[str, str], model: str = MODEL, **more: Any) -> dict[str, Any]:
    shards = {"modelId": model, "nodeToRunner": nodes, "runnerToShard": dict.fromkeys(nodes.values(), CARD), **more}
    return {"MlxRingInstance": {"shardAssignments": shards}}


def downloading(size: int) -> dict[str, Any]:
    progress = {"total": {"inBytes": 1000}, "downloaded": {"inBytes": size}, "speed": 1.0}
    return {"DownloadOngoing": {"shardMetadata": CARD, "downloadProgress": progress}}


class Cluster:
    """Two hosts, what they answer, and the clock."""

    def __init__(self, module, monkeypatch) -> None:
        self.fetch = module("cluster_exporter.fetch")
        self.metrics = module("cluster_exporter.exposition").Metrics
        self.identities: dict[str, Any] = {"a": "A", "b": "B"}
        whole = topology("AB", "AB", "BA")
        self.topologies: dict[str, Any] = {"a": whole, "b": whole}
        self.state: dict[str, Any] = {"instances": {}, "runners": {}, "nodeMemory": {}, "downloads": {}}
        self.now = 1000.0
        monkeypatch.setattr(self.fetch, "document", self.document)
        monkeypatch.setattr(time, "monotonic", lambda: self.now)
        hosts = {"mini1": "a", "mini2": "b"}
        self.source = module("cluster_exporter.exo").Source({"hosts": hosts, "port": 1})

    def document(self, url: str, *_password: str) -> Any:
        host, _, path = url.removeprefix("http://").partition(":1/")
        if host not in self.identities:
            raise self.fetch.SourceError("no answer")
        if path == "node_id":
            return self.identities[host]
        part = path.removeprefix("state/")
        if part == "topology":
            return self.topologies[host]
        if part not in self.state:
            raise self.fetch.SourceError("404")
        return self.state[part]

    def scrape(self, seconds: float = STEP) -> dict[str, float]:
        """Let time pass and return the figures."""
        self.now += seconds
        metrics = self.metrics()
        self.source.measure(metrics)
        lines = [line for line in metrics.render().splitlines() if not line.startswith("#")]
        return {line.rpartition(" ")[0]: float(line.rpartition(" ")[2]) for line in lines}

    def stalled(self, seconds: float = STEP, instance_id: str = "i") -> float:
        label = f'instance_id="{instance_id}"'
        (value,) = (
            value
            for name, value in self.scrape(seconds).items()
            if name.startswith("exo_instance_stalled_seconds") and label in name
        )
        return value

    def strangers(self, seconds: float = STEP) -> dict[str, float]:
        """Return the labels and seconds of the strangers."""
        return {
            name.partition("{")[2]: value
            for name, value in self.scrape(seconds).items()
            if name.startswith("exo_stranger_seconds")
        }


@pytest.fixture
def exo(module, monkeypatch) -> Cluster:
    return Cluster(module, monkeypatch)


INVADED = topology("ABX", "AB", "BA", "AX", "BX")


@pytest.mark.parametrize(
    ("view", "addresses"),
    [
        pytest.param(INVADED, "10.0.0.88", id="in-nodes-and-connections"),
        pytest.param(topology("ABX", "AB", "BA"), "unknown", id="only-in-nodes"),
        pytest.param(topology("AB", "AB", "BA", "BX"), "10.0.0.88", id="only-as-a-sink"),
        pytest.param(topology("AB", "AB", "BA", "XA"), "unknown", id="only-as-a-source"),
        pytest.param({"nodes": ["A", "X"]}, "unknown", id="without-connections"),
        pytest.param({"nodes": None, "connections": {"A": {"X": None}}}, "unknown", id="edges-are-missing"),
    ],
)
def test_a_stranger_is_named_with_its_addresses(exo, view, addresses):
    # The second host alone sees it.
    exo.topologies["b"] = view
    exo.scrape()
    assert exo.strangers(60) == {f'addresses="{addresses}",may_be="",node_id="X"}}': 60.0}
    assert exo.scrape()["exo_strangers"] == 1


def test_where_nobody_reaches_it_it_is_where_it_says(exo):
    interfaces = [{"ipAddress": "127.0.0.1"}, {"ipAddress": "fe80::1%en0"}, {"ipAddress": "10.9.9.9"}, {}]
    exo.state["nodeNetwork"] = {"X": {"interfaces": interfaces}}
    exo.topologies["a"] = topology("ABX")
    assert 'addresses="10.9.9.9"' in next(iter(exo.strangers()))


def test_the_identity_that_a_host_had_before_is_no_stranger(exo):
    exo.scrape()
    exo.identities["b"] = "C"
    exo.topologies = dict.fromkeys("ab", topology("ABC", "AC", "CA", "AB"))
    assert exo.strangers() == {}
    assert exo.scrape()["exo_strangers"] == 0
    del exo.identities["b"]
    assert exo.strangers() == {}, "a host that is silent now is still in the cluster"


def test_it_may_be_a_host_that_does_not_answer(exo):
    exo.topologies["a"] = INVADED
    del exo.identities["b"]
    assert set(exo.strangers()) == {
        'addresses="10.0.0.66",may_be="mini2",node_id="B"}',
        'addresses="10.0.0.88",may_be="mini2",node_id="X"}',
    }


def test_one_that_comes_and_goes_gets_older(exo):
    whole = exo.topologies["a"]
    for look in range(8):
        exo.topologies["a"] = whole if look % 2 else INVADED
        found = exo.strangers()
    assert list(found.values()) == [90.0]
    exo.topologies["a"] = whole
    assert exo.strangers(120) == {}


def test_one_that_has_gone_gets_no_older(exo):
    exo.topologies["a"] = INVADED
    exo.scrape()
    exo.topologies["a"] = exo.topologies["b"]
    assert set(exo.strangers(52).values()) == {0.0}


def test_what_gives_no_identity_is_not_exo(exo):
    exo.identities["b"] = {"id": "B"}
    assert exo.scrape()['exo_node_reachable{node="mini2"}'] == 0


def test_a_host_without_a_topology_leaves_the_others(exo):
    exo.topologies["a"] = None
    assert exo.scrape()["exo_nodes"] == 2


def test_runners_of_models_that_are_gone_are_not_counted(exo):
    exo.state["instances"] = {"i": instance({"A": "r"})}
    exo.state["runners"] = {"r": {"RunnerFailed": {"errorMessage": "x"}}, "s": {"RunnerShuttingDown": {}}}
    assert exo.scrape()['exo_runners{state="RunnerFailed"}'] == 1
    exo.state["instances"] = {}
    found = exo.scrape()
    assert {value for name, value in found.items() if name.startswith("exo_runners")} == {0.0}
    assert not any(name.startswith(("exo_instance_", "exo_runner_ready")) for name in found)


@pytest.mark.parametrize(
    ("placed", "runners", "ready"),
    [
        pytest.param(instance({"A": "r"}), {"r": {"RunnerReady": {}}}, True, id="ready"),
        pytest.param(instance({"A": "r"}), {"r": {"RunnerRunning": {}}}, True, id="running"),
        pytest.param(instance({"A": "r"}), {"r": {"RunnerLoaded": {}}}, False, id="on-its-way"),
        pytest.param(instance({"A": "r"}), {}, False, id="no-entry"),
        pytest.param(instance({"A": "r"}), {"r": {"RunnerPondering": {}}}, False, id="state-of-another-version"),
        pytest.param(instance({"A": "r"}), {"r": "RunnerReady"}, False, id="state-of-another-form"),
        pytest.param(instance({"A": "r", "B": "s"}), {"r": {"RunnerReady": {}}}, False, id="one-of-two"),
        pytest.param(instance({"Z": "r"}), {"r": {"RunnerReady": {}}}, False, id="of-a-node-that-is-gone"),
        pytest.param(instance({}), {}, False, id="without-runners"),
        pytest.param(
            instance({"A": "r"}, runnerToShard={"r": CARD, "s": CARD}),
            {"r": {"RunnerReady": {}}, "s": {"RunnerReady": {}}},
            False,
            id="runner-on-no-node",
        ),
        pytest.param({"NewInstance": {}}, {}, False, id="without-assignments"),
        pytest.param(["odd"], {}, False, id="instance-of-another-form"),
    ],
)
def test_ready_is_what_can_answer(exo, placed, runners, ready):
    exo.state["instances"], exo.state["runners"] = {"i": placed}, runners
    exo.scrape()
    assert exo.stalled(400) == (0 if ready else 400)
    found = exo.scrape()
    assert [value for name, value in found.items() if name.startswith("exo_instance_ready")] == [float(ready)]
    assert found['exo_runners{state="RunnerFailed"}'] == 0


def test_an_unknown_state_is_counted_by_its_name(exo):
    exo.state["instances"] = {"i": instance({"A": "r", "B": "s"})}
    exo.state["runners"] = {"r": {"RunnerPondering": {}}}
    found = exo.scrape()
    assert (found['exo_runners{state="RunnerPondering"}'], found['exo_runners{state="absent"}']) == (1, 1)
    assert f'exo_runner_ready{{instance_id="i",model="{MODEL}",node="mini2",state="absent"}}' in found


def test_instances_of_one_model_are_told_apart(exo):
    exo.state["instances"] = {"i": instance({"A": "r"}), "j": instance({"B": "s"})}
    exo.state["runners"] = {"r": {"RunnerIdle": {}}, "s": {"RunnerReady": {}}}
    exo.scrape()
    assert (exo.stalled(), exo.stalled(instance_id="j")) == (15, 0)


def loading(layers: int) -> dict[str, Any]:
    return {"RunnerLoading": {"layersLoaded": layers, "totalLayers": 60}}


def after(exo: Cluster, *states: dict[str, Any], key: str = "r") -> float:
    """Return the age when the runner has been through these states, one at each look."""
    exo.state["instances"] = {"i": instance({"A": "r", "B": "s"})}
    age = 0.0
    for state in states:
        exo.state["runners"] = {"s": {"RunnerIdle": {}}, key: state}
        age = exo.stalled()
    return age


IDLE: dict[str, Any] = {"RunnerIdle": {}}


@pytest.mark.parametrize(
    ("states", "age"),
    [
        pytest.param([IDLE, IDLE, IDLE], 30, id="nothing-happens"),
        pytest.param([IDLE, {"RunnerConnecting": {}}, {"RunnerConnecting": {}}], 15, id="connects-and-hangs"),
        pytest.param([loading(1), loading(2), loading(3)], 0, id="loads"),
        pytest.param([loading(1), loading(2), loading(2)], 15, id="stops-loading"),
        pytest.param([loading(9), IDLE, loading(0), loading(1)], 0, id="loads-again"),
        pytest.param([{"RunnerLoading": {}}] * 3, 30, id="loads-without-saying-how-far"),
        pytest.param([loading(3), {"RunnerPondering": {}}, loading(3)], 30, id="unknown-in-between"),
        pytest.param([{"RunnerFailed": {}}, {"RunnerShuttingDown": {}}, {"RunnerFailed": {}}], 30, id="fails"),
        pytest.param([loading(0), IDLE] * 12, 15 * 13, id="goes-in-circles"),
    ],
)
def test_the_age_begins_again_with_every_progress(exo, states, age):
    assert after(exo, *states) == age


def test_a_download_that_goes_on_is_progress(exo):
    exo.state["instances"], exo.state["runners"] = {"i": instance({"A": "r"})}, {"r": {"RunnerIdle": {}}}
    for size in (10, 20, 30):
        exo.state["downloads"] = {"A": [downloading(size)], "Z": [downloading(size * 100)]}
        assert exo.stalled() == 0
    exo.state["downloads"] = {"A": [downloading(30)], "Z": [downloading(9000)]}
    assert exo.stalled() == 15, "of a node that has no part in it"
    exo.state["downloads"] = {"A": [{"DownloadOngoing": {}}, {"DownloadCompleted": {}}, "odd"]}
    assert exo.stalled() == 30


def test_what_was_ready_begins_anew_when_it_breaks(exo):
    exo.state["instances"], exo.state["runners"] = {"i": instance({"A": "r"})}, {"r": {"RunnerReady": {}}}
    for _ in range(30):
        exo.scrape()
    exo.state["runners"] = {"r": loading(2)}
    assert exo.stalled() == 0
    assert exo.stalled() == 15


def test_one_placed_anew_begins_anew(exo):
    exo.state["instances"], exo.state["runners"] = {"i": instance({"A": "r"})}, {}
    exo.scrape()
    assert exo.stalled(300) == 300
    exo.state["instances"] = {"j": instance({"A": "q"})}
    assert exo.stalled(instance_id="j") == 0


def test_parts_of_another_form_leave_the_rest(exo):
    exo.state.update(
        instances=[], runners=None, nodeMemory={"A": {"ramTotal": None}}, downloads={"A": [{"DownloadOngoing": {}}, 7]}
    )
    found = exo.scrape()
    assert (found["exo_instances"], found["exo_nodes"]) == (0, 2)
    assert found['exo_downloads{node="mini1",state="DownloadOngoing"}'] == 1


def test_names_on_cables_are_asked_where_the_lan_refuses(exo, module):
    exo.source = module("cluster_exporter.exo").Source(
        {"hosts": {"mini1": "a", "mini2": "lan"}, "port": 1, "by_cable": True}
    )
    exo.identities["mini2.tb"], exo.topologies["mini2.tb"] = "B", exo.topologies["b"]
    found = exo.scrape()
    assert (found['exo_node_reachable{node="mini2"}'], found["exo_strangers"]) == (1, 0)
