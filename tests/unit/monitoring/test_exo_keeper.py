# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What the keeper does: the cluster as data, the clock as a number, and the actions that follow."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.monitoring.keeper_stage import GIB, HOSTS, Stage


@pytest.fixture
def stage(module) -> Stage:
    return Stage(module)


def test_a_missing_model_is_placed_once_the_picture_holds(stage: Stage) -> None:
    assert stage.step() == []
    assert stage.step() == [("place", "qwen")]


def test_a_model_that_answers_needs_nothing(stage: Stage) -> None:
    stage.place("i", "A")
    assert stage.step(600) == []


def test_only_the_first_node_that_answers_places(module) -> None:
    second = Stage(module, node="mini2")
    assert second.step(600) == []
    second.peers = {"mini3": second.view.Peer("C")}
    # exo on the first node may still be there, with a keeper that is about to come back.
    assert second.step() == [("place", "qwen")]
    second.peers = {"mini1": second.view.Peer(None), "mini3": second.view.Peer("C")}
    assert second.step() == [("place", "qwen")]


def test_a_keeper_waits_its_turn_where_those_before_it_are_silent(module) -> None:
    third = Stage(module, node="mini3")
    third.peers = {}
    assert third.step(15) == []
    assert third.step(5) == [("place", "qwen")]


def test_a_lost_node_is_waited_for_and_then_done_without(stage: Stage) -> None:
    stage.place("i", "BC")
    stage.step(10)
    stage.instances.clear()
    stage.nodes.remove("C")
    del stage.names["C"]
    assert stage.step(stage.settings.grace - 5) == []
    assert stage.step(10) == [("place", "qwen")]


def test_a_node_that_came_back_is_taken_at_once(stage: Stage) -> None:
    stage.place("i", "BC")
    stage.step(10)
    stage.instances.clear()
    # Its old identity stays beside the new one for a while.
    stage.names = {"A": "mini1", "B": "mini2", "D": "mini3"}
    stage.nodes = ["A", "B", "C", "D"]
    assert stage.step(40) == []
    stage.nodes = ["A", "B", "D"]
    assert stage.step(10) == [("place", "qwen")]


def test_a_model_is_led_by_the_first_of_its_own_hosts(module) -> None:
    hosts = ("mini2", "mini3")
    assert Stage(module, hosts=hosts).step(600) == []
    second = Stage(module, node="mini2", hosts=hosts)
    second.step()
    assert second.step() == [("place", "qwen")]


def test_records_of_other_keepers_are_taken_over(stage: Stage) -> None:
    stage.place("i", "B")
    told = {"i": {"revision": "0"}, "long gone": {"revision": "0"}}
    stage.peers = {"mini2": stage.view.Peer("B", told)}
    stage.step()
    assert stage.watch.records == {"i": {"revision": "0"}}


def test_records_outlive_an_order_that_is_not_yet_carried_out(stage: Stage) -> None:
    stage.watch.records["i"] = {"revision": "1"}
    stage.step(30)
    assert stage.watch.records
    stage.step(60)
    assert not stage.watch.records


def test_cards_are_the_same_in_both_places(module, tmp_path) -> None:
    cards = module("exo_keeper.cards")
    source, target = tmp_path / "source", tmp_path / "exo/hybrid-ai"
    source.mkdir()
    (source / "a.toml").write_text("a")
    assert cards.install(source, target)
    assert not cards.install(source, target)
    (target / "a.toml").unlink()
    (target / "a.toml").symlink_to(tmp_path / "elsewhere")
    (target / "old.toml").write_text("old")
    assert cards.install(source, target)
    assert [(path.name, path.is_symlink(), path.read_text()) for path in target.iterdir()] == [("a.toml", False, "a")]
    assert not (tmp_path / "elsewhere").exists()


