# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.hybrid_ai.cluster.plugins.module_utils import _http

from tests.unit.plugins.exo_stage import Stage, topology

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.unit.plugins.harness import Clock

MEMBERS = [{"name": "olab1", "address": "a"}, {"name": "olab2", "address": "b"}]
WHOLE = topology("AB", "BA")
FORMED = {"a": ("A", WHOLE), "b": ("B", WHOLE)}
ALONE = {"a": ("A", topology(nodes="A")), "b": ("B", topology(nodes="B"))}
ONE_WAY = {"a": ("A", topology("AB")), "b": ("B", topology("AB"))}
STALE = {"a": ("A", topology("AB", "BA", nodes="X")), "b": ("B", topology("AB", "BA", nodes="X"))}
RESTARTED = {"a": ("A", topology("AC", "CA")), "b": ("C", topology("AC", "CA"))}
PAGES = {
    "v1/models?status=downloaded": {"object": "list", "data": [{"id": "org/small"}]},
    "state/instances": {
        "i1": {
            "MlxRingInstance": {
                "shardAssignments": {"modelId": "org/small", "nodeToRunner": {"A": "r1", "B": "r2"}},
            }
        }
    },
    "state/runners": {"r1": {"RunnerReady": {}}, "r2": {"RunnerRunning": {}}},
}

SILENT = "{} is silent: {}. Is exo running there with API port 52415?"
UNSEEN = (
    "{} does not see {}: all need the same version and namespace (EXO_LIBP2P_NAMESPACE), and mDNS (UDP 5353) has to "
    "pass between them."
)
UNCONNECTED = "{} knows no connection from {}: all need API port 52415, open between them."

Scenes = list[tuple[float, dict[str, Any]]]


@pytest.mark.parametrize(
    ("scenes", "seconds"),
    [
        pytest.param([(0, FORMED)], 5, id="already-whole"),
        pytest.param([(0, {}), (3, ALONE), (6, FORMED)], 11, id="forming"),
        pytest.param([(0, FORMED), (3, ONE_WAY), (6, FORMED)], 11, id="edge-lost-for-a-while"),
        pytest.param([(0, STALE), (33, FORMED)], 38, id="ended-node-stays-in-the-topology"),
        pytest.param([(0, STALE)], 50, id="identity-that-stays-is-another-machine"),
        pytest.param([(0, RESTARTED), (3, FORMED)], 8, id="restart-gives-a-new-identity"),
    ],
)
def test_waits_until_the_picture_has_held(
    run_module: Callable[..., dict[str, Any]],
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
    scenes: Scenes,
    seconds: float,
) -> None:
    monkeypatch.setattr(_http, "fetch", Stage(clock, scenes, PAGES).fetch)
    result = run_module("exo_cluster_info", {"members": MEMBERS}, check=True)
    assert result["seconds"] == seconds
    assert (result["changed"], result["formed"], result["missing"]) == (False, True, [])


def test_a_member_that_refuses_the_lan_is_asked_over_thunderbolt(
    run_module: Callable[..., dict[str, Any]], clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage = Stage(clock, [(0, {"olab1.tb": FORMED["a"], "b": FORMED["b"]})], PAGES)
    monkeypatch.setattr(_http, "fetch", stage.fetch)
    result = run_module("exo_cluster_info", {"members": MEMBERS})
    assert (result["formed"], result["models"]) == (True, ["org/small"])


def test_describes_the_cluster(
    run_module: Callable[..., dict[str, Any]], clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_http, "fetch", Stage(clock, [(0, FORMED)], PAGES).fetch)
    result = run_module("exo_cluster_info", {"members": MEMBERS, "timeout": 0})
    assert result["members"] == [
        {"name": "olab1", "address": "a", "node_id": "A"},
        {"name": "olab2", "address": "b", "node_id": "B"},
    ]
    assert result["edges"] == [
        {"source": "olab1", "sink": "olab2", "addresses": ["10.0.0.66"]},
        {"source": "olab2", "sink": "olab1", "addresses": ["10.0.0.65"]},
    ]
    assert result["models"] == ["org/small"]
    assert result["instances"] == [
        {"id": "i1", "kind": "MlxRingInstance", "model": "org/small", "nodes": ["olab1", "olab2"], "ready": True}
    ]


@pytest.mark.parametrize(
    ("scenes", "missing"),
    [
        pytest.param(
            [(0, {"a": ALONE["a"]})],
            [SILENT.format("olab2", "http://b:52415/node_id does not answer: connection refused")],
            id="silent-host",
        ),
        pytest.param(
            [(0, ALONE)],
            [UNSEEN.format("olab1", "olab2"), UNSEEN.format("olab2", "olab1")],
            id="other-namespace",
        ),
        pytest.param(
            [(0, {"a": ("A", topology("AB")), "b": ("B", WHOLE)})],
            [UNCONNECTED.format("olab1", "olab2 to olab1")],
            id="asymmetric-edge",
        ),
        pytest.param(
            [(0, {"a": ("A", topology(nodes="AB")), "b": ("B", WHOLE)})],
            [UNCONNECTED.format("olab1", "olab1 to olab2, nor from olab2 to olab1")],
            id="other-api-port",
        ),
        pytest.param(
            [(0, {"a": ("A", WHOLE), "b": ({"id": "B"}, WHOLE)})],
            [
                SILENT.format(
                    "olab2", "http://b:52415/node_id gives no node identity, so something else than exo answers there"
                )
            ],
            id="something-else-on-the-port",
        ),
        pytest.param(
            [(0, ALONE), (58, FORMED)],
            ["The cluster has been whole for 2 seconds only, not for 5: allow more time."],
            id="whole-too-late",
        ),
    ],
)
def test_says_what_is_missing(
    run_module: Callable[..., dict[str, Any]],
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
    scenes: Scenes,
    missing: list[str],
) -> None:
    monkeypatch.setattr(_http, "fetch", Stage(clock, scenes, PAGES).fetch)
    result = run_module("exo_cluster_info", {"members": MEMBERS, "timeout": 60})
    assert result["missing"] == missing
    assert result["msg"] == f"The exo cluster is not whole after 60 seconds. {' '.join(missing)}"


def test_an_incomplete_cluster_need_not_fail(
    run_module: Callable[..., dict[str, Any]], clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_http, "fetch", Stage(clock, [(0, ALONE)], PAGES).fetch)
    result = run_module("exo_cluster_info", {"members": MEMBERS, "timeout": 0, "fail_when_incomplete": False})
    assert (result.get("failed", False), result["formed"]) == (False, False)


def test_members_are_needed(run_module: Callable[..., dict[str, Any]]) -> None:
    result = run_module("exo_cluster_info", {"members": []})
    assert result["msg"] == "members is empty: name the hosts that belong to the cluster."
