# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""``mdutil``: always status 0."""

from __future__ import annotations

import pytest

ON = "/:\n\tIndexing enabled. \n"
OFF = "/:\n\tIndexing disabled.\n"


@pytest.mark.parametrize(
    ("argv", "uid", "out"),
    [
        pytest.param(["-s", "/"], 501, ON, id="enabled-has-a-blank-at-its-end"),
        pytest.param(["-s", "-a"], 0, ON + "/System/Volumes/Data:\n\tIndexing enabled. \n", id="every-volume"),
        pytest.param(["-i", "off", "/"], 0, OFF, id="off"),
        pytest.param(["-i", "on", "/"], 0, ON, id="on-already"),
        pytest.param(["-d", "/"], 0, "/:\n\tIndexing and searching disabled.\n", id="searching-too"),
        pytest.param(
            ["-i", "off", "/Volumes/nonexistent"],
            0,
            "Error: invalid path `/Volumes/nonexistent'.\n",
            id="unknown-path",
        ),
        pytest.param(["-i", "off", "/"], 501, "/:\nError: unable to perform operation.  (-1)\n", id="not-root"),
    ],
)
def test_texts(mac, argv, uid, out) -> None:
    result = mac.run("mdutil", *argv, uid=uid)
    assert (result.rc, result.out) == (0, out)


def test_a_change_is_seen_by_the_next_call(mac) -> None:
    changed = mac.run("mdutil", "-i", "off", "/")
    assert changed.err.endswith("mdutil disabling Spotlight: / -> kMDConfigSearchLevelFSSearchOnly\n")
    assert mac.run("mdutil", "-s", "/").out == OFF
    assert mac.run("mdutil", "-i", "off", "/").err == ""


def test_the_server_may_be_off(mac) -> None:
    with mac.state.edit("spotlight") as data:
        data["server"] = "disabled"
    assert mac.run("mdutil", "-s", "/").out == "Spotlight server is disabled.\n"


def test_a_change_may_pass_for_a_while(mac) -> None:
    with mac.state.edit("spotlight") as data:
        data["passing_after_a_change"] = 2
    passing = "/:\n\tError: unexpected indexing state.  kMDConfigSearchLevelTransitioning\n"
    assert mac.run("mdutil", "-i", "off", "/").out == passing
    assert [mac.run("mdutil", "-s", "/").out for _ in range(2)] == [passing, OFF]


def test_all_volumes_off_names_the_one_that_refuses(mac) -> None:
    assert mac.run("mdutil", "-a", "-i", "off").out == (
        OFF
        + "/System/Volumes/Data:\n\tIndexing disabled.\n"
        + "/System/Volumes/Preboot:\nError: invalid operation.\n\tError: unknown indexing state.\n"
    )
