# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.unit.plugins.harness import Call, call
from tests.unit.plugins.recorded import recorded

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

SOFTWAREUPDATE = "/usr/sbin/softwareupdate"
DIRECTORY = ["/usr/bin/xcode-select", "-p"]
RECEIPT = ["/usr/sbin/pkgutil", "--pkg-info=com.apple.pkg.CLTools_Executables"]
ABSENT = [
    call(
        DIRECTORY,
        rc=2,
        err="xcode-select: error: unable to get active developer directory, use `sudo xcode-select --switch "
        "path/to/Xcode.app` to set one (or see `man xcode-select`)\n",
    ),
    call(RECEIPT, rc=1, out="No receipt for 'com.apple.pkg.CLTools_Executables' found at '/'.\n"),
]
PRESENT = [
    call(DIRECTORY, out="/Library/Developer/CommandLineTools\n"),
    call(
        RECEIPT,
        out="package-id: com.apple.pkg.CLTools_Executables\nversion: 26.1.0.0.1.1761104275\nvolume: /\nlocation: /\n",
    ),
]
HALF = [PRESENT[0], ABSENT[1]]
XCODE = [call(DIRECTORY, out="/Applications/Xcode.app/Contents/Developer\n"), ABSENT[1]]
LIST = call([SOFTWAREUPDATE, "-l"], out=recorded("softwareupdate-l.macos-15.txt"))
NOTHING = call(
    [SOFTWAREUPDATE, "-l"],
    out="Software Update Tool\n\nFinding available software\n",
    err="No new software available.\n",
)
HANGS = call([SOFTWAREUPDATE, "-l"], hangs=True)
INSTALL = [SOFTWAREUPDATE, "-i", "Command Line Tools for Xcode-15.3"]
FAILED = call(INSTALL, rc=1, out="Error downloading: The operation couldn't be completed. (PKDownloadError error 8.)\n")
FLAG = "private/tmp/.com.apple.dt.CommandLineTools.installondemand.in-progress"


@pytest.fixture(autouse=True)
def _flag_is_removed(host_files: Path) -> Iterator[None]:
    (host_files / "private/tmp").mkdir(parents=True)
    yield
    assert not (host_files / FLAG).exists()


@pytest.mark.parametrize(
    ("calls", "check", "expected"),
    [
        pytest.param(
            [*ABSENT, LIST, call(INSTALL), *PRESENT],
            False,
            {"changed": True, "version": "26.1.0.0.1.1761104275", "directory": "/Library/Developer/CommandLineTools"},
            id="change-takes-the-newest-release-and-no-beta",
        ),
        pytest.param(
            [*ABSENT, LIST, FAILED, *ABSENT, LIST, call(INSTALL), *PRESENT],
            False,
            {"changed": True},
            id="failed-download-is-tried-again",
        ),
        pytest.param(
            [*ABSENT, HANGS, *ABSENT, LIST, call(INSTALL), *PRESENT],
            False,
            {"changed": True},
            id="a-list-that-hangs-is-asked-for-again",
        ),
        pytest.param(
            [*ABSENT, LIST, call(INSTALL, hangs=True), *ABSENT, LIST, call(INSTALL), *PRESENT],
            False,
            {"changed": True},
            id="an-installation-that-hangs-is-tried-again",
        ),
        pytest.param(
            [*ABSENT, LIST, call(INSTALL, hangs=True), *PRESENT],
            False,
            {"changed": True},
            id="an-installation-that-hung-but-installed",
        ),
        pytest.param(
            [*HALF, LIST, call(INSTALL), *PRESENT], False, {"changed": True}, id="a-directory-alone-is-not-enough"
        ),
        pytest.param(PRESENT, False, {"changed": False, "version": "26.1.0.0.1.1761104275"}, id="no-change"),
        pytest.param(XCODE, False, {"changed": False, "version": None}, id="xcode-is-enough"),
        pytest.param(ABSENT, True, {"changed": True}, id="check-mode"),
    ],
)
def test_command_line_tools(
    run_module: Callable[..., dict[str, Any]],
    calls: list[Call],
    check: bool,
    expected: dict[str, Any],
) -> None:
    result = run_module("macos_command_line_tools", {}, calls, check=check)
    assert {key: result.get(key) for key in expected} == expected


@pytest.mark.parametrize(
    ("calls", "message"),
    [
        pytest.param(
            [*ABSENT, NOTHING, *ABSENT, NOTHING, *ABSENT],
            "The Command Line Tools are not installed: Apple offers none (Software Update Tool Finding available "
            "software No new software available.). Is the Mac online?",
            id="nothing-offered",
        ),
        pytest.param(
            [*ABSENT, LIST, call(INSTALL, out="Done.\n"), *ABSENT],
            "The Command Line Tools are not installed: `softwareupdate -i 'Command Line Tools for Xcode-15.3'` ended "
            "with status 0: Done.",
            id="read-back-mismatch-with-exit-status-0",
        ),
        pytest.param(
            [*ABSENT, HANGS, *ABSENT, HANGS, *ABSENT],
            "The Command Line Tools are not installed: "
            "`/usr/sbin/softwareupdate -l` did not finish within 300 seconds and was ended.",
            id="time-out-at-every-attempt",
        ),
    ],
)
def test_failures(run_module: Callable[..., dict[str, Any]], host_files: Path, calls: list[Call], message: str) -> None:
    result = run_module("macos_command_line_tools", {"attempts": 2}, calls)
    assert (result["failed"], result["msg"]) == (True, message)
