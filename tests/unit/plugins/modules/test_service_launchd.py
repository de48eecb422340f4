# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
from __future__ import annotations

import plistlib
import sys
from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.hybrid_ai.cluster.plugins.module_utils import _files
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._service import health, launchd

from tests.unit.plugins.harness import Call, call

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

LABEL = "hybrid-ai.meter"
PLIST_PATH = "/Library/LaunchDaemons/hybrid-ai.meter.plist"
RUNNER = "/opt/hybrid-ai/services/meter/run"
LOGS = "/var/log/hybrid-ai/meter"
LAUNCHCTL = "/bin/launchctl"
METER = {"name": "meter", "arguments": ["/opt/meter", "--fast"], "user": "_meter"}
STORED: dict[str, Any] = {
    "Label": LABEL,
    "ProgramArguments": [
        sys.executable,
        "-IS",
        RUNNER,
        "--log",
        f"{LOGS}/meter.log",
        "--limit",
        "10485760",
        "--keep",
        "3",
        "--memory",
        f"{LOGS}/.group",
        "--",
        "/opt/meter",
        "--fast",
    ],
    "EnvironmentVariables": {},
    "UserName": "_meter",
    "WorkingDirectory": "/",
    "RunAtLoad": True,
    "KeepAlive": True,
    "ExitTimeOut": 30,
    "ProcessType": "Interactive",
    "StandardErrorPath": f"{LOGS}.launchd.log",
}
NOT_THERE = call([LAUNCHCTL, "print", f"system/{LABEL}"], rc=113, err="Bad request.\n")
RUNNING = call(
    [LAUNCHCTL, "print", f"system/{LABEL}"],
    out=f"x = {{\n\tpath = {PLIST_PATH}\n\tstate = running\n\tpid = 42\n\tlast exit code = (never exited)\n}}\n",
)
CRASHED = call(
    [LAUNCHCTL, "print", f"system/{LABEL}"],
    out=f"x = {{\n\tpath = {PLIST_PATH}\n\tstate = spawn scheduled\n\tlast exit code = 1\n}}\n",
)
ENABLED = call([LAUNCHCTL, "print-disabled", "system"], out="\tdisabled services = {\n\t}\n")
DISABLED = call([LAUNCHCTL, "print-disabled", "system"], out=f'\t"{LABEL}" => disabled\n')
BOOTSTRAP = call([LAUNCHCTL, "bootstrap", "system", PLIST_PATH])
BOOTOUT = call([LAUNCHCTL, "bootout", f"system/{LABEL}"])
START = [BOOTSTRAP, RUNNING, RUNNING, RUNNING]
RESTART = [BOOTOUT, NOT_THERE, *START]