def test_a_folder_is_whole_with_an_index_and_no_link_into_nothing(module, tmp_path) -> None:
    cards = module("exo_keeper.cards")
    folder, model = tmp_path / "served", tmp_path / "model.safetensors"
    assert not cards.is_whole(folder)
    folder.mkdir()
    model.write_bytes(b"x")
    (folder / "model.safetensors").symlink_to(model)
    assert not cards.is_whole(folder)
    (folder / "model.safetensors.index.json").write_text("{}")
    assert cards.is_whole(folder)
    model.unlink()
    assert not cards.is_whole(folder)


def test_too_few_nodes_are_told(module) -> None:
    stage = Stage(module, min_nodes=3)
    stage.nodes.remove("C")
    assert stage.step(600) == []
    assert "it needs 3 of its nodes, and 2 are there" in stage.plan.waits_for(
        stage.settings, stage.settings.models[0], stage.look(), stage.watch
    )


def test_a_new_master_knows_nothing_and_that_is_no_failure(stage: Stage) -> None:
    stage.place("i", "A")
    stage.step(10)
    stage.instances.clear()
    stage.runners.clear()
    stage.step(5)
    assert not stage.watch.failures


@pytest.mark.parametrize("state", ["RunnerConnecting", "RunnerIdle", ""])
def test_a_placement_without_progress_is_given_up_after_the_deadline(stage: Stage, state: str) -> None:
    stage.place("i", "ABC", "RunnerIdle")
    stage.be("i", state)
    assert stage.step(stage.settings.deadline) == []
    assert stage.step(5) == [("delete", "i")]
    assert "no nearer to answering for" in stage.actions[0].reason


def test_layers_that_load_are_progress(stage: Stage) -> None:
    stage.place("i", "A", "RunnerLoading")
    for layers in range(60):
        stage.runners["iA"] = {"RunnerLoading": {"layersLoaded": layers, "totalLayers": 60}}
        assert stage.step(20) == []


def test_large_weights_are_given_time_where_no_layers_are_told(module) -> None:
    stage = Stage(module, size=100 * GIB)
    stage.known = {"qwen": (4, 100 * GIB)}
    stage.place("i", "AB", "RunnerLoading")
    assert stage.step(500) == []
    assert stage.step(100) == [("delete", "i")]


def test_what_exo_ends_itself_with_a_dead_node_is_left_to_it(stage: Stage) -> None:
    stage.place("i", "BC", "RunnerIdle")
    stage.step(10)
    stage.nodes.remove("C")
    assert stage.step(600) == []


def test_each_node_with_a_runner_that_outlives_its_instance_starts_exo_again(stage: Stage) -> None:
    stage.place("i", "ABC", "RunnerConnecting")
    stage.step(10)
    del stage.instances["i"]
    assert ("restart", "qwen") not in stage.step(5)
    assert ("restart", "qwen") in stage.step(10)
    assert "RunnerConnecting" in stage.actions[0].reason
    stage.watch.restarted = stage.now
    assert ("restart", "qwen") not in stage.step(5)


@pytest.mark.parametrize("state", ["RunnerShuttingDown", "RunnerFailed", ""])
def test_a_node_whose_runner_ended_goes_on(stage: Stage, state: str) -> None:
    stage.place("i", "ABC")
    stage.step(10)
    del stage.instances["i"]
    for node in "ABC":
        if state:
            stage.runners[f"i{node}"] = {state: {}}
        else:
            del stage.runners[f"i{node}"]
    stage.step(5)
    assert not stage.watch.own


def test_a_node_that_never_made_its_runner_is_held_up_by_an_older_one(stage: Stage) -> None:
    stage.place("i", "AB", "")
    stage.step(30)
    del stage.instances["i"]
    assert ("restart", "qwen") in stage.step(15)


def test_failures_wait_longer_each_time(stage: Stage) -> None:
    failure = stage.watch.failure("qwen")
    waits = []
    for _ in range(8):
        failure.add("no", 0, stage.settings.pause)
        waits.append(failure.until)
    assert waits == [20, 40, 80, 160, 320, 600, 600, 600]
    stage.now = 500.0
    stage.step(10)
    assert stage.actions == []
    assert stage.step(110) == [("place", "qwen")]


