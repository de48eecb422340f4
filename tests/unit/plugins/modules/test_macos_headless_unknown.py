# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What cannot be told stops its own area, with a warning and a red line; the others go on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.unit.plugins.harness import Call, call
from tests.unit.plugins.mac_riddles import CHECKS, FDESETUP, MDUTIL, OPTIONS, PASSING, PMSET, RIDDLES, Riddle
from tests.unit.plugins.recorded import warnings_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.unit.plugins.harness import Clock

ORDER = list(OPTIONS)
OFF = call(FDESETUP, out="FileVault is Off.\n")
INDEXED, NOT_INDEXED = (call(MDUTIL, out=f"/:\n\tIndexing {state}.\n") for state in ("enabled", "disabled"))
TURN_OFF = call(["/usr/bin/mdutil", "-i", "off", "/"])


def power(sleep: int) -> Call:
    return call(PMSET, out=f"AC Power:\n sleep                {sleep}\n")


OTHERS = {
    "power": ([power(1)], [power(1), call(["/usr/bin/pmset", "-a", "sleep", "0"]), power(0)]),
    "spotlight": ([INDEXED], [INDEXED, TURN_OFF, NOT_INDEXED]),
    "filevault": ([OFF], []),
}
"""What other areas read, and what they run after that: two of them have something to change."""


def around(riddle: Riddle, *, check: bool) -> tuple[dict[str, Any], list[Call], list[str]]:
    """Return options, commands and changed areas of a run in which one area speaks in riddles."""
    others = {area: calls for area, calls in OTHERS.items() if area != riddle.area}
    managed = [area for area in ORDER if area in others or area == riddle.area]
    options = {key: value for area in managed for key, value in OPTIONS[area].items()}
    calls = [one for area in managed for one in (others[area][0] if area in others else riddle.calls)]
    if not check:
        calls += [one for area in managed if area in others for one in others[area][1]]
    return options, calls, [area for area in managed if area in others and others[area][1]]


@pytest.mark.parametrize("check", [True, False], ids=["check", "run"])
@pytest.mark.parametrize("riddle", RIDDLES.values(), ids=RIDDLES)
def test_the_others_go_on(run_module: Callable[..., dict[str, Any]], riddle: Riddle, *, check: bool) -> None:
    options, calls, changed = around(riddle, check=check)
    result = run_module("macos_headless", options, calls, check=check)
    assert (result.get("failed"), result["changed_areas"]) == (None, changed)
    assert list(result["unknown_areas"]) == [riddle.area]
    assert riddle.area not in result["areas"]
    [warning] = warnings_of(result)
    assert warning.startswith(f"{riddle.area} is unmanaged: {riddle.quoted}"), warning


@pytest.mark.parametrize("riddle", RIDDLES.values(), ids=RIDDLES)
def test_verify_has_a_red_line(run_module: Callable[..., dict[str, Any]], riddle: Riddle) -> None:
    [line] = run_module("node_report", {"checks": [CHECKS[riddle.area]]}, list(riddle.calls))["lines"]
    assert not line["ok"], line
    if riddle.area != "automatic_updates":  # of a preference any word is a value, which is another one here
        assert line["measured"].startswith(f"not measured: {riddle.quoted}"), line


@pytest.mark.parametrize(
    ("text", "indexed"),
    [
        pytest.param("/:\n\tIndexing enabled. \n", True, id="on"),
        pytest.param("/:\n\tIndexing disabled.\n", False, id="off"),
        pytest.param("/:\n\tIndexing and searching disabled.\n", False, id="searching too"),
        pytest.param("/:\n\tNo index.\n", False, id="none"),
        pytest.param("Spotlight server is disabled.\n", False, id="no server"),
        pytest.param("/:\n\tSpotlight server is disabled.\n", False, id="no server for a volume"),
        pytest.param("Spotlight server is disabled.\n/:\n\tError: unknown indexing state.\n", False, id="and an error"),
        pytest.param("\r\n/:\r\n\tIndexing disabled.\r\n\r\n", False, id="other ends of lines"),
        pytest.param(
            "/System/Volumes/Data:\n\tError: unknown indexing state.\n/:\n\tIndexing disabled.\n",
            False,
            id="last of two",
        ),
        pytest.param(
            "/:\n\tIndexing enabled. \n/System/Volumes/Data:\n\tIndexing disabled.\n", True, id="first of two"
        ),
    ],
)
def test_what_mdutil_says(run_module: Callable[..., dict[str, Any]], text: str, *, indexed: bool) -> None:
    result = run_module("macos_spotlight", {"indexing": indexed}, [call(MDUTIL, out=text)])
    assert (result.get("failed"), result["changed"], result["indexing"]) == (None, False, {"/": indexed})


