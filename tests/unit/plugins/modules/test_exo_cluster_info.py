# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.hybrid_ai.cluster.plugins.module_utils import _http
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._http import Answer, HttpError

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
OTHER_VERSION = (
    "olab2 is silent: http://b:52415/state/topology {}, so exo there has another version. All members need the same "
    "version: repeat site.yml with --tags exo and without a limit."
)
OTHER_PROGRAM = (
    "olab2 is silent: http://b:52415/node_id {}. Stop what has that port there, then repeat site.yml with --tags exo."
)
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
        pytest.param([(0, STALE), (52, FORMED)], 57, id="ended-node-stays-as-long-as-was-seen"),
        pytest.param([(0, ONE_WAY), (115, STALE), (150, FORMED)], 155, id="ended-node-at-the-end-of-the-time"),
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
            [OTHER_PROGRAM.format("gives no node identity, so something else than exo answers there")],
            id="something-else-on-the-port",
        ),
        pytest.param(
            [(0, {"a": ("A", WHOLE), "b": ("A", WHOLE)})],
            ["olab1 and olab2 answer with one identity, so their addresses lead to one machine: correct ansible_host."],
            id="one-machine-at-two-addresses",
        ),
        pytest.param(
            [(0, {"a": ("A", WHOLE), "b": ("B", {"nodes": 7})})],
            [OTHER_VERSION.format("has an unknown form")],
            id="another-version",
        ),
        pytest.param(
            [(0, {"a": ("A", WHOLE), "b": ("B", Answer(404, b'{"detail":"Not Found"}'))})],
            [OTHER_VERSION.format('answers with status 404: {"detail":"Not Found"}')],
            id="another-version-without-that-page",
        ),
        pytest.param(
            [(0, {"a": ("A", WHOLE), "b": ("B", HttpError("http://b:52415/state/topology does not answer: reset"))})],
            [
                (
                    "olab2 is silent: http://b:52415/state/topology does not answer: reset. exo there is stuck or "
                    "busy: look at its log, or restart it."
                )
            ],
            id="its-identity-and-then-nothing",
        ),
        pytest.param(
            [(0, {"a": ("A", WHOLE), "b": (Answer(404, b"404 page not found"), WHOLE)})],
            [OTHER_PROGRAM.format("answers with status 404: 404 page not found")],
            id="a-web-server-on-the-port",
        ),
        pytest.param(
            [(0, {"a": ("A", WHOLE), "olab2.tb": ("A", WHOLE)})],
            [
                (
                    "olab1 and olab2 answer with one identity, so olab2.tb leads to another machine: repeat site.yml "
                    "with --tags thunderbolt, which writes these names to /etc/hosts."
                )
            ],
            id="a-name-that-leads-to-another-machine",
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
    strangers = [stranger["sentence"] for stranger in result["strangers"]]
    assert result["msg"] == f"The exo cluster is not whole after 60 seconds. {' '.join([*missing, *strangers])}"


def test_an_incomplete_cluster_need_not_fail(
    run_module: Callable[..., dict[str, Any]], clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_http, "fetch", Stage(clock, [(0, ALONE)], PAGES).fetch)
    result = run_module("exo_cluster_info", {"members": MEMBERS, "timeout": 0, "fail_when_incomplete": False})
    assert (result.get("failed", False), result["formed"]) == (False, False)


def test_members_are_needed(run_module: Callable[..., dict[str, Any]]) -> None:
    result = run_module("exo_cluster_info", {"members": []})
    assert result["msg"] == "members is empty: name the hosts that belong to the cluster."


THIRD = {"name": "olab3", "address": "c"}
OUTSIDE = {**THIRD, "required": False}
INVADED = topology("AB", "BA", "AX", "BX", "XA", "XB")
MET = {"a": ("A", INVADED), "b": ("B", INVADED)}
# Its node has ended: nobody reaches it any more, and it is still listed.
ENDED = topology("AB", "BA", nodes="X")
NETWORK = {
    "X": {"interfaces": [{"ipAddress": "127.0.0.1"}, {"ipAddress": "fe80::1%en0"}, {"ipAddress": "10.0.0.77"}, {}]},
    "Y": None,
}
CURED = "take it off the network and give the cluster another namespace"


def stranger_of(result: dict[str, Any]) -> dict[str, Any]:
    (found,) = result["strangers"]
    return dict(found)


@pytest.mark.parametrize(
    ("view", "pages", "addresses"),
    [
        pytest.param(INVADED, {}, ["10.0.0.88"], id="where-members-reach-it"),
        pytest.param(ENDED, {"state/nodeNetwork": NETWORK}, ["10.0.0.77"], id="where-it-says-that-it-is"),
        pytest.param(ENDED, {}, [], id="nobody-knows-where"),
        pytest.param({**WHOLE, "connections": {**WHOLE["connections"], "X": {"A": []}}}, {}, [], id="only-as-a-source"),
        pytest.param(topology("AB", "BA", "AX") | {"nodes": ["A", "B"]}, {}, ["10.0.0.88"], id="only-as-a-sink"),
        pytest.param(
            WHOLE,
            {"state/lastSeen": {"A": "2026-11-21T06:43:11.0Z", "X": "2026-11-21T06:43:10.5Z"}},
            [],
            id="only-just-heard-of",
        ),
    ],
)
def test_a_stranger_fails_with_where_it_is(
    *,
    run_module: Callable[..., dict[str, Any]],
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
    view: dict[str, Any],
    pages: dict[str, Any],
    addresses: list[str],
) -> None:
    scene = {"a": ("A", view), "b": ("B", view)}
    monkeypatch.setattr(_http, "fetch", Stage(clock, [(0, scene)], {**PAGES, **pages}).fetch)
    result = run_module("exo_cluster_info", {"members": MEMBERS})
    assert (result.get("failed", False), result["formed"]) == (True, True)
    found = stranger_of(result)
    assert (found["node_id"], found["addresses"]) == ("X", addresses)
    assert (found["seen_by"], found["may_be"], found["certain"]) == (["olab1", "olab2"], [], True)
    assert result["msg"] == f"The exo cluster has strangers. {found['sentence']}"
    assert found["sentence"].startswith(f"X at {', '.join(addresses) or 'an unknown address'} is in the exo cluster")
    assert CURED in found["sentence"]
    assert result["seconds"] == 65


def test_one_member_that_sees_it_is_enough(
    run_module: Callable[..., dict[str, Any]], clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage = Stage(clock, [(0, {"a": ("A", WHOLE), "b": ("B", INVADED)})], PAGES)
    monkeypatch.setattr(_http, "fetch", stage.fetch)
    assert stranger_of(run_module("exo_cluster_info", {"members": MEMBERS}))["seen_by"] == ["olab2"]


def test_one_that_comes_and_goes_is_a_stranger(
    run_module: Callable[..., dict[str, Any]], clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    scenes: Scenes = [(second, MET if second % 4 else FORMED) for second in range(0, 300, 2)]
    monkeypatch.setattr(_http, "fetch", Stage(clock, scenes, PAGES).fetch)
    result = run_module("exo_cluster_info", {"members": MEMBERS})
    assert "X at 10.0.0.88" in str(result.get("msg"))


def test_a_look_without_patience_says_what_it_may_be(
    run_module: Callable[..., dict[str, Any]], clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_http, "fetch", Stage(clock, [(0, MET)], PAGES).fetch)
    result = run_module("exo_cluster_info", {"members": MEMBERS, "timeout": 0})
    assert (result.get("failed", False), result["seconds"]) == (True, 0)
    assert stranger_of(result)["certain"] is False
    assert "unless a node has started again within the last minute" in result["msg"]


def test_what_was_a_member_a_moment_ago_is_no_stranger(
    run_module: Callable[..., dict[str, Any]], clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    again = topology("AC", "CA", nodes="B")
    scenes: Scenes = [(0, ONE_WAY), (2, {"a": ("A", again), "b": ("C", again)})]
    monkeypatch.setattr(_http, "fetch", Stage(clock, scenes, PAGES).fetch)
    result = run_module("exo_cluster_info", {"members": MEMBERS, "timeout": 60})
    assert (result["formed"], result["strangers"]) == (True, [])


@pytest.mark.parametrize("third", [THIRD, OUTSIDE], ids=["in-the-run", "outside-of-the-run"])
def test_it_may_be_a_member_that_does_not_answer(
    run_module: Callable[..., dict[str, Any]], clock: Clock, monkeypatch: pytest.MonkeyPatch, third: dict[str, Any]
) -> None:
    monkeypatch.setattr(_http, "fetch", Stage(clock, [(0, MET)], PAGES).fetch)
    result = run_module("exo_cluster_info", {"members": [*MEMBERS, third]})
    found = stranger_of(result)
    assert (result["failed"], found["may_be"], result["silent"]) == (True, ["olab3"], ["olab3"])
    assert "it may be olab3, which does not answer; look at exo there" in result["msg"]
    assert CURED not in found["sentence"]


def test_more_identities_than_silent_members_are_strangers_all_the_same(
    run_module: Callable[..., dict[str, Any]], clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    view = topology("AB", "BA", "AX", "AY")
    monkeypatch.setattr(_http, "fetch", Stage(clock, [(0, {"a": ("A", view), "b": ("B", view)})], PAGES).fetch)
    result = run_module("exo_cluster_info", {"members": [*MEMBERS, OUTSIDE]})
    assert [stranger["may_be"] for stranger in result["strangers"]] == [["olab3"], ["olab3"]]
    assert all(CURED in stranger["sentence"] for stranger in result["strangers"])


def test_a_member_of_another_version_is_no_stranger(
    run_module: Callable[..., dict[str, Any]], clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage = Stage(clock, [(0, {"a": FORMED["a"], "b": ("B", {"nodes": 7})})], PAGES)
    monkeypatch.setattr(_http, "fetch", stage.fetch)
    assert run_module("exo_cluster_info", {"members": MEMBERS})["strangers"] == []


WITH_THIRD = topology("AB", "BA", "AC", "CA", "BC", "CB")


@pytest.mark.parametrize(
    ("scene", "seconds", "silent", "apart"),
    [
        pytest.param(FORMED, 5, ["olab3"], 0, id="silent"),
        pytest.param({key: (key.upper(), WITH_THIRD) for key in "abc"}, 5, [], 0, id="part-of-it"),
        pytest.param({**FORMED, "c": ("C", topology(nodes="C"))}, 120, [], 3, id="in-a-cluster-of-its-own"),
    ],
)
def test_members_outside_of_the_run_are_asked_and_need_not_be_there(
    *,
    run_module: Callable[..., dict[str, Any]],
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
    scene: dict[str, Any],
    seconds: int,
    silent: list[str],
    apart: int,
) -> None:
    monkeypatch.setattr(_http, "fetch", Stage(clock, [(0, scene)], PAGES).fetch)
    result = run_module("exo_cluster_info", {"members": [*MEMBERS, OUTSIDE]})
    assert (result["formed"], result["strangers"], result["silent"]) == (True, [], silent)
    assert (result["seconds"], len(result["apart"])) == (seconds, apart)
    assert all("without a limit" in sentence for sentence in result["apart"])


def test_a_stranger_need_not_fail(
    run_module: Callable[..., dict[str, Any]], clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_http, "fetch", Stage(clock, [(0, MET)], PAGES).fetch)
    result = run_module("exo_cluster_info", {"members": MEMBERS, "fail_when_stranger": False})
    assert (result.get("failed", False), stranger_of(result)["node_id"]) == (False, "X")
