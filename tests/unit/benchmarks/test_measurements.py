# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What benchmarks print and write, and the inventories of the slope."""

from __future__ import annotations

import json
from itertools import pairwise

import pytest

from lab import inventory
from tests.benchmarks import slope
from tests.benchmarks.measurements import Measurement, write


@pytest.mark.parametrize(
    ("value", "goal", "less_is_better", "reached"),
    [(2.0, 2.0, True, True), (2.1, 2.0, True, False), (5, 4, False, True), (3, 4, False, False), (3, None, True, None)],
)
def test_a_goal_is_reached_or_missed(value, goal, less_is_better, reached):
    measurement = Measurement("one", value, "s", "One", goal, less_is_better=less_is_better)
    assert measurement.reached is reached
    assert ("MISSED" in str(measurement)) is (reached is False)


def test_what_is_printed_is_written_for_programs(tmp_path):
    path = tmp_path / "build/bench.json"
    write([Measurement("one", 1.5, "s", "The first", goal=2.0), Measurement("two", 7, "tasks", "The second")], path)
    assert json.loads(path.read_text()) == [
        {"name": "one", "value": 1.5, "unit": "s", "goal": 2.0, "less_is_better": True},
        {"name": "two", "value": 7, "unit": "tasks", "goal": None, "less_is_better": True},
    ]


def test_larger_inventories_hold_the_smaller_ones(tmp_path, monkeypatch):
    monkeypatch.setattr(slope, "_INVENTORIES", tmp_path)
    found = [inventory.read(slope.inventory(size)) for size in slope.SIZES]
    assert [len(topology.hosts) for topology in found] == list(slope.SIZES)
    for smaller, larger in pairwise(found):
        assert set(smaller.hosts) < set(larger.hosts)
    assert not found[-1].cables
