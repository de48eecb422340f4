# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What reaches a terminal."""

from __future__ import annotations

import json

import pytest

from hybrid_cluster.command import output


@pytest.mark.parametrize(
    ("names", "folded"),
    [
        pytest.param([], "", id="none"),
        pytest.param(["mini1"], "mini1", id="one"),
        pytest.param(["mini9", "mini10", "mini2", "mini1", "mini1"], "mini1-2, mini9-10", id="runs"),
        pytest.param(["desk", "mini1", "mini2"], "desk, mini1-2", id="without a number"),
        pytest.param(["n08", "n09", "n10"], "n08, n09, n10", id="leading zeros"),
        pytest.param(["1", "2"], "1, 2", id="numbers alone"),
        pytest.param(["a1", "b2"], "a1, b2", id="other stems"),
    ],
)
def test_names_are_folded(names, folded):
    assert output.folded(names) == folded


def test_nothing_moves_the_terminal():
    text = "before\x1b]52;c;bad\x07\x9b2J\x7f\rafter [red]x[/red]"
    assert output.clean(text) == "before]52;c;bad2Jafter [red]x[/red]"
    assert output.words(text).plain == output.clean(text)


def test_json_keeps_it_escaped(capsys):
    output.show_json({"name": "a\x1b\x9b\x7fé"})
    shown = capsys.readouterr().out
    assert shown.isascii()
    assert shown.rstrip("\n").isprintable()
    assert json.loads(shown) == {"name": "a\x1b\x9b\x7fé"}


@pytest.mark.parametrize(
    ("size", "shown"),
    [
        (None, "unknown"),
        (0, "0 GB"),
        (2**29, "0.5 GB"),
        (2**34, "16 GB"),
        (2**34 * 2 / 3, "10.7 GB"),
        (2**37, "128 GB"),
    ],
)
def test_gigabytes(size, shown):
    assert output.gigabytes(size) == shown


@pytest.mark.parametrize(
    ("rate", "shown"), [(0, "0 B/s"), (1500, "1.5 kB/s"), (2.5e6, "2.5 MB/s"), (4.2e9, "4.2 GB/s")]
)
def test_bytes_a_second(rate, shown):
    assert output.bytes_a_second(rate) == shown
