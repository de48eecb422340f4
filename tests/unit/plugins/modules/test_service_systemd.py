# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._service.description import Description
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._service.systemd import make_unit

from tests.unit.plugins.harness import Call, call

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

UNIT = "hybrid-ai-meter.service"
FILE = f"etc/systemd/system/{UNIT}"
METER = {"name": "meter", "arguments": ["/opt/meter", "--fast"], "user": "meter", "description": "Power meter"}
SYSTEMCTL = "/usr/bin/systemctl"
SHOW = [SYSTEMCTL, "show", "-p", "ActiveState", "-p", "SubState", "-p", "MainPID", "-p", "UnitFileState"]
SHOW += ["-p", "NeedDaemonReload", "-p", "ExecMainStatus", UNIT]
TEXT = """\
# Written by hybrid_ai.cluster; changes are overwritten.
[Unit]
Description=Power meter
Wants=network-online.target
After=network-online.target
StartLimitIntervalSec=0

[Service]
Type=exec
User=meter
WorkingDirectory=/
ExecStart="/opt/meter" "--fast"
Restart=always
RestartSec=5
KillMode=control-group
TimeoutStopSec=30

[Install]
WantedBy=multi-user.target
"""
OLD = TEXT.replace("--fast", "--slow")


def show(active: str, *, sub: str = "", pid: int = 0, enabled: bool = True, stale: bool = False) -> Call:
    sub = sub or {"active": "running", "inactive": "dead"}.get(active, active)
    lines = [f"MainPID={pid}", "ExecMainStatus=1" if active == "activating" else "ExecMainStatus=0"]
    lines += [f"NeedDaemonReload={'yes' if stale else 'no'}", f"ActiveState={active}", f"SubState={sub}"]
    return call(SHOW, out="\n".join([*lines, f"UnitFileState={'enabled' if enabled else ''}"]) + "\n")


def systemctl(verb: str, rc: int = 0, err: str = "") -> Call:
    return call([SYSTEMCTL, verb, UNIT], rc=rc, err=err)


RUNNING = show("active", pid=42)
STOPPED = show("inactive")
UNKNOWN = show("inactive", enabled=False)
LOOPING = show("activating", sub="auto-restart")
RELOAD = call([SYSTEMCTL, "daemon-reload"])
STABLE = [RUNNING, RUNNING, RUNNING]

CASES = [
    pytest.param(
        None,
        {},
        [UNKNOWN],
        [RELOAD, systemctl("enable"), systemctl("start"), *STABLE],
        ["write", "reload", "enable", "start"],
        id="new",
    ),
    pytest.param(TEXT, {}, [RUNNING], [], [], id="nothing-to-do"),
    pytest.param(
        OLD,
        {},
        [RUNNING],
        [systemctl("stop"), RELOAD, systemctl("start"), *STABLE],
        ["stop", "write", "reload", "start"],
        id="changed-is-restarted-once",
    ),
    pytest.param(
        TEXT,
        {},
        [show("inactive", stale=True)],
        [RELOAD, systemctl("start"), *STABLE],
        ["reload", "start"],
        id="killed-before-the-reload",
    ),
    pytest.param(TEXT, {}, [STOPPED], [systemctl("start"), *STABLE], ["start"], id="killed-before-the-start"),
    pytest.param(TEXT, {}, [show("failed")], [systemctl("start"), *STABLE], ["start"], id="failed-is-started"),
    pytest.param(
        TEXT,
        {},
        [show("active", pid=42, enabled=False)],
        [systemctl("enable"), RUNNING],
        ["enable"],
        id="not-enabled",
    ),
    pytest.param(
        TEXT,
        {"state": "stopped"},
        [RUNNING],
        [systemctl("stop"), systemctl("disable"), UNKNOWN],
        ["stop", "disable"],
        id="stopped",
    ),
    pytest.param(TEXT, {"state": "stopped"}, [UNKNOWN], [], [], id="stopped-already"),
    pytest.param(
        TEXT,
        {"state": "absent"},
        [RUNNING],
        [systemctl("stop"), systemctl("disable"), RELOAD, UNKNOWN],
        ["stop", "disable", "remove", "reload"],
        id="absent",
    ),
    pytest.param(
        TEXT,
        {"state": "absent"},
        [RUNNING],
        [systemctl("stop"), systemctl("disable"), RELOAD, show("failed", enabled=False), systemctl("reset-failed")],
        ["stop", "disable", "remove", "reload"],
        id="absent, and ended badly",
    ),
    pytest.param(None, {"state": "absent"}, [UNKNOWN], [], [], id="absent-already"),
]


