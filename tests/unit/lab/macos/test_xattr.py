# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""``xattr`` and ``ditto``: attributes of files, and copies that keep them."""

from __future__ import annotations

from pathlib import Path

import pytest

QUARANTINE = "com.apple.quarantine"
FILE = "/opt/app/file"


@pytest.fixture
def marked(mac):
    """A Mac with a quarantined file beside one that is not."""
    mac.write(FILE, "x")
    mac.write("/opt/app/other", "y")
    if mac.run("xattr", "-w", QUARANTINE, "0081;x", FILE).rc:
        pytest.skip("this file system has no extended attributes")
    return mac


@pytest.mark.parametrize(
    ("argv", "rc", "out", "err"),
    [
        pytest.param([FILE], 0, f"{QUARANTINE}\n", "", id="list"),
        pytest.param(["-l", FILE], 0, f"{QUARANTINE}: 0081;x\n", "", id="long"),
        pytest.param(["-p", QUARANTINE, FILE], 0, "0081;x\n", "", id="print"),
        pytest.param(["-d", QUARANTINE, FILE], 0, "", "", id="delete"),
        pytest.param(
            ["-d", QUARANTINE, "/opt/app/other"],
            1,
            "",
            f"xattr: /opt/app/other: No such xattr: {QUARANTINE}\n",
            id="delete-missing",
        ),
        pytest.param(["-r", "-d", QUARANTINE, "/opt/app"], 0, "", "", id="recursive"),
        pytest.param(["-cr", "/opt/app"], 0, "", "", id="clear"),
        pytest.param(["/nowhere"], 1, "", "xattr: No such file: /nowhere\n", id="no-file"),
    ],
)
def test_texts(marked, argv, rc, out, err) -> None:
    result = marked.run("xattr", *argv)
    assert (result.rc, result.out, result.err) == (rc, out, err)


@pytest.mark.parametrize("argv", [["-d", QUARANTINE, FILE], ["-rd", QUARANTINE, "/opt/app"], ["-c", FILE]])
def test_removal(marked, argv) -> None:
    marked.run("xattr", *argv)
    assert marked.run("xattr", FILE).out == ""


def test_ditto_merges_and_keeps(marked) -> None:
    marked.path(FILE).chmod(0o750)
    marked.path("/opt/app/link").symlink_to("file")
    marked.write("/Applications/app/kept", "z")
    result = marked.run("ditto", "/opt/app", "/Applications/app")
    assert (result.rc, result.out, result.err) == (0, "", "")
    copy = marked.path("/Applications/app")
    assert (copy / "kept").exists()
    assert (copy / "file").stat().st_mode & 0o777 == 0o750
    assert (copy / "link").readlink() == Path("file")
    assert marked.run("xattr", "/Applications/app/file").out == f"{QUARANTINE}\n"


def test_ditto_of_one_file(mac) -> None:
    mac.write("/a", "1")
    assert mac.run("ditto", "/a", "/new/b").rc == 0
    assert mac.path("/new/b").read_text() == "1"


@pytest.mark.parametrize(
    ("argv", "err"),
    [
        pytest.param(["/nowhere", "/x"], "ditto: Cannot get the real path for source '/nowhere'\n", id="no-source"),
        pytest.param(["/x"], "Usage: ditto [ <options> ] src [ ... src ] dst\n", id="usage"),
    ],
)
def test_ditto_failures(mac, argv, err) -> None:
    result = mac.run("ditto", *argv)
    assert (result.rc, result.err) == (1, err)
