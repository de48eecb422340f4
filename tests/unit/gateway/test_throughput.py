# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Tokens a second of the last minute."""

from __future__ import annotations

import pytest

from hybrid_cluster.gateway.throughput import WINDOW, Throughput


class Clock:
    now = 1000.0

    def __call__(self):
        return self.now


@pytest.mark.parametrize(
    ("answers", "later", "tokens"),
    [
        pytest.param([], 0, 0, id="nothing"),
        pytest.param([(5, 120)], 0, 120, id="one"),
        pytest.param([(5, 120), (0, 30)], 10, 150, id="two, one of which took no time"),
        pytest.param([(5, 0)], 0, 0, id="one that cost nothing"),
        pytest.param([(5, 120)], WINDOW + 1, 0, id="one that is over"),
        pytest.param([(5, 120)], WINDOW, 0, id="one that has just gone"),
        pytest.param([(2 * WINDOW, 240)], 0, 120, id="the half of a long one"),
        pytest.param([(20, 200)], WINDOW - 10, 100, id="one that is half gone"),
    ],
)
def test_what_was_answered_of_late(answers, later, tokens):
    clock = Clock()
    made = Throughput(clock)
    for seconds, cost in answers:
        made.add(seconds, cost)
    clock.now += later
    assert made.tokens_per_second == pytest.approx(tokens / WINDOW)