def test_a_state_that_passes_is_looked_at_again(run_module: Callable[..., dict[str, Any]], clock: Clock) -> None:
    passing = call(MDUTIL, out=PASSING)
    calls = [passing, passing, INDEXED, INDEXED, TURN_OFF, passing, NOT_INDEXED]
    result = run_module("macos_headless", OPTIONS["spotlight"], calls)
    assert (result.get("failed"), result["changed_areas"], result["unknown_areas"]) == (None, ["spotlight"], {})
    assert clock.time == 1003.0


def test_verify_looks_again_too(run_module: Callable[..., dict[str, Any]]) -> None:
    calls = [call(MDUTIL, out=PASSING), NOT_INDEXED]
    assert run_module("node_report", {"checks": [CHECKS["spotlight"]]}, calls)["ok"]


def test_riddles_after_a_change(run_module: Callable[..., dict[str, Any]]) -> None:
    options = {**OPTIONS["power"], **OPTIONS["spotlight"], **OPTIONS["filevault"]}
    riddle = call(MDUTIL, out="/:\n\tError: unknown indexing state.\n")
    calls = [power(1), INDEXED, OFF, *OTHERS["power"][1], INDEXED, TURN_OFF, riddle]
    result = run_module("macos_headless", options, calls)
    assert (result.get("failed"), result["changed_areas"]) == (None, ["power"])
    assert list(result["unknown_areas"]) == ["spotlight"]


def test_what_does_not_take_effect_fails_after_the_others(run_module: Callable[..., dict[str, Any]]) -> None:
    options = {**OPTIONS["power"], **OPTIONS["spotlight"]}
    calls = [power(1), INDEXED, power(1), call(["/usr/bin/pmset", "-a", "sleep", "0"]), power(1)]
    result = run_module("macos_headless", options, [*calls, *OTHERS["spotlight"][1]])
    assert (result["failed"], result["changed_areas"]) == (True, ["spotlight"])
    assert result["msg"].startswith("The change did not take effect: sleep is 1 instead of 0.")


def test_a_write_that_needs_full_disk_access_stops_its_area_only(run_module: Callable[..., dict[str, Any]]) -> None:
    read = ["/usr/bin/defaults", "read", "/Library/Preferences/com.apple.TimeMachine", "AutoBackup"]
    on = call(read, out="1\n")
    refused = call(["/usr/bin/tmutil", "disable"], rc=80, err="tmutil: disable requires Full Disk Access privileges.\n")
    options = {**OPTIONS["time_machine"], **OPTIONS["filevault"]}
    result = run_module("macos_headless", options, [on, OFF, on, refused, on])
    assert (result.get("failed"), list(result["unknown_areas"])) == (None, ["time_machine"])
    assert "Allow full disk access for remote users." in warnings_of(result)[0]


def test_a_missing_password_still_leaves_everything_as_it_is(run_module: Callable[..., dict[str, Any]]) -> None:
    options = {**OPTIONS["power"], **OPTIONS["spotlight"], **OPTIONS["filevault"]}
    riddle = call(MDUTIL, out="/:\n\tError: unknown indexing state.\n")
    result = run_module("macos_headless", options, [power(1), riddle, call(FDESETUP, out="FileVault is On.\n")])
    assert result["failed"]
    assert result["msg"].startswith("FileVault is on, and user and password")
