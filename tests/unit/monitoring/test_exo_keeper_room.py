# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Memory, as the keeper counts it: where a model fits, and what is said where it fits nowhere."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from tests.unit.monitoring.keeper_stage import GIB, HOSTS, Stage

if TYPE_CHECKING:
    from collections.abc import Callable

NO_CYCLES = "No cycles found with sufficient memory"  # of /instance/placement, as recorded
ONE_NODE = "Node 1 (B) has insufficient memory: requires 8.00 GB for 1 layers, but only has 6.00 GB available"


@pytest.fixture
def full(module) -> Stage:
    """Return nodes with less free memory than a model takes, and more in all."""
    stage = Stage(module, size=12 * GIB)
    stage.known = {"qwen": (4, 12 * GIB)}
    stage.memory = dict.fromkeys(HOSTS, 3 * GIB)
    stage.total = dict.fromkeys(HOSTS, 16 * GIB)
    return stage


def refuse(stage: Stage, text: str = NO_CYCLES) -> None:
    """Note what a keeper does when exo refuses a placement now."""
    model, view = stage.settings.models[0], stage.look()
    enough = stage.room.enough(model, view.ours & set(model.hosts), view, text)
    stage.watch.failure("qwen").add(text, stage.now, stage.settings.pause, enough)


def said(stage: Stage) -> str:
    text: str = stage.room.shortage(stage.settings.models[0], stage.look(), stage.watch.failures.get("qwen"))
    return text


def test_the_second_refusal_for_want_of_memory_is_certain(full: Stage) -> None:
    refuse(full)
    assert said(full) == ""
    refuse(full)
    assert said(full) == (
        "exo has no room for qwen, which takes 12.0 GiB: its nodes have 9.0 GiB free (mini1 3.0 GiB of 16.0 GiB, mini2"
        " 3.0 GiB of 16.0 GiB, mini3 3.0 GiB of 16.0 GiB). End what holds memory there, name more hosts for it in"
        " cluster_models, or take a smaller model."
    )


def test_what_holds_memory_and_who_is_missing_is_named(full: Stage) -> None:
    full.place("i", "A", model="another")
    full.nodes.remove("C")
    refuse(full)
    refuse(full)
    assert "its nodes have 6.0 GiB free (mini1 3.0 GiB of 16.0 GiB, mini2 3.0 GiB of 16.0 GiB)" in said(full)
    assert "; placed there: another; not there: mini3. " in said(full)


def test_memory_that_a_killed_runner_has_left_behind_is_named(full: Stage) -> None:
    refuse(full)
    refuse(full)
    view = full.look()
    peers = {"mini2": full.view.Peer("B", held=10 * GIB), "mini3": full.view.Peer("C")}
    view = replace(view, held=3 * GIB, peers=peers)
    text = full.room.shortage(full.settings.models[0], view, full.watch.failures["qwen"])
    assert (
        "; wired by no model of exo: 3.0 GiB of mini1, 10.0 GiB of mini2; where no program has it, only a restart of"
        " the Mac gives it back. End what" in text
    )


def test_what_is_held_is_measured_where_no_model_is_placed(module, full: Stage, monkeypatch, tmp_path) -> None:
    memory, look = module("exo_keeper.memory"), module("exo_keeper.look")
    wired = [4 * GIB]
    monkeypatch.setattr(memory, "wired", lambda: wired[0])
    monkeypatch.setattr(memory, "boot_session", lambda: "{ sec = 1")
    looker = look.Looker(replace(full.settings, status_file=str(tmp_path / "status.json")))
    assert looker._held_by_none(100.0) == 0
    wired[0] = 14 * GIB
    assert looker._held_by_none(101.0) == 0
    assert looker._held_by_none(116.0) == 10 * GIB
    # The next keeper of this boot compares with what the first one found.
    other = look.Looker(replace(full.settings, status_file=str(tmp_path / "status.json")))
    assert other._held_by_none(200.0) == 10 * GIB


