# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""``PlistBuddy``: the commands that people use on preferences."""

from __future__ import annotations

import plistlib

import pytest

FILE = "/Library/Preferences/x.plist"
CONTENT = {"Bridge": {"bridge0": {"Interfaces": ["en2", "en3"]}}, "On": True, "Size": 3}


@pytest.fixture
def listed(mac):
    """A Mac with a property list."""
    mac.write(FILE).write_bytes(plistlib.dumps(CONTENT))
    return mac


@pytest.mark.parametrize(
    ("command", "out"),
    [
        pytest.param("Print :Bridge:bridge0:Interfaces:1", "en3\n", id="item"),
        pytest.param("Print Size", "3\n", id="without a colon"),
        pytest.param("print :On", "true\n", id="boolean"),
        pytest.param("Print :Bridge:bridge0:Interfaces", "Array {\n    en2\n    en3\n}\n", id="list"),
    ],
)
def test_print(listed, command, out) -> None:
    result = listed.run("PlistBuddy", "-c", command, FILE, uid=501)
    assert (result.rc, result.out, result.err) == (0, out, "")


@pytest.mark.parametrize(
    ("command", "change"),
    [
        pytest.param("Delete :Bridge:bridge0", {"Bridge": {}}, id="delete"),
        pytest.param("Set :Size 4", {"Size": 4}, id="set keeps the type"),
        pytest.param("Set :On false", {"On": False}, id="set a boolean"),
        pytest.param("Add :Name string olab 1", {"Name": "olab 1"}, id="add"),
        pytest.param("Add :Deep:Er integer 1", {"Deep": {"Er": 1}}, id="add with its parents"),
        pytest.param(
            "Add :Bridge:bridge0:Interfaces:0 string en1",
            {"Bridge": {"bridge0": {"Interfaces": ["en1", "en2", "en3"]}}},
            id="add to a list",
        ),
    ],
)
def test_change(listed, command, change) -> None:
    assert listed.run("PlistBuddy", "-c", command, FILE).rc == 0
    assert plistlib.loads(listed.path(FILE).read_bytes()) == {**CONTENT, **change}


@pytest.mark.parametrize(
    ("command", "err"),
    [
        pytest.param("Delete :Bridge:bridge1", 'Delete: Entry, ":Bridge:bridge1", Does Not Exist\n', id="delete"),
        pytest.param("Print :Foo", 'Print: Entry, ":Foo", Does Not Exist\n', id="print"),
        pytest.param("Set :Foo 1", 'Set: Entry, ":Foo", Does Not Exist\n', id="set"),
        pytest.param("Add :Size integer 1", 'Add: ":Size" Entry Already Exists\n', id="add"),
        pytest.param("Frob", "Unrecognized Command\n", id="unknown"),
    ],
)
def test_errors(listed, command, err) -> None:
    result = listed.run("PlistBuddy", "-c", command, FILE)
    assert (result.rc, result.out, result.err) == (1, "", err)
    assert plistlib.loads(listed.path(FILE).read_bytes()) == CONTENT


def test_several_commands_are_stored_together(listed) -> None:
    result = listed.run("PlistBuddy", "-c", "Delete :Foo", "-c", "Set :Size 5", FILE)
    assert result.rc == 1
    assert plistlib.loads(listed.path(FILE).read_bytes())["Size"] == 5
