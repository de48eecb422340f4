# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""launchd's decisions, with processes and time played."""

from __future__ import annotations

import plistlib
import signal
from datetime import datetime
from typing import TYPE_CHECKING, Any

import pytest

from lab.macos.simulator.launchd.calendar import next_time
from lab.macos.simulator.launchd.definition import Definition, InvalidPlistError, parse
from lab.macos.simulator.launchd.process import SpawnError
from lab.macos.simulator.launchd.supervisor import Supervisor
from lab.macos.simulator.state import State

if TYPE_CHECKING:
    from pathlib import Path

LABEL = "hybrid-ai.x"


class Stage:
    """A supervisor whose processes are numbers and whose clock is set by hand."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.now = 100.0
        self.next_pid = 1000
        self.started: list[int] = []
        self.signals: list[tuple[int, int]] = []
        self.failure: str | None = None
        self.supervisor = Supervisor(
            State(str(root)), spawn=self._spawn, kill=self._kill, clock=lambda: self.now, log=lambda _text: None
        )

    def _spawn(self, _definition: Definition, _user: str | None) -> int:
        if self.failure:
            raise SpawnError(self.failure)
        self.next_pid += 1
        self.started.append(self.next_pid)
        return self.next_pid

    def _kill(self, pid: int, number: int) -> None:
        self.signals.append((pid, number))

    def load(self, directory: str = "Library/LaunchDaemons", mode: int = 0o644, **keys: Any) -> int:
        path = self.root / directory / "x.plist"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(plistlib.dumps({"Label": LABEL, "ProgramArguments": ["/bin/x"], **keys}))
        path.chmod(mode)
        return self.supervisor.bootstrap("system", f"/{directory}/x.plist", uid=0)

    def wait(self, seconds: float) -> None:
        self.now += seconds
        self.supervisor.tick()

    def exit(self, status: int) -> None:
        self.supervisor.reaped(self.started[-1], status)

    def describe(self) -> dict[str, Any]:
        return self.supervisor.describe("system", LABEL)


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return Stage(tmp_path)


def plist(**keys: Any) -> bytes:
    return plistlib.dumps({"Label": LABEL, "ProgramArguments": ["/bin/x", "-a"], **keys})


@pytest.mark.parametrize(
    ("keys", "attribute", "value"),
    [
        pytest.param({}, "program", "/bin/x", id="first argument is the program"),
        pytest.param({"Program": "/bin/y"}, "program", "/bin/y", id="Program wins"),
        pytest.param({}, "throttle", 10, id="throttle default"),
        pytest.param({}, "exit_timeout", 20, id="exit timeout default"),
        pytest.param({"Umask": 18}, "umask", 0o022, id="decimal umask"),
        pytest.param({"Umask": "022"}, "umask", 0o022, id="octal umask"),
        pytest.param({"RunAtLoad": True}, "starts_at_load", True, id="RunAtLoad"),
        pytest.param({"KeepAlive": True}, "starts_at_load", True, id="KeepAlive"),
        pytest.param({"KeepAlive": {"SuccessfulExit": False}}, "starts_at_load", True, id="SuccessfulExit implies it"),
        pytest.param({"StartInterval": 5}, "starts_at_load", False, id="StartInterval does not start"),
        pytest.param({"StartCalendarInterval": {"Hour": 3}}, "calendar", ({"Hour": 3},), id="one calendar entry"),
    ],
)
def test_parse(keys: dict[str, Any], attribute: str, value: object) -> None:
    assert getattr(parse(plist(**keys)), attribute) == value


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"nonsense", id="no plist"),
        pytest.param(plistlib.dumps(["x"]), id="no dictionary"),
        pytest.param(plistlib.dumps({"ProgramArguments": ["/bin/x"]}), id="no label"),
        pytest.param(plistlib.dumps({"Label": "x"}), id="no program"),
        pytest.param(plist(EnvironmentVariables={"A": 1}), id="number in the environment"),
        pytest.param(plistlib.dumps({"Label": "x", "ProgramArguments": [1]}), id="number in the arguments"),
    ],
)
def test_parse_refuses(data: bytes) -> None:
    with pytest.raises(InvalidPlistError):
        parse(data)


@pytest.mark.parametrize(
    ("keep_alive", "status", "again"),
    [
        pytest.param(True, 0, True, id="always"),
        pytest.param(False, 1, False, id="never"),
        pytest.param({"SuccessfulExit": False}, 1, True, id="failure restarts"),
        pytest.param({"SuccessfulExit": False}, 0, False, id="success does not"),
        pytest.param({"SuccessfulExit": False}, -9, True, id="a signal is not a success"),
        pytest.param({"SuccessfulExit": True}, 0, True, id="success restarts"),
        pytest.param({"Crashed": True}, -11, True, id="crash"),
        pytest.param({"Crashed": True}, -15, False, id="SIGTERM is not a crash"),
        pytest.param({"Crashed": True, "SuccessfulExit": True}, 0, True, id="keys are ORed"),
    ],
)
def test_restart_is_throttled(stage: Stage, keep_alive: object, status: int, again: bool) -> None:
    assert stage.load(KeepAlive=keep_alive, RunAtLoad=True) == 0
    stage.wait(2)
    stage.exit(status)
    assert stage.describe()["state"] == ("spawn scheduled" if again else "not running")
    stage.wait(7)
    assert len(stage.started) == 1
    stage.wait(1.1)
    assert len(stage.started) == (2 if again else 1)
    assert stage.describe()["last_status"] == status


def test_a_long_run_is_followed_at_once(stage: Stage) -> None:
    stage.load(KeepAlive=True)
    stage.wait(60)
    stage.exit(0)
    stage.wait(0)
    assert len(stage.started) == 2


def test_what_cannot_start_is_a_configuration_error(stage: Stage) -> None:
    stage.failure = "no such user"
    assert stage.load(KeepAlive=True) == 0
    described = stage.describe()
    assert (described["state"], described["last_status"], described["runs"]) == ("spawn scheduled", 78, 1)


def test_the_process_group_ends_with_the_job(stage: Stage) -> None:
    stage.load(RunAtLoad=True)
    stage.exit(0)
    assert stage.signals == [(-1001, signal.SIGTERM)]


def test_an_abandoned_process_group_lives_on(stage: Stage) -> None:
    stage.load(RunAtLoad=True, AbandonProcessGroup=True)
    stage.exit(0)
    assert stage.signals == []


def test_bootout_races(stage: Stage) -> None:
    stage.load(KeepAlive=True)
    assert stage.supervisor.bootout("system", LABEL, 0) == 36
    assert stage.supervisor.bootout("system", LABEL, 0) == 36
    assert stage.load(KeepAlive=True) == 37
    stage.wait(19)
    assert (1001, signal.SIGKILL) not in stage.signals
    stage.wait(1)
    assert (1001, signal.SIGKILL) in stage.signals
    stage.exit(-9)
    assert stage.supervisor.bootout("system", LABEL, 0) == 3
    assert stage.load(KeepAlive=True) == 0


def test_bootout_of_what_does_not_run(stage: Stage) -> None:
    stage.load()
    assert stage.supervisor.bootout("system", LABEL, 0) == 0
    assert stage.describe()["error"] == 113


def test_kickstart(stage: Stage) -> None:
    stage.load()
    assert stage.supervisor.kickstart("system", LABEL, 0) == {"error": 0, "pid": 1001}
    assert stage.supervisor.kickstart("system", LABEL, 0) == {"error": 0, "pid": 1001}
    stage.supervisor.kickstart("system", LABEL, 0, kill=True)
    assert stage.signals == [(1001, signal.SIGTERM)]
    stage.exit(-15)
    assert stage.describe()["pid"] == 1002


@pytest.mark.parametrize(
    ("options", "error"),
    [
        pytest.param({}, 0, id="good"),
        pytest.param({"mode": 0o664}, 5, id="group may write"),
        pytest.param({"Program": 1, "ProgramArguments": []}, 5, id="bad property list"),
        pytest.param({"Disabled": True}, 5, id="disabled"),
    ],
)
def test_bootstrap_is_strict(stage: Stage, options: dict[str, Any], error: int) -> None:
    assert stage.load(**options) == error


def test_an_override_is_stronger_than_the_property_list(stage: Stage) -> None:
    stage.supervisor.enable("system", LABEL, 0, enabled=True)
    assert stage.load(Disabled=True) == 0
    stage.supervisor.bootout("system", LABEL, 0)
    stage.supervisor.enable("system", LABEL, 0, enabled=False)
    assert stage.load() == 5
    assert State(str(stage.root)).read("launchd") == {"disabled": {"system": {LABEL: True}}}


def test_apple_daemons_are_protected(stage: Stage) -> None:
    assert stage.load("System/Library/LaunchDaemons") == 0
    assert stage.supervisor.bootout("system", LABEL, 0) == 150
    assert stage.supervisor.kickstart("system", LABEL, 0, kill=True) == {"error": 150}
    assert stage.supervisor.kickstart("system", LABEL, 0)["error"] == 0


@pytest.mark.parametrize(
    ("domain", "uid", "error"),
    [
        pytest.param("gui/501", 0, 125, id="nobody is logged in at the screen"),
        pytest.param("system", 501, 5, id="not root"),
        pytest.param("user/501", 501, 5, id="own domain, foreign file is judged first"),
    ],
)
def test_bootstrap_domains(stage: Stage, domain: str, uid: int, error: int) -> None:
    assert stage.supervisor.bootstrap(domain, "/nonexistent.plist", uid) == error


def test_start_interval(stage: Stage) -> None:
    stage.load(StartInterval=30)
    stage.wait(29)
    assert stage.started == []
    stage.wait(1)
    assert len(stage.started) == 1
    stage.exit(0)
    stage.wait(30)
    assert len(stage.started) == 2


def test_path_state(stage: Stage, tmp_path: Path) -> None:
    flag = tmp_path / "flag"
    stage.load(KeepAlive={"PathState": {str(flag): True}})
    stage.wait(1)
    assert stage.started == []
    flag.touch()
    stage.wait(1)
    stage.wait(0)
    assert len(stage.started) == 1
    flag.unlink()
    stage.exit(0)
    stage.wait(60)
    assert len(stage.started) == 1


@pytest.mark.parametrize(
    ("intervals", "expected"),
    [
        pytest.param(({"Minute": 30},), "2026-11-21 10:30", id="this hour"),
        pytest.param(({"Minute": 0},), "2026-11-21 11:00", id="next hour"),
        pytest.param(({"Hour": 3, "Minute": 15},), "2026-11-22 03:15", id="tomorrow"),
        pytest.param(({"Weekday": 0, "Hour": 9, "Minute": 0},), "2026-11-22 09:00", id="Sunday is 0"),
        pytest.param(({"Weekday": 7, "Hour": 9, "Minute": 0},), "2026-11-22 09:00", id="Sunday is 7"),
        pytest.param(({"Month": 2, "Day": 29, "Hour": 0, "Minute": 0},), "2028-02-29 00:00", id="leap day"),
        pytest.param(({"Hour": 23, "Minute": 0}, {"Hour": 12, "Minute": 0}), "2026-11-21 12:00", id="the first of two"),
        pytest.param(({"Month": 2, "Day": 30},), None, id="never"),
    ],
)
def test_calendar(intervals: tuple[dict[str, int], ...], expected: str | None) -> None:
    after = datetime.fromisoformat("2026-11-21 10:17:30+00:00")  # a Saturday
    found = next_time(intervals, after)
    assert (found and f"{found:%Y-%m-%d %H:%M}") == expected
