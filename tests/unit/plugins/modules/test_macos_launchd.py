# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
from __future__ import annotations

import plistlib
from typing import TYPE_CHECKING, Any

import pytest

from tests.unit.plugins.harness import Call, call

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

LABEL = "hybrid-ai.meter"
PLIST_PATH = "/Library/LaunchDaemons/hybrid-ai.meter.plist"
LAUNCHCTL = "/bin/launchctl"
PLIST = {"ProgramArguments": ["/opt/meter", "--fast"], "KeepAlive": True}
STORED = {"Label": LABEL, **PLIST}
ONE_SHOT = {"ProgramArguments": ["/opt/sweep"], "RunAtLoad": True}

NOT_THERE = call(
    [LAUNCHCTL, "print", f"system/{LABEL}"],
    rc=113,
    err=f'Bad request.\nCould not find service "{LABEL}" in domain for system\n',
)
ENABLED = call(
    [LAUNCHCTL, "print-disabled", "system"], out=f'\tdisabled services = {{\n\t\t"{LABEL}" => enabled\n\t}}\n'
)
NO_OVERRIDE = call([LAUNCHCTL, "print-disabled", "system"], out="\tdisabled services = {\n\t}\n")
DISABLED = call(
    [LAUNCHCTL, "print-disabled", "system"], out=f'\tdisabled services = {{\n\t\t"{LABEL}" => disabled\n\t}}\n'
)
OLD_DISABLED = call(
    [LAUNCHCTL, "print-disabled", "system"], out=f'\tdisabled services = {{\n\t\t"{LABEL}" => true\n\t}}\n'
)
BOOTSTRAP = [LAUNCHCTL, "bootstrap", "system", PLIST_PATH]
BOOTOUT = [LAUNCHCTL, "bootout", f"system/{LABEL}"]
KICKSTART = call([LAUNCHCTL, "kickstart", "-k", f"system/{LABEL}"])


def running(pid: int = 4242, path: str = PLIST_PATH) -> Call:
    return call(
        [LAUNCHCTL, "print", f"system/{LABEL}"],
        out=(
            f"system/{LABEL} = {{\n\tactive count = 1\n\tpath = {path}\n\ttype = LaunchDaemon\n\tstate = running\n\n"
            f"\tprogram = /opt/meter\n\tenvironment = {{\n\t\tstate = nonsense\n\t}}\n\n"
            f"\truns = 1\n\tpid = {pid}\n\tlast exit code = (never exited)\n}}\n"
        ),
    )


def ended(code: str = "78: EX_CONFIG", state: str = "not running") -> Call:
    return call(
        [LAUNCHCTL, "print", f"system/{LABEL}"],
        out=f"x = {{\n\tpath = {PLIST_PATH}\n\tstate = {state}\n\n\truns = 3\n\tlast exit code = {code}\n}}\n",
    )


def put(host: Path, plist: dict[str, Any] | bytes, mode: int = 0o644) -> None:
    file = host / PLIST_PATH.lstrip("/")
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(plist if isinstance(plist, bytes) else plistlib.dumps(plist))
    file.chmod(mode)


def stored(host: Path) -> dict[str, Any] | None:
    file = host / PLIST_PATH.lstrip("/")
    return plistlib.loads(file.read_bytes()) if file.exists() else None


OLD = {**STORED, "ProgramArguments": ["/opt/meter"]}
LOAD = [call(BOOTSTRAP), running()]
STABLE = [running(), running()]

