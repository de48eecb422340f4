# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.unit.plugins.harness import Call, call

if TYPE_CHECKING:
    from collections.abc import Callable

TMUTIL = "/usr/bin/tmutil"
READ = ["/usr/bin/defaults", "read", "/Library/Preferences/com.apple.TimeMachine", "AutoBackup"]
ON = call(READ, out="1\n")
OFF = call(READ, out="0\n")
ABSENT = call(
    READ,
    rc=1,
    err="2026-01-01 10:00:00.000 defaults[123:456] \n"
    "The domain/default pair of (/Library/Preferences/com.apple.TimeMachine, AutoBackup) does not exist\n",
)
ABSENT_27 = call(READ, rc=1, err="Could not find key 'AutoBackup' in domain\n")
ACCESS = (
    "Give remote users Full Disk Access once: System Settings > General > Sharing > Remote Login > (i) > Allow full "
    "disk access for remote users."
)


@pytest.mark.parametrize(
    ("automatic", "calls", "check", "expected"),
    [
        pytest.param(
            False, [ON, call([TMUTIL, "disable"]), OFF], False, {"changed": True, "automatic": False}, id="change"
        ),
        pytest.param(True, [OFF, call([TMUTIL, "enable"]), ON], False, {"changed": True, "automatic": True}, id="on"),
        pytest.param(False, [OFF], False, {"changed": False, "automatic": False}, id="no-change"),
        pytest.param(False, [ABSENT], False, {"changed": False, "automatic": False}, id="never-turned-on"),
        pytest.param(False, [ABSENT_27], False, {"changed": False, "automatic": False}, id="never-turned-on-macos-27"),
        pytest.param(False, [ON], True, {"changed": True, "automatic": False}, id="check-mode"),
    ],
)
def test_time_machine(
    run_module: Callable[..., dict[str, Any]],
    automatic: bool,
    calls: list[Call],
    check: bool,
    expected: dict[str, Any],
) -> None:
    result = run_module("macos_time_machine", {"automatic": automatic}, calls, check=check)
    assert {key: result.get(key) for key in expected} == expected


@pytest.mark.parametrize(
    ("calls", "message"),
    [
        pytest.param(
            [ON, call([TMUTIL, "disable"], err="tmutil: disable requires Full Disk Access privileges.\n"), ON],
            "The change did not take effect: automatic is on instead of off. `/usr/bin/tmutil disable` ended with "
            f"status 0 and said: tmutil: disable requires Full Disk Access privileges. {ACCESS}",
            id="read-back-mismatch-without-full-disk-access",
        ),
        pytest.param(
            [call(READ, rc=1, err="Operation not permitted\n")],
            f'defaults says "Operation not permitted", so whether Time Machine backs up by itself is unknown. {ACCESS}',
            id="failed-read",
        ),
    ],
)
def test_failures(run_module: Callable[..., dict[str, Any]], calls: list[Call], message: str) -> None:
    result = run_module("macos_time_machine", {"automatic": False}, calls)
    assert (result["failed"], result["msg"]) == (True, message)
