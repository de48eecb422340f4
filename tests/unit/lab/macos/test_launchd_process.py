# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""launchd's real processes: what a job finds, and how one that cannot start is told from one that ended."""

from __future__ import annotations

import os
import plistlib
import time
from pathlib import Path
from typing import Any

import pytest

from lab.macos.simulator.launchd.definition import Definition, parse
from lab.macos.simulator.launchd.process import SpawnError, start
from lab.macos.simulator.launchd.supervisor import Supervisor
from lab.macos.simulator.state import State


def definition(script: str, **keys: Any) -> Definition:
    return parse(plistlib.dumps({"Label": "x", "ProgramArguments": ["/bin/sh", "-c", script], **keys}))


def run(script: str, **keys: Any) -> int:
    return os.waitstatus_to_exitcode(os.waitpid(start(definition(script, **keys)), 0)[1])


@pytest.mark.parametrize(
    ("script", "keys", "out"),
    [
        pytest.param('echo "$PATH $XPC_SERVICE_NAME"', {}, "/usr/bin:/bin:/usr/sbin:/sbin x\n", id="environment"),
        pytest.param('echo "${HOME-none} $A"', {"EnvironmentVariables": {"A": "b"}}, "none b\n", id="variables"),
        pytest.param("pwd", {}, "/\n", id="directory"),
        pytest.param("pwd", {"WorkingDirectory": "/usr"}, "/usr\n", id="own directory"),
        pytest.param("umask", {"Umask": "077"}, "0077\n", id="umask"),
        pytest.param("ulimit -n", {}, "256\n", id="open files"),
        pytest.param("ulimit -n", {"SoftResourceLimits": {"NumberOfFiles": 300}}, "300\n", id="more open files"),
        pytest.param("cat", {}, "", id="standard input is empty"),
        pytest.param("echo a; echo b >&2", {}, "a\nb\n", id="both streams"),
    ],
)
def test_surroundings(tmp_path: Path, script: str, keys: dict[str, Any], out: str) -> None:
    log = str(tmp_path / "log")
    assert run(script, StandardOutPath=log, StandardErrorPath=log, **keys) == 0
    assert Path(log).read_text() == out


def test_a_log_is_appended_to(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text("before\n")
    run("echo after", StandardOutPath=str(log))
    assert log.read_text() == "before\nafter\n"


@pytest.mark.parametrize(
    "keys",
    [
        pytest.param({"Program": "/nonexistent"}, id="no program"),
        pytest.param({"UserName": "nobody-of-that-name"}, id="no user"),
        pytest.param({"GroupName": "no-group-of-that-name"}, id="no group"),
        pytest.param({"WorkingDirectory": "/nonexistent"}, id="no directory"),
        pytest.param({"StandardOutPath": "/nonexistent/log"}, id="no directory for the log"),
    ],
)
def test_cannot_start(keys: dict[str, Any]) -> None:
    with pytest.raises(SpawnError):
        start(definition("true", **keys))


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may become somebody else")
def test_user(tmp_path: Path) -> None:
    log = tmp_path / "log"
    run("id -un", UserName="daemon", StandardOutPath=str(log))
    assert (log.read_text(), log.owner()) == ("daemon\n", "daemon")


def test_a_job_that_ends_is_started_again(tmp_path: Path) -> None:
    path, log = tmp_path / "Library/LaunchDaemons/x.plist", tmp_path / "log"
    path.parent.mkdir(parents=True)
    job = {"Label": "x", "ProgramArguments": ["/bin/sh", "-c", f"echo run >>{log}"], "KeepAlive": True}
    path.write_bytes(plistlib.dumps({**job, "ThrottleInterval": 0}))
    path.chmod(0o644)
    supervisor = Supervisor(State(str(tmp_path)))
    supervisor.load_daemons()
    limit = time.monotonic() + 10
    while supervisor.describe("system", "x")["runs"] < 3:
        assert time.monotonic() < limit
        pid = supervisor.describe("system", "x")["pid"]
        if pid:
            supervisor.reaped(pid, os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
        supervisor.tick()
    supervisor.remove_all()
    if pid := supervisor.describe("system", "x").get("pid"):
        supervisor.reaped(pid, os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
    assert supervisor.describe("system", "x") == {"error": 113}
    assert log.read_text().startswith("run\nrun\n")
