# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Every setting of a Mac by its table: what the module does with it, and what a report says of it."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._macos.settings import BY_NAME

from tests.unit.plugins import macos_settings
from tests.unit.plugins.harness import call
from tests.unit.plugins.macos_settings.table import NOTHING, Failure, Line, Run, Unknown
from tests.unit.plugins.recorded import warnings_of

if TYPE_CHECKING:
    from collections.abc import Callable

TABLES = {name: importlib.import_module(f"tests.unit.plugins.macos_settings.{name}") for name in BY_NAME}
KINDS = ("RUNS", "FAILURES", "LINES", "UNKNOWN")


def cases(kind: str) -> Any:
    """Return every entry of one kind in all tables, with the name of its setting."""
    return pytest.mark.parametrize(
        ("name", "case"),
        [
            pytest.param(name, case, id=f"{name}: {case.title}")
            for name, table in TABLES.items()
            for case in getattr(table, kind)
        ],
    )


@pytest.fixture(autouse=True)
def _on_files_of_its_own(host_files: Path) -> None:
    (host_files / "Library/LaunchDaemons").mkdir(parents=True)


@pytest.mark.parametrize("name", TABLES)
def test_a_table_has_what_a_setting_must_show(name: str) -> None:
    table = TABLES[name]
    runs = {(run.changed, run.check) for run in table.RUNS}
    assert runs >= {(True, False), (False, False), (True, True)}, "a change, none, and one that is predicted"
    assert any("instead of" in failure.message or "was not turned off" in failure.message for failure in table.FAILURES)
    assert {line.ok for line in table.LINES} == {True, False}
    assert {"nothing", "no end"} <= {unknown.title for unknown in table.UNKNOWN}


def test_every_table_is_of_a_setting() -> None:
    [directory] = macos_settings.__path__
    there = {path.stem for path in Path(directory).glob("*.py")}
    assert there - {"__init__", "table"} == set(BY_NAME)


@cases("RUNS")
def test_run(run_module: Callable[..., dict[str, Any]], name: str, case: Run) -> None:
    result = run_module("macos_headless", case.options, case.calls, check=case.check, diff=True)
    assert (result.get("failed"), result["unknown_settings"]) == (None, {}), result
    assert (name in result["changed_settings"], result["changed"]) == (case.changed, case.changed)
    assert warnings_of(result) == list(case.warnings)
    if case.value is not NOTHING:
        found = result["settings"][name]
        known = {key: found[key] for key in case.value} if isinstance(case.value, dict) else found
        assert known == case.value
    assert (name in result["diff"]["before"]) is case.changed
    if case.changed:
        assert result["diff"]["before"][name] != result["diff"]["after"][name]
    assert case.options.get("filevault_password", "a password") not in str(result)


@cases("FAILURES")
def test_failure(run_module: Callable[..., dict[str, Any]], name: str, case: Failure) -> None:
    result = run_module("macos_headless", case.options, case.calls)
    assert (result["failed"], result["msg"]) == (True, case.message)
    assert name not in result.get("changed_settings", [])


def measured(run_module: Callable[..., dict[str, Any]], name: str, expected: Any, calls: Any) -> dict[str, Any]:
    check = {"check": "macos_setting", "setting": name, "expected": expected}
    [line] = run_module("node_report", {"checks": [check]}, list(calls))["lines"]
    assert line["title"] == BY_NAME[name].title
    return line


@cases("LINES")
def test_line(run_module: Callable[..., dict[str, Any]], name: str, case: Line) -> None:
    line = measured(run_module, name, case.expected, case.calls)
    assert (line["ok"], line["measured"], line["expected"]) == (case.ok, case.measured, case.wanted)
    if case.ok:
        assert line["advice"] == ""
    elif case.advice is not None:
        assert line["advice"] == case.advice


@cases("UNKNOWN")
def test_what_cannot_be_told_is_a_red_line(run_module: Callable[..., dict[str, Any]], name: str, case: Unknown) -> None:
    line = measured(run_module, name, TABLES[name].WANTED, case.calls)
    assert not line["ok"], line
    assert line["measured"].startswith(f"not measured: {case.quoted}"), line


PMSET, POWER = "/usr/bin/pmset", "AC Power:\n sleep                {sleep}\n"
OFF = call(["/usr/bin/fdesetup", "status"], out="FileVault is Off.\n")


def power(sleep: int) -> Any:
    return call([PMSET, "-g", "custom"], out=POWER.format(sleep=sleep))


OTHERS = {
    "power": ({"power": {"sleep": 0}}, [power(1)], [call([PMSET, "-a", "sleep", "0"]), power(0)]),
    "filevault": ({"filevault": "disabled"}, [OFF], []),
}
"""What other settings are asked for, what they read, and what they run after that: one has something to change."""


@pytest.mark.parametrize("check", [True, False], ids=["check", "run"])
@cases("UNKNOWN")
def test_the_others_go_on(run_module: Callable[..., dict[str, Any]], name: str, case: Unknown, *, check: bool) -> None:
    others = {other: found for other, found in OTHERS.items() if other != name}
    order = [setting for setting in BY_NAME if setting in others or setting == name]
    options = {name: TABLES[name].WANTED}
    for asked, _, _ in others.values():
        options.update(asked)
    calls = [one for setting in order for one in (others[setting][1] if setting in others else case.calls)]
    calls += [] if check else [one for _, _, after in others.values() for one in after]
    result = run_module("macos_headless", options, calls, check=check)
    changed = [setting for setting, (_, _, after) in others.items() if after]
    assert (result.get("failed"), result["changed_settings"]) == (None, changed)
    assert list(result["unknown_settings"]) == [name]
    assert name not in result["settings"]
    [warning] = warnings_of(result)
    assert warning.startswith(f"{name} is unmanaged: {case.quoted}"), warning
