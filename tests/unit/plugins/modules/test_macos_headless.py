# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The settings of a Mac together; what each of them does alone is in its table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.unit.plugins.harness import Call, call
from tests.unit.plugins.macos_settings import filevault, spotlight, time_machine
from tests.unit.plugins.macos_settings.automatic_updates import updates
from tests.unit.plugins.macos_settings.name import names
from tests.unit.plugins.recorded import warnings_of

if TYPE_CHECKING:
    from collections.abc import Callable

WAKE = call(["/usr/bin/pmset", "-a", "sleep", "0"])
RIDDLE = call(spotlight.READ, out="/:\n\tError: unknown indexing state.\n")


def power(sleep: int) -> Call:
    return call(["/usr/bin/pmset", "-g", "custom"], out=f"AC Power:\n sleep                {sleep}\n")


FILEVAULT = {"filevault": "disabled"}
POWER = {"power": {"sleep": 0}}
SPOTLIGHT = {"spotlight": False}
ALL = {"name": "olab1", **POWER, **SPOTLIGHT, "automatic_updates": False, **FILEVAULT}
AS_WANTED = [*names("olab1", "olab1", "olab1"), power(0), spotlight.DISABLED, *updates("0", "0"), filevault.OFF]
DIFFERENT = [*names("Mac", None, None), power(1), spotlight.ENABLED, *updates(None, None)]


@pytest.mark.parametrize(
    ("args", "calls", "check", "changed"),
    [
        pytest.param(ALL, AS_WANTED, False, [], id="no-change-reads-each-once"),
        pytest.param({}, [], False, [], id="nothing-is-managed"),
        pytest.param(
            ALL,
            [
                *names("olab1", "olab1", "olab1"),
                power(1),
                spotlight.ENABLED,
                *updates("0", "0"),
                filevault.OFF,
                WAKE,
                power(0),
                spotlight.TURN_OFF,
                spotlight.DISABLED,
            ],
            False,
            ["power", "spotlight"],
            id="only-what-differs-after-all-is-read",
        ),
        pytest.param(
            ALL,
            [*DIFFERENT, filevault.OFF],
            True,
            ["name", "power", "spotlight", "automatic_updates"],
            id="check-mode",
        ),
    ],
)
def test_headless(
    run_module: Callable[..., dict[str, Any]],
    args: dict[str, Any],
    calls: list[Call],
    check: bool,
    changed: list[str],
) -> None:
    result = run_module("macos_headless", args, calls, check=check)
    assert (result.get("failed"), result["changed"], result["changed_settings"]) == (None, bool(changed), changed)


def test_the_difference_is_shown_by_setting(run_module: Callable[..., dict[str, Any]]) -> None:
    args = {**POWER, **SPOTLIGHT, **FILEVAULT}
    result = run_module("macos_headless", args, [power(1), spotlight.ENABLED, filevault.OFF], check=True, diff=True)
    assert result["diff"] == {
        "before": {"power": {"sleep": 1}, "spotlight": {"spotlight": True}},
        "after": {"power": {"sleep": 0}, "spotlight": {"spotlight": False}},
    }
    assert result["settings"] == {"power": {"sleep": 0}, "spotlight": False, "filevault": "FileVault is Off."}


@pytest.mark.parametrize("riddle", [spotlight.ENABLED, RIDDLE], ids=["alone", "beside what cannot be told"])
def test_a_missing_password_leaves_everything_as_it_is(run_module: Callable[..., dict[str, Any]], riddle: Call) -> None:
    calls = [*names("Mac", None, None), power(1), riddle, *updates(None, None), filevault.ON]
    result = run_module("macos_headless", ALL, calls)
    assert result["failed"]
    assert result["msg"].startswith("FileVault is on, and user and password of somebody who may unlock the disk")


def test_a_bad_name_is_said_before_anything_is_read(run_module: Callable[..., dict[str, Any]]) -> None:
    result = run_module("macos_headless", {**ALL, "name": "my mac"}, [])
    assert result["msg"].startswith("'my mac' cannot be a Mac's name")


def test_riddles_after_a_change(run_module: Callable[..., dict[str, Any]]) -> None:
    args = {**POWER, **SPOTLIGHT, **FILEVAULT}
    calls = [power(1), spotlight.ENABLED, filevault.OFF, WAKE, power(0), spotlight.TURN_OFF, RIDDLE]
    result = run_module("macos_headless", args, calls)
    assert (result.get("failed"), result["changed_settings"]) == (None, ["power"])
    assert list(result["unknown_settings"]) == ["spotlight"]


def test_what_does_not_take_effect_fails_after_the_others(run_module: Callable[..., dict[str, Any]]) -> None:
    calls = [power(1), spotlight.ENABLED, WAKE, power(1), spotlight.TURN_OFF, spotlight.DISABLED]
    result = run_module("macos_headless", {**POWER, **SPOTLIGHT}, calls)
    assert (result["failed"], result["changed_settings"]) == (True, ["spotlight"])
    assert result["msg"].startswith("The change did not take effect: sleep is 1 instead of 0.")


def test_a_write_that_needs_full_disk_access_stops_its_setting_only(run_module: Callable[..., dict[str, Any]]) -> None:
    refused = call(["/usr/bin/tmutil", "disable"], rc=80, err="tmutil: disable requires Full Disk Access privileges.\n")
    args = {"time_machine": False, **FILEVAULT}
    calls = [time_machine.ON, filevault.DECRYPTING, refused, time_machine.ON, filevault.DECRYPTING, filevault.OFF]
    result = run_module("macos_headless", args, calls)
    assert (result.get("failed"), list(result["unknown_settings"])) == (None, ["time_machine"])
    assert "Allow full disk access for remote users." in warnings_of(result)[0]


def test_it_needs_root(run_module: Callable[..., dict[str, Any]]) -> None:
    result = run_module("macos_headless", ALL, uid=501)
    assert result["msg"] == "Preparing a Mac to run without a screen needs root: set become to true for this task."
