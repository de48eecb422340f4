# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""A change that takes itself back: wherever arming or confirming is cut off, no later boot takes anything back."""

from __future__ import annotations

import plistlib
from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import ClusterError
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._launchd.control import Launchd
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._launchd.undo_job import UndoJob

from tests.unit.plugins.harness import Call, call

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

JOB = UndoJob("example-undo")
LABEL = "hybrid-ai.example-undo"
PLIST = f"/Library/LaunchDaemons/{LABEL}.plist"
TEXT = JOB.text("Takes an example back.", 30, ["/bin/echo back"])
PRINT = ["/bin/launchctl", "print", f"system/{LABEL}"]
LOADED = call(PRINT, out="x = {\n\tstate = running\n}\n")
NOT_LOADED = call(PRINT, rc=113, err="Bad request.\n")
BOOTSTRAP = call(["/bin/launchctl", "bootstrap", "system", PLIST])
BOOTOUT = ["/bin/launchctl", "bootout", f"system/{LABEL}"]


@pytest.fixture
def disk(host_files: Path) -> Path:
    (host_files / "Library/LaunchDaemons").mkdir(parents=True)
    return host_files


def there(disk: Path) -> tuple[bool, bool]:
    """Tell which of property list and program are there."""
    return (disk / PLIST.lstrip("/")).exists(), (disk / JOB.script.lstrip("/")).exists()


def test_it_waits_takes_back_and_removes_itself() -> None:
    assert TEXT.splitlines() == [
        "#!/bin/sh",
        "# Takes an example back.",
        "/bin/sleep 30",
        "/bin/echo back",
        f"/bin/rm -f {PLIST} /var/db/hybrid-ai/example-undo",
        f"/bin/launchctl bootout system/{LABEL}",
    ]


def test_it_is_armed(replay: Callable[[list[Call]], Any], disk: Path) -> None:
    port = replay([NOT_LOADED, BOOTSTRAP, LOADED])
    JOB.arm(Launchd(port), TEXT)
    port.finish()
    assert (disk / JOB.script.lstrip("/")).read_text() == TEXT
    assert plistlib.loads((disk / PLIST.lstrip("/")).read_bytes()) == {
        "Label": LABEL,
        "ProgramArguments": ["/bin/sh", "/var/db/hybrid-ai/example-undo"],
        "RunAtLoad": True,
        "ProcessType": "Interactive",
    }
    assert JOB.is_pending()


@pytest.mark.parametrize(
    ("calls", "waited"),
    [
        pytest.param([LOADED, call(BOOTOUT), NOT_LOADED], True, id="in-time"),
        pytest.param([NOT_LOADED], True, id="cut-off-while-it-was-armed"),
        pytest.param([LOADED, call(BOOTOUT), NOT_LOADED], False, id="it-has-just-taken-the-change-back"),
        pytest.param([NOT_LOADED], False, id="nothing-waits"),
    ],
)
def test_it_is_disarmed(replay: Callable[[list[Call]], Any], disk: Path, calls: list[Call], *, waited: bool) -> None:
    (disk / "var/db/hybrid-ai").mkdir(parents=True)
    (disk / PLIST.lstrip("/")).touch()
    if waited:
        (disk / JOB.script.lstrip("/")).touch()
    port = replay(calls)
    assert JOB.disarm(Launchd(port)) is waited
    port.finish()
    assert there(disk) == (False, False)


def test_cut_off_it_is_still_pending_and_comes_with_no_boot(
    replay: Callable[[list[Call]], Any], disk: Path, clock: object
) -> None:
    (disk / "var/db/hybrid-ai").mkdir(parents=True)
    (disk / PLIST.lstrip("/")).touch()
    (disk / JOB.script.lstrip("/")).touch()
    with pytest.raises(ClusterError, match="did not finish"):
        JOB.disarm(Launchd(replay([LOADED, call(BOOTOUT, hangs=True)])))
    assert there(disk) == (False, True)
    assert JOB.is_pending()
