# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.unit.plugins.harness import Call, call
from tests.unit.plugins.recorded import recorded, warnings_of

if TYPE_CHECKING:
    from collections.abc import Callable

PMSET = "/usr/bin/pmset"
MINI = recorded("pmset-g-custom.macos-26.5.txt")
OLDER = MINI.replace(" autorestartatconnect 0\n", "")


def custom(**values: int) -> Call:
    lines = [
        f" {line[1:].rpartition(' ')[0].strip()} {values[key]}" if (key := line[1:21].strip()) in values else line
        for line in MINI.splitlines()
    ]
    return call([PMSET, "-g", "custom"], out="\n".join(lines) + "\n")


READ = custom()
READ_OLDER = call([PMSET, "-g", "custom"], out=OLDER)


@pytest.mark.parametrize(
    ("args", "calls", "check", "expected"),
    [
        pytest.param(
            {"settings": {"womp": False, "displaysleep": 10, "sleep": 30, "tcpkeepalive": True}},
            [
                READ,
                call([PMSET, "-a", "sleep", "30", "displaysleep", "10", "womp", "0"]),
                custom(sleep=30, displaysleep=10, womp=0),
            ],
            False,
            {"changed": True, "unsupported": []},
            id="change-writes-only-what-differs-and-sleep-first",
        ),
        pytest.param({"settings": {"sleep": 0, "womp": 7}}, [READ], False, {"changed": False}, id="no-change"),
        pytest.param({}, [READ], False, {"changed": False, "restart_after_power_failure": "after_failure"}, id="look"),
        pytest.param({"settings": {"disksleep": "0"}}, [READ], True, {"changed": True}, id="check-mode-predicts"),
        pytest.param(
            {"settings": {"highpowermode": 1, "sleep": 0}},
            [READ],
            False,
            {
                "changed": False,
                "unsupported": ["highpowermode"],
                "warnings": ["This Mac has no power setting highpowermode: it stays unmanaged."],
            },
            id="unsupported-key-is-stored-silently-by-pmset-so-it-is-not-written",
        ),
        pytest.param(
            {"restart_after_power_failure": "always"},
            [
                READ,
                call([PMSET, "-a", "autorestart", "0", "autorestartatconnect", "1"]),
                custom(autorestart=0, autorestartatconnect=1),
            ],
            False,
            {"changed": True, "restart_after_power_failure": "always"},
            id="restart-always-is-the-second-key-alone",
        ),
        pytest.param(
            {"restart_after_power_failure": "always"},
            [custom(autorestart=1, autorestartatconnect=1)],
            False,
            {"changed": False},
            id="both-keys-mean-always-as-in-system-settings",
        ),
        pytest.param(
            {"restart_after_power_failure": "never"},
            [
                custom(autorestart=1, autorestartatconnect=1),
                call([PMSET, "-a", "autorestart", "0", "autorestartatconnect", "0"]),
                custom(autorestart=0, autorestartatconnect=0),
            ],
            False,
            {"changed": True, "restart_after_power_failure": "never"},
            id="restart-never",
        ),
        pytest.param(
            {"restart_after_power_failure": "always"},
            [READ_OLDER],
            False,
            {"changed": False, "unsupported": ["autorestartatconnect"], "restart_after_power_failure": "after_failure"},
            id="before-26.5-always-becomes-after-failure",
        ),
    ],
)
def test_power(
    run_module: Callable[..., dict[str, Any]],
    args: dict[str, Any],
    calls: list[Call],
    check: bool,
    expected: dict[str, Any],
) -> None:
    result = run_module("macos_power", args, calls, check=check)
    found = {**result, "warnings": warnings_of(result)}
    assert {key: found.get(key) for key in expected} == expected


@pytest.mark.parametrize(
    ("args", "calls", "message"),
    [
        pytest.param(
            {"settings": {"sleep": 5}},
            [READ, call([PMSET, "-a", "sleep", "5"]), READ],
            "The change did not take effect: sleep is 0 instead of 5. `/usr/bin/pmset -a sleep 5` ended with status 0.",
            id="read-back-mismatch-with-exit-status-0",
        ),
        pytest.param(
            {"settings": {"sleep": 5}},
            [call([PMSET, "-g", "custom"], out="Battery Power:\n sleep 1\n")],
            'pmset says "Battery Power: sleep 1", so how this Mac uses mains power is unknown.',
            id="failed-read",
        ),
        pytest.param(
            {"settings": {"disablesleep": 1}},
            [READ],
            "settings: disablesleep cannot be set here: it is undocumented and conflicts with other settings on Apple "
            "silicon; use sleep: 0.",
            id="disablesleep",
        ),
        pytest.param(
            {"settings": {"autorestart": 1}},
            [READ],
            "settings: autorestart cannot be set here: use the option restart_after_power_failure.",
            id="tri-state-by-its-own-option",
        ),
        pytest.param(
            {"settings": {"sleep": "never"}},
            [READ],
            "settings: sleep must be a number from 0 or a boolean, not 'never'.",
            id="no-number",
        ),
    ],
)
def test_failures(
    run_module: Callable[..., dict[str, Any]], args: dict[str, Any], calls: list[Call], message: str
) -> None:
    result = run_module("macos_power", args, calls)
    assert (result["failed"], result["msg"]) == (True, message)


def test_needs_root(run_module: Callable[..., dict[str, Any]]) -> None:
    result = run_module("macos_power", {}, uid=501)
    assert result["msg"] == "Managing power settings needs root: set become to true for this task."


def test_diff(run_module: Callable[..., dict[str, Any]]) -> None:
    result = run_module("macos_power", {"settings": {"disksleep": 0}}, [READ], check=True, diff=True)
    assert result["diff"]["before"]["disksleep"] == 10
    assert result["diff"]["after"]["disksleep"] == 0
    assert result["diff"]["before"]["Sleep On Power Button"] == 1
