# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
from __future__ import annotations

import json
from typing import Any

import pytest
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._exo import api
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._http import Answer

from tests.unit.plugins.recorded import recorded

FIRST = "12D3KooWKwBNMiZ7Ypj6f6eU849BpF7VPb8cGCzfpTYbvYCn5Afa"
SECOND = "12D3KooWGV9zcLN97zgGgaQ5dKSYqkoTKy4qvoDN3X9puTTG98wS"


def test_recorded_topology() -> None:
    view = api.parse_topology(FIRST, json.loads(recorded("exo-1.0.71-state-topology.json")))
    assert view.nodes == {FIRST, SECOND}
    assert view.edges == {(FIRST, SECOND), (SECOND, FIRST)}
    assert view.addresses[FIRST, SECOND] == ["10.99.0.1"]


@pytest.mark.parametrize(
    ("topology", "edges"),
    [
        pytest.param({}, set(), id="empty"),
        pytest.param({"nodes": ["A"], "connections": {"A": {"B": []}}}, set(), id="no-edge-in-the-list"),
        pytest.param({"connections": {"A": {"B": [{"sinkRdmaIface": "rdma_en4"}]}}}, set(), id="rdma"),
    ],
)
def test_topology(topology: dict[str, Any], edges: set[tuple[str, str]]) -> None:
    assert api.parse_topology("A", topology).edges == edges


@pytest.mark.parametrize(
    ("runners", "names", "ready"),
    [
        pytest.param({"r": {"RunnerReady": {}}}, {"A": "olab1"}, True, id="ready"),
        pytest.param({"r": {"RunnerLoading": {"layersLoaded": 1}}}, {"A": "olab1"}, False, id="loading"),
        pytest.param({"r": {"RunnerReady": {}}}, {}, False, id="runner-of-a-dead-node-looks-ready"),
        pytest.param({}, {"A": "olab1"}, False, id="no-runner"),
    ],
)
def test_instance_is_ready(runners: dict[str, Any], names: dict[str, str], ready: bool) -> None:
    pages = {
        "instances": {"i": {"MlxRingInstance": {"shardAssignments": {"modelId": "m", "nodeToRunner": {"A": "r"}}}}},
        "runners": runners,
    }
    found = api.instances(
        "http://a:1", lambda url, _: Answer(200, json.dumps(pages[url.split("/")[-1]]).encode()), names
    )
    assert [instance["ready"] for instance in found] == [ready]