def put(host: Path, text: str | None) -> None:
    (host / FILE).parent.mkdir(parents=True)
    if text is not None:
        (host / FILE).write_text(text)
        (host / FILE).chmod(0o644)


@pytest.mark.parametrize(("before", "options", "reads", "writes", "steps"), CASES)
def test_steps(
    *,
    before: str | None,
    options: dict[str, Any],
    reads: list[Call],
    writes: list[Call],
    steps: list[str],
    run_module: Callable[..., dict[str, Any]],
    host_files: Path,
) -> None:
    put(host_files, before)
    args = {**METER, **options}
    predicted = run_module("service", args, reads, check=True, system="Linux")
    assert (host_files / FILE).exists() is (before is not None)
    result = run_module("service", args, [*reads, *writes], system="Linux")
    for one in (predicted, result):
        assert (one["changed"], one["steps"]) == (bool(steps), steps)
        assert (one["diff"]["before"] != one["diff"]["after"]) is bool(steps)
    assert predicted["diff"] == result["diff"]
    if options.get("state") == "absent":
        assert not (host_files / FILE).exists()
    else:
        assert (host_files / FILE).read_text() == TEXT


JOURNAL = call(["/usr/bin/journalctl", "-u", UNIT, "-n", "10", "-o", "cat", "--no-pager"], out="no sensor\ngiving up\n")
FAILURES = [
    pytest.param(
        {},
        [STOPPED, systemctl("start"), *[LOOPING] * 32, JOURNAL],
        f"{UNIT} does not stay running (activating, auto-restart, last exit status 1); the end of its journal:"
        " no sensor | giving up",
        id="crash-loop",
    ),
    pytest.param(
        {},
        [
            STOPPED,
            systemctl("start", 1, "Job for hybrid-ai-meter.service failed because the control process exited.\n"),
        ],
        f"`/usr/bin/systemctl start {UNIT}` failed with status 1: Job for hybrid-ai-meter.service failed because the"
        " control process exited.",
        id="refused",
    ),
    pytest.param(
        {"state": "stopped"},
        [RUNNING, systemctl("stop"), systemctl("disable"), RUNNING],
        f"`systemctl disable {UNIT}` had no effect.",
        id="read-back-mismatch",
    ),
    pytest.param(
        {"state": "absent"},
        [show("active", pid=42, enabled=False), systemctl("stop"), RELOAD, show("active", pid=42, enabled=False)],
        f"`systemctl stop {UNIT}` had no effect: the unit is active, running, last exit status 0.",
        id="does-not-stop",
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
    put(host_files, TEXT)
    result = run_module("service", {**METER, **options}, calls, system="Linux")
    assert (result.get("failed"), result["msg"]) == (True, message)


UNITS = [
    pytest.param(
        Description("x", arguments=["/opt/a b/x", "100%", "$HOME", 'say "hi"', "back\\slash"]),
        ['ExecStart="/opt/a b/x" "100%%" "$$HOME" "say \\"hi\\"" "back\\\\slash"'],
        id="quoting",
    ),
    pytest.param(
        Description("x", arguments=["/x"], environment={"B": "a b$c", "A": "50%"}),
        ['Environment="A=50%%"', 'Environment="B=a b$c"'],
        id="environment",
    ),
    pytest.param(Description("x", arguments=["/x"], group="g"), ["Group=g"], id="group"),
    pytest.param(Description("x", arguments=["/x"], restart="on_failure"), ["Restart=on-failure"], id="on-failure"),
    pytest.param(Description("x", arguments=["/x"], open_files=65535), ["LimitNOFILE=65535"], id="open-files"),
    pytest.param(
        Description("x", arguments=["/x"], wait_for_paths=["/a b"]),
        ['ExecStartPre=/bin/sh -c \'until test -e "$$0"; do sleep 1; done\' "/a b"', "TimeoutStartSec=infinity"],
        id="wait",
    ),
]


@pytest.mark.parametrize(("description", "lines"), UNITS)
def test_unit(description: Description, lines: list[str]) -> None:
    unit = make_unit(description).splitlines()
    assert [line for line in lines if line not in unit] == []


def test_a_service_that_waits_for_a_path_counts_as_started(
    run_module: Callable[..., dict[str, Any]], host_files: Path
) -> None:
    put(host_files, None)
    waiting = show("activating", sub="start-pre")
    start = call([SYSTEMCTL, "start", "--no-block", UNIT])
    result = run_module(
        "service",
        {**METER, "wait_for_paths": ["/mnt/models"]},
        [UNKNOWN, RELOAD, systemctl("enable"), start, waiting, waiting, waiting],
        system="Linux",
    )
    assert (result["changed"], result["pid"]) == (True, None)
