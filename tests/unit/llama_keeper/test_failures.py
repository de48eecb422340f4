# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What ended a few times in a short time rests, and only that."""

from __future__ import annotations

import pytest


@pytest.mark.parametrize(
    ("moments", "rests"),
    [
        pytest.param([0, 1, 2], True, id="three at once"),
        pytest.param([0, 300, 600], True, id="three within ten minutes"),
        pytest.param([0, 400, 800], False, id="three in a quarter of an hour"),
        pytest.param([0, 1], False, id="two"),
    ],
)
def test_a_model_rests(part, moments, rests):
    failures = part("failures").Failures()
    assert [failures.add("tiny", moment) for moment in moments][-1] is rests


def test_the_ends_of_one_model_are_not_those_of_another(part):
    failures = part("failures").Failures()
    assert not any(failures.add(name, 0) for name in ("a", "b", "a", "b"))
    failures.forget("a")
    assert not failures.add("a", 1)
    assert failures.add("b", 1)


def starts(part, path, *moments, boot="one"):
    found = part("failures").Starts(path, boot)
    for moment in moments:
        found.begin(moment)
    return part("failures").Starts(path, boot)


def test_starts_that_nobody_ended_are_remembered_by_the_next(part, tmp_path):
    found = starts(part, tmp_path / "starts.json", 1000.0, 1010.0, 1020.0)
    assert found.rests_until(1030.0) == 1020.0 + part("failures").REST_SECONDS
    assert found.rests_until(1700.0) == 0.0
    found.forget()
    assert starts(part, tmp_path / "starts.json").moments == []


def test_a_restart_of_the_machine_forgets_them(part, tmp_path):
    starts(part, tmp_path / "starts.json", 1000.0, 1010.0, 1020.0)
    assert part("failures").Starts(tmp_path / "starts.json", "two").rests_until(1030.0) == 0.0


def test_two_starts_may_follow_each_other(part, tmp_path):
    assert starts(part, tmp_path / "starts.json", 1000.0, 1010.0).rests_until(1030.0) == 0.0


def test_a_clock_that_was_set_back_keeps_nothing_waiting(part, tmp_path):
    assert starts(part, tmp_path / "starts.json", 5000.0, 5010.0, 5020.0).rests_until(1000.0) == 0.0


@pytest.mark.parametrize("text", ["", "{}", '{"boot": "one", "starts": [null]}', "[]"])
def test_a_file_of_another_kind_is_no_start(part, tmp_path, text):
    (tmp_path / "starts.json").write_text(text)
    assert starts(part, tmp_path / "starts.json").moments == []
