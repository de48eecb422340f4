# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Which models are proposed, and what a hub has to say of them before they are written."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hybrid_cluster.command.init import models
from hybrid_cluster.command.init.machine import Machine

CARDS = Path(__file__).parents[2] / "plugins/fixtures/exo-1.0.71-qwen3.5-cards.json"
COMMIT = "7f0dc925e0d0afb0322d96f9255cfddf2ba5636e"
MINI = Machine("Darwin", memory_gigabytes=16)
GOOD = {"sha": COMMIT, "gated": False, "cardData": {"license": "apache-2.0"}}


def test_offers_are_models_that_exo_has_a_card_for():
    listed = json.loads(CARDS.read_text(encoding="utf-8"))["data"]
    cards = {card["id"]: card["storage_size_megabytes"] for card in listed}
    offers = {one.repository: one.megabytes for one in models.OFFERS if one.backend == "exo"}
    assert offers == {name: cards.get(name) for name in offers}


def test_the_room_is_that_of_all_members():
    machines = {"a": MINI, "b": MINI, "c": Machine("Darwin")}
    assert models.room(machines, ["a", "b"]) == pytest.approx(64 / 3)
    assert models.room(machines, ["a", "c"]) is None
    assert models.room(machines, ["a", "gone"]) is None


@pytest.mark.parametrize(
    ("space", "names", "default"),
    [
        (3.0, [], None),
        (5.0, ["qwen3.5-2b"], "qwen3.5-2b"),
        (32.0, ["qwen3.5-27b", "qwen3.5-9b", "qwen3.5-2b"], "qwen3.5-9b"),
        (400.0, ["qwen3.5-397b", "qwen3.5-122b", "qwen3.5-27b", "qwen3.5-9b", "qwen3.5-2b"], "qwen3.5-122b"),
        (None, [], None),
    ],
)
def test_what_fits(space, names, default):
    fitting = models.fitting(space)
    assert [one.name for one in fitting] == names
    assert (models.default(fitting, space).name if fitting else None) == default


OFFER = models.OFFERS[0]


def test_a_model_is_taken_at_the_commit_of_now(hub):
    address, said = hub
    said[OFFER.repository] = GOOD
    taken = models.take([OFFER], address, ["apache-2.0"])
    assert taken.notes == []
    assert taken.models == [
        {
            "name": "qwen3.5-2b",
            "source": {"repository": OFFER.repository, "revision": COMMIT},
            "format": "safetensors",
            "backend": "exo",
            "memory_gigabytes": 4.0,
        }
    ]


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (None, "does not say which commit it has now: http error 404: not found"),
        (GOOD | {"sha": "main"}, "names no commit"),
        (GOOD | {"cardData": {"license": "other"}}, "its licence is other"),
        (GOOD | {"cardData": None, "tags": ["text", "license:llama3.2"]}, "its licence is llama3.2"),
        (GOOD | {"cardData": None}, "its licence is unknown"),
        (GOOD | {"gated": "auto"}, "its owner asks for consent"),
        ([GOOD], "its answer is not understood"),
    ],
)
def test_a_model_is_left_out_with_the_reason(hub, answer, why):
    address, said = hub
    said[OFFER.repository] = answer
    taken = models.take([OFFER], address, ["apache-2.0", "mit"])
    assert taken.models == []
    (note,) = taken.notes
    assert why in note


def test_a_hub_that_does_not_answer_is_said():
    (note,) = models.take([OFFER], "http://127.0.0.1:1", ["apache-2.0"]).notes
    assert "http://127.0.0.1:1 does not say which commit it has now: connection refused" in note
    (note,) = models.take([OFFER], "file:///etc", ["apache-2.0"]).notes
    assert "is not an address of a hub" in note
