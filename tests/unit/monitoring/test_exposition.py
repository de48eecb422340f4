# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The text format."""

from __future__ import annotations

import pytest


@pytest.fixture
def metrics(module):
    return module("measurements.exposition").Metrics()


def test_a_figure_is_described_once(metrics):
    metrics.add("x", "Text.", 1, b="2", a="1")
    metrics.add("x", "Text.", 2.5)
    assert metrics.render() == '# HELP x Text.\n# TYPE x gauge\nx{a="1",b="2"} 1.0\nx 2.5\n'


def test_a_label_may_be_called_as_a_parameter(metrics):
    metrics.add("x", "Text.", True, counter=True, name="n", kind="k", value="v")
    assert metrics.render().endswith('# TYPE x counter\nx{kind="k",name="n",value="v"} 1.0\n')


def test_labels_are_escaped(metrics):
    metrics.add("x", "Text.", 0, path='a"b\\c\nd')
    assert 'x{path="a\\"b\\\\c\\nd"} 0.0' in metrics.render()


def test_large_numbers_keep_every_digit(metrics):
    metrics.add("x", "Text.", 40_000_000_001)
    assert "x 40000000001.0" in metrics.render()


def test_collections_are_joined(metrics, module):
    other = module("measurements.exposition").Metrics()
    metrics.add("x", "Text.", 1, a="1")
    other.add("x", "Text.", 2, a="2")
    metrics.update(other)
    assert metrics.render().count("# TYPE") == 1
    assert metrics.render().count('x{a="') == 2
