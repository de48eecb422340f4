# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""``tmutil`` and what a missing permission does to it."""

from __future__ import annotations

import plistlib

import pytest

PREFERENCES = "/Library/Preferences/com.apple.TimeMachine.plist"


@pytest.mark.parametrize(
    ("verb", "out", "err"),
    [
        pytest.param("destinationinfo", "tmutil: No destinations configured.\n", "", id="no-destination-exits-0"),
        pytest.param("latestbackup", "", "Failed to mount backup destination", id="latestbackup-exits-0"),
        pytest.param("status", "Backup session status:\n{\n    ClientID", "", id="status"),
    ],
)
def test_reads(mac, verb, out, err) -> None:
    result = mac.run("tmutil", verb, uid=501)
    assert result.rc == 0
    assert result.out.startswith(out)
    assert result.err.startswith(err)


@pytest.mark.parametrize(("verb", "value"), [("disable", False), ("enable", True)])
def test_the_switch_is_in_the_preferences(mac, verb, value) -> None:
    result = mac.run("tmutil", verb)
    assert (result.rc, result.out, result.err) == (0, "", "")
    assert plistlib.loads(mac.path(PREFERENCES).read_bytes()) == {"AutoBackup": value}


@pytest.mark.parametrize(
    ("uid", "access", "first"),
    [
        pytest.param(501, True, "tmutil: disable requires root privileges.", id="not-root"),
        pytest.param(0, False, "tmutil: disable requires Full Disk Access privileges.", id="no-full-disk-access"),
    ],
)
def test_refusals(mac, uid, access, first) -> None:
    mac.host(full_disk_access=access)
    result = mac.run("tmutil", "disable", uid=uid)
    assert result.rc != 0
    assert result.err.splitlines()[0] == first
    assert not mac.path(PREFERENCES).exists()


def test_other_preferences_stay(mac) -> None:
    path = mac.write(PREFERENCES)
    path.write_bytes(plistlib.dumps({"SkipSystemFiles": True}))
    mac.run("tmutil", "disable")
    assert plistlib.loads(path.read_bytes()) == {"SkipSystemFiles": True, "AutoBackup": False}


def test_a_destination(mac) -> None:
    disk = {"name": "Foo", "kind": "Local", "mount_point": "/Volumes/Foo", "id": "C4B0056F-0000"}
    with mac.state.edit("time_machine") as data:
        data["destinations"] = [disk]
    assert "Name          : Foo\nKind          : Local\n" in mac.run("tmutil", "destinationinfo").out
