# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What the keeper does next."""

from __future__ import annotations

import pytest


def revision(front, name):
    return front("settings").Revision(name, f"/models/{name}", 10)


# What the keeper sees besides a revision "new" that is there whole, what it does, and with which revision.
STEPS = {
    "nothing runs": ({}, "start", "new"),
    "no model is there": ({"wanted": None}, "wait", None),
    "it serves": ({"serving": "new"}, "nothing", None),
    "a new one fits": ({"serving": "old", "fits": True}, "start_beside", "new"),
    "a new one does not fit": ({"serving": "old"}, "drain", None),
    "the one before still answers": ({"serving": "old", "fits": True, "leaving": True}, "nothing", None),
    "the new one is loading": ({"serving": "old", "candidate": "new"}, "nothing", None),
    "the new one answered": ({"serving": "old", "candidate": "new", "candidate_ready": True}, "take_over", None),
    "the new one takes too long": ({"serving": "old", "candidate": "new", "candidate_late": True}, "give_up", None),
    "the new one failed": ({"serving": "old", "fits": True, "refused": {"new"}}, "nothing", None),
    "the new one failed and the old one is gone": ({"refused": {"new"}, "before": "previous"}, "start", "previous"),
    "it failed and there is no other": ({"refused": {"new"}}, "start", "new"),
    "it has just failed": ({"starts_at": 101.0}, "wait", None),
    "its pause is over": ({"starts_at": 100.0}, "start", "new"),
    "it rests": ({"rests_until": 101.0}, "rest", None),
    "it has rested": ({"rests_until": 99.0}, "start", "new"),
    "the memory is not free yet": ({"leaving": True}, "nothing", None),
    "there is memory for both": ({"leaving": True, "fits": True}, "start", "new"),
}


@pytest.mark.parametrize(("seen", "step", "which"), STEPS.values(), ids=STEPS)
def test_next_step(front, seen, step, which):
    seen = {"now": 100.0, "wanted": "new", "before": None, **seen}
    for name in ("wanted", "before"):
        seen[name] = revision(front, seen[name]) if seen[name] else None
    seen["refused"] = frozenset(seen.get("refused", ()))
    expected = None if which is None else revision(front, which)
    assert front("plan").next_step(front("plan").View(**seen)) == (step, expected)


@pytest.mark.parametrize(
    ("failures", "rests", "backoff"),
    [([], False, 0.0), ([99], False, 2.0), ([98, 99], False, 4.0), ([97, 98, 99], True, 8.0), ([1, 2, 99], False, 2.0)],
)
def test_rests_only_when_many_failures_are_near_each_other(front, failures, rests, backoff):
    assert front("plan").rests(failures, 100, 3, 60) is rests
    assert front("plan").backoff(failures, 100, 60) == backoff


def test_pauses_are_bounded(front):
    assert front("plan").backoff(list(range(90, 100)), 100, 60) == 30.0
