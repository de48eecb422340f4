# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.unit.plugins.harness import Call, call
from tests.unit.plugins.recorded import warnings_of

if TYPE_CHECKING:
    from collections.abc import Callable

SYSTEMSETUP = "/usr/sbin/systemsetup"
NOISE = (
    "2024-12-09 14:20:14.400 systemsetup[18647:239595] ### Error:-99 "
    "File:/AppleInternal/Library/BuildRoots/0/Admin/InternetServices.m Line:379\n"
)


def get(verb: str, text: str) -> Call:
    return call([SYSTEMSETUP, f"-get{verb}"], out=f"{text}\n")


def put(verb: str, value: str, out: str = "", err: str = NOISE) -> Call:
    return call([SYSTEMSETUP, f"-set{verb}", value], out=out, err=err)


FREEZE_ON = get("restartfreeze", "Restart After Freeze: On")
FREEZE_OFF = get("restartfreeze", "Restart After Freeze: Off")
TIME_ON = get("usingnetworktime", "Network Time: On")
TIME_OFF = get("usingnetworktime", "Network Time: Off")


@pytest.mark.parametrize(
    ("args", "calls", "check", "expected"),
    [
        pytest.param(
            {"restart_on_freeze": True},
            [FREEZE_OFF, put("restartfreeze", "on"), FREEZE_ON],
            False,
            {"changed": True, "settings": {"restart_on_freeze": True}},
            id="change-with-noise-on-standard-error",
        ),
        pytest.param(
            {"network_time": True, "network_time_server": "time.apple.com", "time_zone": "Europe/Berlin"},
            [
                get("timezone", "Time Zone: America/Cupertino"),
                get("networktimeserver", "Network Time Server: time.example.com"),
                TIME_OFF,
                put("timezone", "Europe/Berlin", out="Set TimeZone: Europe/Berlin\n"),
                put("networktimeserver", "time.apple.com"),
                put("usingnetworktime", "on", out="setUsingNetworkTime: On\n"),
                get("timezone", "Time Zone: Europe/Berlin"),
                get("networktimeserver", "Network Time Server: time.apple.com"),
                TIME_ON,
            ],
            False,
            {"changed": True},
            id="the-server-is-named-before-it-is-followed",
        ),
        pytest.param(
            {"restart_on_freeze": True, "network_time": True},
            [FREEZE_ON, TIME_ON],
            False,
            {"changed": False},
            id="no-change",
        ),
        pytest.param({}, [], False, {"changed": False, "settings": {}}, id="nothing-managed"),
        pytest.param(
            {"restart_on_freeze": True},
            [get("restartfreeze", "Restart After Freeze: Not supported on this machine")],
            False,
            {
                "changed": False,
                "unsupported": ["restart_on_freeze"],
                "warnings": ["This Mac does not support restart_on_freeze: it stays unmanaged."],
            },
            id="unsupported-with-exit-status-0",
        ),
        pytest.param(
            {"network_time": False},
            [TIME_ON],
            True,
            {"changed": True, "settings": {"network_time": False}},
            id="check-mode",
        ),
    ],
)
def test_system_setup(
    run_module: Callable[..., dict[str, Any]],
    args: dict[str, Any],
    calls: list[Call],
    check: bool,
    expected: dict[str, Any],
) -> None:
    result = run_module("macos_system_setup", args, calls, check=check)
    found = {**result, "warnings": warnings_of(result)}
    assert {key: found.get(key) for key in expected} == expected


@pytest.mark.parametrize(
    ("args", "calls", "message"),
    [
        pytest.param(
            {"network_time": True},
            [TIME_OFF, put("usingnetworktime", "on", err=""), TIME_OFF],
            "The change did not take effect: network_time is off instead of on. `/usr/sbin/systemsetup "
            "-setusingnetworktime on` ended with status 0.",
            id="read-back-mismatch-with-exit-status-0",
        ),
        pytest.param(
            {"network_time": True},
            [get("usingnetworktime", "You need administrator access to run this tool... exiting!")],
            "Reading network_time needs root: set become to true for this task.",
            id="not-root-with-exit-status-0",
        ),
        pytest.param(
            {"time_zone": "Europe/Berlin"},
            [get("timezone", "")],
            "systemsetup says nothing, so the setting time_zone is unknown.",
            id="failed-read",
        ),
    ],
)
def test_failures(
    run_module: Callable[..., dict[str, Any]], args: dict[str, Any], calls: list[Call], message: str
) -> None:
    result = run_module("macos_system_setup", args, calls)
    assert (result["failed"], result["msg"]) == (True, message)