@pytest.fixture(autouse=True)
def mac(host_files: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for directory in ("Library/LaunchDaemons", "opt/hybrid-ai", "var/log/hybrid-ai"):
        (host_files / directory).mkdir(parents=True)
    monkeypatch.setattr(launchd, "user_ids", lambda description: (450, 450))


def install(host: Path, plist: dict[str, Any] = STORED, *, runner: bool = True) -> None:
    (host / PLIST_PATH.lstrip("/")).write_bytes(plistlib.dumps(plist))
    (host / PLIST_PATH.lstrip("/")).chmod(0o644)
    _files.make_directory(LOGS, 0o755, (450, 450))
    _files.make_file(f"{LOGS}.launchd.log", 0o644, (450, 450))
    (host / LOGS.lstrip("/") / "meter.log").write_text("no sensor\n")
    if runner:
        (host / RUNNER.lstrip("/")).parent.mkdir(parents=True)
        (host / RUNNER.lstrip("/")).write_bytes(launchd.runner_source())
        (host / RUNNER.lstrip("/")).chmod(0o755)


def changed(**values: Any) -> dict[str, Any]:
    return {**STORED, **values}


OPTIONS = [
    pytest.param({"restart_token": "1.0"}, {"EnvironmentVariables": {"HYBRID_AI_RESTART_TOKEN": "1.0"}}, id="token"),
    pytest.param(
        {"environment": {"PORT": 52415, "MODE": "true"}},
        {"EnvironmentVariables": {"PORT": "52415", "MODE": "true"}},
        id="environment",
    ),
    pytest.param({"restart": "on_failure"}, {"KeepAlive": {"SuccessfulExit": False}}, id="on-failure"),
    pytest.param({"group": "_meters"}, {"GroupName": "_meters"}, id="group"),
    pytest.param({"working_directory": "/opt/home"}, {"WorkingDirectory": "/opt/home"}, id="directory"),
    pytest.param(
        {
            "log": {"max_megabytes": 1, "keep": 0},
            "wait_for_paths": ["/opt/a b", "/opt/c"],
            "limits": {"open_files": 65535},
        },
        {
            "ProgramArguments": [
                *STORED["ProgramArguments"][:6],
                "1048576",
                "--keep",
                "0",
                *STORED["ProgramArguments"][9:11],
                "--wait-for",
                "/opt/a b",
                "--wait-for",
                "/opt/c",
                "--open-files",
                "65535",
                *STORED["ProgramArguments"][11:],
            ]
        },
        id="runner",
    ),
]


@pytest.mark.parametrize(("options", "expected"), OPTIONS)
def test_a_changed_option_restarts_once(
    options: dict[str, Any],
    expected: dict[str, Any],
    run_module: Callable[..., dict[str, Any]],
    host_files: Path,
) -> None:
    install(host_files)
    args = {**METER, **options}
    predicted = run_module("service", args, [ENABLED, RUNNING], check=True, diff=True)
    result = run_module("service", args, [ENABLED, RUNNING, *RESTART], diff=True)
    for one in (predicted, result):
        assert (one["changed"], one["restarted"], one["steps"]) == (True, True, ["unload", "write", "load"])
    assert predicted["diff"] == result["diff"]
    assert plistlib.loads((host_files / PLIST_PATH.lstrip("/")).read_bytes()) == {**STORED, **expected}
    again = run_module("service", args, [ENABLED, RUNNING])
    assert (again["changed"], again["restarted"]) == (False, False)


STATES = [
    pytest.param(
        None,
        {},
        [ENABLED, NOT_THERE],
        START,
        ["install_runner", "make_log_directory", "write", "load"],
        id="new",
    ),
    pytest.param(STORED, {}, [ENABLED, RUNNING], [], [], id="nothing-to-do"),
    pytest.param(STORED, {}, [ENABLED, NOT_THERE], START, ["load"], id="killed-before-loading"),
    pytest.param(
        STORED,
        {"state": "stopped"},
        [ENABLED, RUNNING],
        [call([LAUNCHCTL, "disable", f"system/{LABEL}"]), DISABLED, BOOTOUT, NOT_THERE],
        ["disable", "unload"],
        id="stopped",
    ),
    pytest.param(STORED, {"state": "stopped"}, [DISABLED, NOT_THERE], [], [], id="stopped-already"),
    pytest.param(
        STORED,
        {},
        [DISABLED, NOT_THERE],
        [call([LAUNCHCTL, "enable", f"system/{LABEL}"]), ENABLED, *START],
        ["enable", "load"],
        id="started-again",
    ),
    pytest.param(
        STORED,
        {"state": "absent"},
        [ENABLED, RUNNING],
        [BOOTOUT, NOT_THERE],
        ["unload", "remove", "remove_files"],
        id="absent",
    ),
    pytest.param(None, {"state": "absent"}, [ENABLED, NOT_THERE], [], [], id="absent-already"),
]


@pytest.mark.parametrize(("before", "options", "reads", "writes", "steps"), STATES)
def test_states(
    *,
    before: dict[str, Any] | None,
    options: dict[str, Any],
    reads: list[Call],
    writes: list[Call],
    steps: list[str],
    run_module: Callable[..., dict[str, Any]],
    host_files: Path,
) -> None:
    if before:
        install(host_files, before)
    args = {**METER, **options}
    predicted = run_module("service", args, reads, check=True)
    result = run_module("service", args, [*reads, *writes])
    for one in (predicted, result):
        assert (one["changed"], one["steps"]) == (bool(steps), steps)
        assert (one["diff"]["before"] != one["diff"]["after"]) is bool(steps)
    if options.get("state") == "absent":
        assert not list(host_files.rglob("*meter*"))


def test_a_new_runner_does_not_restart_the_service(run_module: Callable[..., dict[str, Any]], host_files: Path) -> None:
    install(host_files, runner=False)
    result = run_module("service", METER, [ENABLED, RUNNING])
    assert (result["steps"], result["restarted"]) == (["install_runner"], False)
    assert (host_files / RUNNER.lstrip("/")).read_bytes() == launchd.runner_source()


def test_a_service_that_is_never_restarted_may_end(run_module: Callable[..., dict[str, Any]], host_files: Path) -> None:
    install(host_files, changed(KeepAlive=False))
    result = run_module("service", {**METER, "restart": "never"}, [ENABLED, CRASHED])
    assert result["changed"] is False


HEALTH = {"url": "http://127.0.0.1:52415/node_id", "contains": "12D3"}
ANSWERS = [
    pytest.param([health.Answer(200, '"12D3KooW"')], None, id="healthy"),
    pytest.param(
        [health.Answer(error="Connection refused"), health.Answer(503), health.Answer(200, '"12D3KooW"')],
        None,
        id="healthy-later",
    ),
    pytest.param([health.Answer(error="Connection refused")], "Connection refused", id="no-answer"),
    pytest.param([health.Answer(503)], "it answered with status 503 instead of 200", id="wrong-status"),
    pytest.param([health.Answer(200, "<html>")], "its answer does not contain '12D3'", id="wrong-answer"),
]


@pytest.mark.parametrize(("answers", "problem"), ANSWERS)
def test_health(
    answers: list[health.Answer],
    problem: str | None,
    run_module: Callable[..., dict[str, Any]],
    host_files: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    install(host_files)
    left = list(answers)
    monkeypatch.setattr(health, "fetch", lambda url: left.pop(0) if len(left) > 1 else left[0])
    result = run_module("service", {**METER, "health": HEALTH}, [ENABLED, RUNNING])
    if problem is None:
        assert result["changed"] is False
    else:
        assert result["msg"] == (
            "The service meter did not pass its health check http://127.0.0.1:52415/node_id within 60 seconds:"
            f" {problem}; the end of {LOGS}/meter.log: no sensor"
        )


FAILURES = [
    pytest.param(
        {},
        [ENABLED, NOT_THERE, BOOTSTRAP, CRASHED, *[CRASHED] * 31],
        f"{LABEL} is loaded but does not stay running (last exit code: 1); the end of {LOGS}/meter.log: no sensor",
        id="crash-loop",
    ),
    pytest.param(
        {"state": "stopped"},
        [ENABLED, RUNNING, call([LAUNCHCTL, "disable", f"system/{LABEL}"]), ENABLED],
        f"`launchctl disable system/{LABEL}` had no effect: no message",
        id="read-back-mismatch",
    ),
    pytest.param(
        {"environment": {"EXO_OFFLINE": True}},
        [],
        "The environment variable EXO_OFFLINE of the service meter is not a string: put it in quotes.",
        id="environment",
    ),
    pytest.param(
        {"environment": {"A": "b\nc"}},
        [],
        "The environment variable A of the service meter has more than one line.",
        id="two-lines",
    ),
    pytest.param(
        {"arguments": ["meter"]},
        [],
        "The program of the service meter must be an absolute path, which meter is not.",
        id="relative-program",
    ),
    pytest.param(
        {"arguments": []},
        [],
        "The service meter has no program: give its path and arguments with the option arguments.",
        id="no-program",
    ),
    pytest.param(
        {"name": "My Meter"},
        [],
        "'My Meter' is not a valid name of a service: use small letters, digits and hyphens.",
        id="name",
    ),
]


@pytest.mark.parametrize(("options", "calls", "message"), FAILURES)
def test_failures(
    options: dict[str, Any],
    calls: list[Call],
    message: str,
    run_module: Callable[..., dict[str, Any]],
    host_files: Path,
) -> None:
    install(host_files)
    result = run_module("service", {**METER, **options}, calls)
    assert (result.get("failed"), result["msg"]) == (True, message)


def test_a_user_that_does_not_exist(run_module: Callable[..., dict[str, Any]], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(launchd, "user_ids", lambda description: None)
    predicted = run_module("service", METER, [ENABLED, NOT_THERE], check=True)
    assert predicted["steps"] == ["install_runner", "make_log_directory", "write", "load"]
    result = run_module("service", METER, [ENABLED, NOT_THERE])
    assert result["msg"] == (
        "The service meter is to run as _meter, but this host has no such user and group: create them first."
    )