CASES = [
    pytest.param(None, {"plist": PLIST}, [NO_OVERRIDE, NOT_THERE], [*LOAD, *STABLE], ["write", "load"], id="new"),
    pytest.param(STORED, {"plist": PLIST}, [ENABLED, running()], [], [], id="nothing-to-do"),
    pytest.param(STORED, {}, [ENABLED, running()], [], [], id="without-plist"),
    pytest.param(
        OLD,
        {"plist": PLIST},
        [NO_OVERRIDE, running(7)],
        [call(BOOTOUT), running(7), NOT_THERE, *LOAD, *STABLE],
        ["unload", "write", "load"],
        id="changed-is-restarted-once",
    ),
    pytest.param(
        b"damaged by a power cut",
        {"plist": PLIST},
        [NO_OVERRIDE, NOT_THERE],
        [*LOAD, *STABLE],
        ["write", "load"],
        id="damaged-file",
    ),
    pytest.param(
        STORED, {"plist": PLIST}, [NO_OVERRIDE, NOT_THERE], [*LOAD, *STABLE], ["load"], id="killed-before-loading"
    ),
    pytest.param(
        STORED,
        {"plist": PLIST},
        [DISABLED, NOT_THERE],
        [call([LAUNCHCTL, "enable", f"system/{LABEL}"]), ENABLED, *LOAD, *STABLE],
        ["enable", "load"],
        id="disabled",
    ),
    pytest.param(
        STORED,
        {"plist": PLIST},
        [OLD_DISABLED, NOT_THERE],
        [call([LAUNCHCTL, "enable", f"system/{LABEL}"]), ENABLED, *LOAD, *STABLE],
        ["enable", "load"],
        id="disabled-older-wording",
    ),
    pytest.param(
        STORED,
        {"plist": PLIST},
        [ENABLED, NOT_THERE],
        [
            call(BOOTSTRAP, rc=37, err="Bootstrap failed: 37: Operation already in progress\n"),
            NOT_THERE,
            call(BOOTSTRAP, rc=5, err="Bootstrap failed: 5: Input/output error\n"),
            running(),
            *STABLE,
        ],
        ["load"],
        id="bootstrap-races-and-lies",
    ),
    pytest.param(
        OLD,
        {"plist": PLIST},
        [NO_OVERRIDE, running(7)],
        [call(BOOTOUT, rc=36, err="Boot-out failed: 36: Operation now in progress\n"), NOT_THERE, *LOAD, *STABLE],
        ["unload", "write", "load"],
        id="bootout-in-progress",
    ),
    pytest.param(STORED, {"plist": PLIST}, [ENABLED, ended()], [KICKSTART, *STABLE], ["restart"], id="dead-is-started"),
    pytest.param(
        STORED,
        {"plist": PLIST},
        [ENABLED, running(path="/tmp/elsewhere.plist")],
        [call(BOOTOUT), NOT_THERE, *LOAD, *STABLE],
        ["unload", "load"],
        id="loaded-from-elsewhere",
    ),
    pytest.param(
        {"Label": LABEL, **ONE_SHOT},
        {"plist": ONE_SHOT},
        [ENABLED, ended("0")],
        [],
        [],
        id="one-shot-has-ended-and-that-is-fine",
    ),
    pytest.param(
        None,
        {"plist": ONE_SHOT},
        [ENABLED, NOT_THERE],
        [call(BOOTSTRAP), ended("0"), ended("0")],
        ["write", "load"],
        id="one-shot",
    ),
    pytest.param(
        STORED, {"state": "restarted"}, [ENABLED, running(7)], [KICKSTART, *STABLE], ["restart"], id="restarted"
    ),
    pytest.param(
        STORED,
        {"state": "stopped"},
        [ENABLED, running()],
        [call([LAUNCHCTL, "disable", f"system/{LABEL}"]), DISABLED, call(BOOTOUT), NOT_THERE],
        ["disable", "unload"],
        id="stopped",
    ),
    pytest.param(STORED, {"state": "stopped"}, [DISABLED, NOT_THERE], [], [], id="stopped-already"),
    pytest.param(
        STORED,
        {"state": "absent"},
        [DISABLED, running()],
        [call(BOOTOUT), NOT_THERE, call([LAUNCHCTL, "enable", f"system/{LABEL}"]), ENABLED],
        ["unload", "remove", "enable"],
        id="absent",
    ),
    pytest.param(None, {"state": "absent"}, [ENABLED, NOT_THERE], [], [], id="absent-already"),
    pytest.param(STORED, {"state": "absent"}, [ENABLED, NOT_THERE], [], ["remove"], id="absent-killed-half-way"),
]


@pytest.mark.parametrize(("before", "args", "reads", "writes", "steps"), CASES)
def test_steps(
    *,
    before: Any,
    args: dict[str, Any],
    reads: list[Call],
    writes: list[Call],
    steps: list[str],
    run_module: Callable[..., dict[str, Any]],
    host_files: Path,
) -> None:
    (host_files / "Library/LaunchDaemons").mkdir(parents=True)
    if before is not None:
        put(host_files, before)

    predicted = run_module("macos_launchd", {"label": LABEL, **args}, reads, check=True, diff=True)
    assert (predicted["changed"], predicted["steps"]) == (bool(steps), steps)
    assert (predicted["diff"]["before"] != predicted["diff"]["after"]) is bool(steps)

    result = run_module("macos_launchd", {"label": LABEL, **args}, [*reads, *writes], diff=True)
    assert (result["changed"], result["steps"]) == (bool(steps), steps)
    assert result["diff"] == predicted["diff"]
    wanted = args.get("plist")
    if args.get("state") == "absent":
        assert stored(host_files) is None
    elif wanted:
        assert stored(host_files) == {"Label": LABEL, **wanted}
        assert (host_files / PLIST_PATH.lstrip("/")).stat().st_mode & 0o777 == 0o644


def test_a_file_others_may_write_is_replaced(run_module: Callable[..., dict[str, Any]], host_files: Path) -> None:
    put(host_files, STORED, mode=0o666)
    writes = [call(BOOTOUT), NOT_THERE, *LOAD, *STABLE]
    result = run_module("macos_launchd", {"label": LABEL, "plist": PLIST}, [ENABLED, running(7), *writes])
    assert result["steps"] == ["unload", "write", "load"]