def test_more_than_all_nodes_have_is_certain_at_once(full: Stage) -> None:
    full.total = dict.fromkeys(HOSTS, 3 * GIB + GIB // 2)
    refuse(full)
    assert said(full) == (
        "exo has no room for qwen, which takes 12.0 GiB: its nodes have 10.5 GiB in all (mini1 3.5 GiB, mini2 3.5 GiB,"
        " mini3 3.5 GiB). Name more hosts for it in cluster_models, or take a smaller model."
    )
    full.nodes.remove("C")
    assert said(full) == "", "the one that is missing may have what is missing"


def test_memory_that_comes_back_is_tried_at_once(full: Stage) -> None:
    full.step(10)
    for _ in range(6):
        refuse(full)
    assert full.step(60) == []
    full.memory["mini2"] = 8 * GIB
    assert full.step() == [("place", "qwen")]
    assert said(full) == ""


@pytest.mark.parametrize("text", [NO_CYCLES, ONE_NODE])
def test_a_refusal_although_the_sum_is_enough_wants_more_than_there_was(full: Stage, text: str) -> None:
    full.memory = dict.fromkeys(HOSTS, 4 * GIB)
    refuse(full, text)
    refuse(full, text)
    assert "12.0 GiB: its nodes have 12.0 GiB free" in said(full)
    full.memory["mini1"] += GIB
    assert said(full) == ""


@pytest.mark.parametrize("why", ["other", "edge", "files", "unknown"])
def test_another_refusal_is_none_for_want_of_memory(full: Stage, why: str) -> None:
    model = full.settings.models[0]
    full.memory = {} if why == "unknown" else dict.fromkeys(HOSTS, 5 * GIB)
    view = full.look()
    if why == "edge":
        object.__setattr__(view, "edges", frozenset())
    usable = frozenset({"mini1"}) if why == "files" else view.ours
    text = "Requested RDMA (MlxJaccl) but no RDMA-connected cycles available" if why == "other" else NO_CYCLES
    assert full.room.enough(model, usable, view, text) == 0


@pytest.fixture
def keeper(module, full: Stage) -> Callable[[Callable[[str], Any]], Any]:
    """Return a keeper whose exo is asked nothing but for placements."""

    def make(exo: Callable[[str], Any]) -> Any:
        made = module("exo_keeper.keeper").Keeper(full.settings)
        shards = {"S": {"modelCard": {"modelId": "qwen"}}}
        made._looker.state = lambda _: {node: [{"DownloadCompleted": {"shardMetadata": shards}}] for node in "ABC"}
        made._looker.exo = lambda path, *_, **__: exo(path.partition("?")[0])
        made.view, made.watch = full.look(), full.watch
        return made

    return make


@pytest.mark.parametrize("where", ["placement", "instance"])
def test_a_refusal_of_exos_reaches_the_status_and_those_who_do_not_lead(module, full, keeper, where: str) -> None:
    asked: Counter[str] = Counter()

    def exo(path: str) -> Any:
        asked[path] += 1
        if where == "instance" and path == "/instance/placement":
            return {
                "MlxRingInstance": {
                    "instanceId": "i",
                    "shardAssignments": {"modelId": "qwen", "nodeToRunner": {"A": "r"}},
                }
            }
        text = NO_CYCLES if where == "placement" else "Insufficient memory to create instance. Required: 12.0GB"
        raise module("exo_keeper.client").RefusedError(text)

    made, report = keeper(exo), module("exo_keeper.report")
    action = full.plan.Action(full.plan.PLACE, "qwen")
    made._do(action, made.view)
    assert report.status(made)["models"][0]["refusal"] == ""
    made._do(action, made.view)
    (told,) = report.status(made)["models"]
    assert told["refusal"].startswith("exo has no room for qwen, which takes 12.0 GiB: its nodes have 9.0 GiB free")
    assert (told["state"], told["failures"], asked["/instance"]) == ("failing", 2, 2 * (where == "instance"))
    follower = module("exo_keeper.keeper").Keeper(
        full.settings.__class__("mini2", full.settings.hosts, full.settings.models)
    )
    follower.view = full.look().__class__(
        full.now, "B", full.names, frozenset("ABC"), peers={"mini1": full.view.Peer("A", {}, {"qwen": told["refusal"]})}
    )
    assert report.status(follower)["models"][0]["refusal"] == told["refusal"]


@pytest.mark.parametrize(
    ("memory", "min_nodes", "wanted"),
    [
        ({"mini1": 2, "mini2": 8, "mini3": 1}, 1, ("mini2",)),
        ({"mini1": 4, "mini2": 3, "mini3": 2}, 1, ("mini1", "mini2")),
        ({"mini1": 2, "mini2": 2, "mini3": 2}, 1, ("mini1", "mini2", "mini3")),
        ({"mini1": 9, "mini2": 9, "mini3": 9}, 3, ("mini1", "mini2", "mini3")),
        ({"mini1": 1, "mini2": 1, "mini3": 1}, 1, None),
    ],
)
def test_the_smallest_set_of_hosts_is_chosen(module, memory, min_nodes: int, wanted: tuple[str, ...] | None) -> None:
    stage = Stage(module, size=6, min_nodes=min_nodes)
    found = stage.room.choices(stage.settings.models[0], frozenset(HOSTS), memory)
    assert (found[0] if found else None) == wanted


@pytest.mark.parametrize(
    ("count", "min_nodes", "size", "text"),
    [
        (1, 1, GIB, "it fits on one: spreading it would only cost latency"),
        (2, 2, GIB, "the table wants 2, though it fits on one, where it would answer faster"),
        (3, 1, 20 * GIB, "it takes 20.0 GiB, and no node has more than 8.0 GiB free"),
    ],
)
def test_the_number_of_nodes_has_a_reason(module, count: int, min_nodes: int, size: int, text: str) -> None:
    stage = Stage(module, size=size, min_nodes=min_nodes)
    assert stage.room.why(stage.settings.models[0], count, stage.memory) == text