def test_what_exo_gave_up_is_a_failure_with_its_last_words(stage: Stage) -> None:
    stage.place("i", "A")
    stage.step(10)
    stage.instances.clear()
    stage.runners["iA"] = {"RunnerFailed": {"errorMessage": "exit code 1"}}
    stage.step()
    assert stage.watch.failures["qwen"].error == "exo gave the placement up: exit code 1"


def test_models_are_placed_one_after_the_other(module) -> None:
    stage = Stage(module)
    model = stage.settings.models[0]
    other = type(model)(**{**vars(model), "name": "other"})
    stage.settings = type(stage.settings)(**{**vars(stage.settings), "models": (model, other)})
    stage.known["other"] = (4, GIB)
    assert stage.step(10) == [("place", "qwen")]
    stage.place("i", "A", "RunnerLoading")
    assert stage.step() == []
    stage.be("i", "RunnerReady")
    assert stage.step() == [("place", "other")]


def test_a_model_out_of_the_table_is_taken_down_and_others_are_left_alone(stage: Stage) -> None:
    stage.place("i", "A")
    stage.place("g", "B", model="gone")
    stage.place("o", "C", "RunnerIdle", model="of somebody")
    assert stage.step() == [("delete", "g")]
    assert stage.step(600) == [("delete", "g")]


def test_a_deletion_is_not_repeated_at_once(stage: Stage) -> None:
    stage.place("i", "A")
    stage.place("g", "B", model="gone")
    stage.step()
    stage.watch.deleted["g"] = stage.now
    assert stage.step() == []
    assert stage.step(10) == [("delete", "g")]


def test_a_new_revision_is_placed_beside_the_old_one_where_it_fits(stage: Stage) -> None:
    stage.place("old", "A")
    stage.watch.records["old"] = {"revision": "0"}
    assert stage.step(10) == [("place", "qwen")]
    assert stage.actions[0].reason == "the table has another revision"
    stage.place("new", "B", "RunnerLoading")
    stage.watch.records["new"] = {"revision": "1"}
    assert stage.step() == []
    stage.be("new", "RunnerReady")
    assert stage.step() == [("delete", "old")]


def test_a_new_revision_replaces_the_old_one_where_both_do_not_fit(stage: Stage) -> None:
    stage.place("old", "A")
    stage.watch.records["old"] = {"revision": "0"}
    stage.memory = dict.fromkeys(HOSTS, GIB // 4)
    assert stage.step(10) == [("delete", "old")]


@pytest.mark.parametrize(
    ("model", "nodes", "reason"),
    [
        ({"min_nodes": 2}, "A", "it is on 1 node, and the table wants 2"),
        ({"hosts": ("mini1", "mini2")}, "C", "mini3 is not one of its hosts"),
    ],
)
def test_what_is_not_as_wanted_is_replaced(module, model: dict[str, Any], nodes: str, reason: str) -> None:
    stage = Stage(module, **model)
    stage.place("i", nodes)
    assert stage.step(10) == [("place", "qwen")]
    assert stage.actions[0].reason == reason
    stage.watch.crowded.add("qwen")
    assert stage.step() == [("delete", "i")]


def test_a_card_is_read_where_exo_does_not_list_it(stage: Stage) -> None:
    stage.place("i", "A")
    stage.known = {"another": (2, GIB)}
    assert stage.step() == [("read", "qwen")]
    stage.watch.read["qwen"] = stage.now
    assert stage.step() == []
    assert stage.step(30) == [("read", "qwen")]


def test_a_card_that_changed_needs_a_new_start(stage: Stage) -> None:
    stage.place("i", "A")
    stage.known = {"qwen": (2, GIB)}
    assert stage.step() == [("restart", "qwen")]