SIP = "Operation not permitted while System Integrity Protection is engaged"
FAILURES = [
    pytest.param(
        {"plist": {**PLIST, "StandardErrorPath": "/var/log/meter.log"}},
        [NO_OVERRIDE, NOT_THERE, call(BOOTSTRAP), running(1), running(1), ended(state="spawn scheduled")],
        f"{LABEL} is loaded but does not stay running (last exit code: 78: EX_CONFIG); the end of /var/log/meter.log:"
        " no such model | giving up",
        id="crash-loop",
    ),
    pytest.param(
        {"plist": PLIST},
        [NO_OVERRIDE, NOT_THERE, call(BOOTSTRAP), running(1), running(1), running(2)],
        f"{LABEL} is loaded but does not stay running (last exit code: (never exited)).",
        id="another-process-every-time",
    ),
    pytest.param(
        {"plist": PLIST},
        [
            NO_OVERRIDE,
            NOT_THERE,
            *[call(BOOTSTRAP, rc=5, err="Bootstrap failed: 5: Input/output error\n"), NOT_THERE] * 5,
        ],
        f"launchd refused {PLIST_PATH}: Bootstrap failed: 5: Input/output error - check that its program exists and"
        " that the file is valid with `plutil -lint`.",
        id="refused",
    ),
    pytest.param(
        {"state": "absent"},
        [NO_OVERRIDE, running(), call(BOOTOUT, rc=150, err=f"Boot-out failed: 150: {SIP}\n")],
        f"{LABEL} belongs to macOS and System Integrity Protection keeps it from being changed.",
        id="protected",
    ),
    pytest.param(
        {"state": "absent"},
        [NO_OVERRIDE, running(), call(BOOTOUT), *[running()] * 81],
        f"{LABEL} is still loaded 40 seconds after launchctl bootout: no message",
        id="never-ends",
    ),
    pytest.param(
        {"plist": PLIST},
        [DISABLED, NOT_THERE, call([LAUNCHCTL, "enable", f"system/{LABEL}"]), DISABLED],
        f"`launchctl enable system/{LABEL}` had no effect: no message",
        id="read-back-mismatch",
    ),
    pytest.param(
        {"plist": PLIST},
        [call([LAUNCHCTL, "print-disabled", "system"], hangs=True)],
        "`/bin/launchctl print-disabled system` did not finish within 60 seconds and was ended.",
        id="hangs",
    ),
    pytest.param(
        {},
        [NO_OVERRIDE, NOT_THERE],
        f"There is no {PLIST_PATH} to start: give its content with the option plist.",
        id="nothing-to-start",
    ),
    pytest.param(
        {"plist": {"Label": "other", **PLIST}},
        [],
        f"The property list of {LABEL} names another Label, 'other': leave Label out.",
        id="label",
    ),
    pytest.param(
        {"plist": {"KeepAlive": True}},
        [],
        f"The property list of {LABEL} needs ProgramArguments or Program.",
        id="no-program",
    ),
    pytest.param(
        {"plist": {"ProgramArguments": ["/opt/meter", 10]}},
        [],
        f"ProgramArguments of {LABEL} must be strings, but 10 is not: put it in quotes.",
        id="number",
    ),
    pytest.param(
        {"plist": {**PLIST, "UserName": None}},
        [],
        f"The property list of {LABEL} holds a null, which launchd has no word for: leave it out.",
        id="null",
    ),
]


@pytest.mark.parametrize(("args", "calls", "message"), FAILURES)
def test_failures(
    args: dict[str, Any],
    calls: list[Call],
    message: str,
    run_module: Callable[..., dict[str, Any]],
    host_files: Path,
) -> None:
    (host_files / "Library/LaunchDaemons").mkdir(parents=True)
    (host_files / "var/log").mkdir(parents=True)
    (host_files / "var/log/meter.log").write_text("no such model\ngiving up\n")
    result = run_module("macos_launchd", {"label": LABEL, **args}, calls)
    assert (result.get("failed"), result["msg"]) == (True, message)


def test_needs_root(run_module: Callable[..., dict[str, Any]]) -> None:
    result = run_module("macos_launchd", {"label": LABEL, "state": "absent"}, uid=501)
    assert result["msg"] == f"Managing {LABEL} needs root: set become to true for this task."


@pytest.mark.parametrize("check", [False, True], ids=["run", "check mode"])
def test_what_belongs_to_an_absent_job_goes_with_it(run_module, host_files, check):
    (host_files / "opt/meter").mkdir(parents=True)
    (host_files / "opt/meter/data").touch()
    args = {"label": LABEL, "state": "absent", "owned_paths": ["/opt/meter", "/var/log/meter.log"]}
    result = run_module("macos_launchd", args, [ENABLED, NOT_THERE], check=check)
    assert result["changed"]
    assert result["steps"] == ["remove /opt/meter"]
    assert (host_files / "opt/meter").exists() == check


def test_nothing_that_belonged_to_an_absent_job_is_no_change(run_module):
    args = {"label": LABEL, "state": "absent", "owned_paths": ["/opt/meter"]}
    assert not run_module("macos_launchd", args, [ENABLED, NOT_THERE])["changed"]
