# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""``mdutil``: always status 0."""

from __future__ import annotations

import pytest

from lab.macos.simulator import volumes

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


def test_a_disk_has_an_index_of_its_own(mac) -> None:
    volumes.connect(mac.state, "/Volumes/My Models (2)")
    volumes.connect(mac.state, "/Volumes/share", "share")
    disk = "/Volumes/My Models (2)"
    assert mac.run("mdutil", "-s", "-a").out.endswith(f"{disk}:\n\tIndexing enabled. \n")
    assert mac.run("mdutil", "-i", "off", disk).out == f"{disk}:\n\tIndexing disabled.\n"
    assert mac.run("mdutil", "-s", "/").out == ON
    assert mac.run("mount").out.splitlines()[-2:] == [
        f"/dev/disk8s1 on {disk} (apfs, local, nodev, nosuid, journaled, noowners)",
        "//guest@nas.local/Volumes/share on /Volumes/share (smbfs, nodev, nosuid, mounted by admin)",
    ]


@pytest.mark.parametrize(
    ("state", "said", "after"),
    [
        ("no_index", "/:\n\tNo index.\n", OFF),
        ("read_only", "/:\n\tIndex is read-only.\n", "/:\n\tIndex is read-only.\n"),
    ],
)
def test_other_states_of_a_volume(mac, state, said, after) -> None:
    with mac.state.edit("spotlight") as data:
        data["/"] = state
    assert mac.run("mdutil", "-s", "/").out == said
    mac.run("mdutil", "-i", "off", "/")
    assert mac.run("mdutil", "-s", "/").out == after


def test_macos_15_says_nothing_of_the_data_volume(mac) -> None:
    mac.host(release="15.7")
    said = "/System/Volumes/Data:\n\tError: unknown indexing state.\n"
    assert mac.run("mdutil", "-i", "off", "/", "/System/Volumes/Data").out == OFF + said
