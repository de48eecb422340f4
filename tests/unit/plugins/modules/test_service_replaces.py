# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Units of the distribution that a service replaces: masked and stopped, whoever let them run again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._service.description import Description
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._service.systemd import make_unit

from tests.unit.plugins.harness import Call, call

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

UNIT = "hybrid-ai-front.service"
UNITS = "etc/systemd/system"
THEIRS = ["haproxy.service", "haproxy-agent.service"]
FRONT = {"name": "front", "arguments": ["/usr/sbin/haproxy", "-db"], "replaces": THEIRS}
SYSTEMCTL = "/usr/bin/systemctl"
PROPERTIES = ["ActiveState", "SubState", "MainPID", "UnitFileState", "NeedDaemonReload", "ExecMainStatus"]
SHOW = [SYSTEMCTL, "show", *[word for name in PROPERTIES for word in ("-p", name)], UNIT]
RUNNING = call(SHOW, out="ActiveState=active\nMainPID=42\nUnitFileState=enabled\n")
UNKNOWN = call(SHOW, out="ActiveState=inactive\nMainPID=0\nUnitFileState=\n")
RELOAD = call([SYSTEMCTL, "daemon-reload"])
STOP = call([SYSTEMCTL, "stop", *THEIRS])


def theirs(*units: str) -> Call:
    """Say the load state and the active state of each unit."""
    words = [each.split() for each in units]
    text = "\n".join(f"LoadState={load}\nActiveState={active}\n" for load, active in words)
    return call([SYSTEMCTL, "show", "-p", "LoadState", "-p", "ActiveState", *THEIRS], out=text)


QUIET = theirs("masked inactive", "masked inactive")

CASES = [
    pytest.param(THEIRS, {}, [RUNNING, QUIET], [], [], id="nothing-to-do"),
    pytest.param(THEIRS, {}, [RUNNING, theirs("masked failed", "masked inactive")], [], [], id="failed-is-stopped"),
    pytest.param(
        [],
        {},
        [RUNNING, theirs("loaded active", "not-found inactive")],
        [RELOAD, theirs("masked active", "masked inactive"), STOP, QUIET, RUNNING],
        ["mask_replaced", "stop_replaced"],
        id="somebody-let-it-run",
    ),
    pytest.param(
        THEIRS[:1],
        {},
        [RUNNING, theirs("masked inactive", "loaded inactive")],
        [RELOAD, QUIET, RUNNING],
        ["mask_replaced"],
        id="one-is-not-masked",
    ),
    pytest.param(
        THEIRS,
        {},
        [RUNNING, theirs("loaded inactive", "masked inactive")],
        [RELOAD, QUIET, RUNNING],
        ["mask_replaced"],
        id="killed-before-the-reload",
    ),
    pytest.param(
        THEIRS,
        {},
        [RUNNING, theirs("masked active", "masked inactive")],
        [STOP, QUIET, RUNNING],
        ["stop_replaced"],
        id="killed-before-the-stop",
    ),
    pytest.param(
        [],
        {"state": "stopped"},
        [UNKNOWN, theirs("loaded inactive", "loaded inactive")],
        [RELOAD, QUIET, UNKNOWN],
        ["mask_replaced"],
        id="stopped",
    ),
]


def put(host: Path, masked: list[str]) -> None:
    directory = host / UNITS
    directory.mkdir(parents=True)
    (directory / UNIT).write_text(make_unit(Description("front", "front", ["/usr/sbin/haproxy", "-db"])))
    (directory / UNIT).chmod(0o644)
    for name in THEIRS:
        if name in masked:
            (directory / name).symlink_to("/dev/null")
        else:
            (directory / name).write_text("[Service]\nExecStart=/bin/true\n")


@pytest.mark.parametrize(("masked", "options", "reads", "writes", "steps"), CASES)
def test_steps(
    *,
    masked: list[str],
    options: dict[str, Any],
    reads: list[Call],
    writes: list[Call],
    steps: list[str],
    run_module: Callable[..., dict[str, Any]],
    host_files: Path,
) -> None:
    put(host_files, masked)
    args = {**FRONT, **options}
    predicted = run_module("service", args, reads, check=True, system="Linux")
    assert [name for name in THEIRS if (host_files / UNITS / name).is_symlink()] == masked
    result = run_module("service", args, [*reads, *writes], system="Linux")
    for one in (predicted, result):
        assert (one["changed"], one["steps"], one["restarted"]) == (bool(steps), steps, False)
        assert (one["diff"]["before"] != one["diff"]["after"]) is bool(steps)
        assert one["diff"]["after"]["replaced"] == dict.fromkeys(THEIRS, "masked, stopped")
    assert predicted["diff"] == result["diff"]
    assert {str((host_files / UNITS / name).readlink()) for name in THEIRS} == {"/dev/null"}


def test_it_is_kept_from_running_before_ours_is_started(
    run_module: Callable[..., dict[str, Any]], host_files: Path
) -> None:
    put(host_files, [])
    (host_files / UNITS / UNIT).unlink()
    ours = [call([SYSTEMCTL, *words]) for words in (["daemon-reload"], ["enable", UNIT], ["start", UNIT])]
    calls = [UNKNOWN, theirs("loaded active", "loaded inactive")]
    calls += [RELOAD, theirs("masked active", "masked inactive"), STOP, QUIET, *ours, RUNNING, RUNNING, RUNNING]
    result = run_module("service", FRONT, calls, system="Linux")
    assert result["steps"] == ["mask_replaced", "stop_replaced", "write", "reload", "enable", "start"]


def test_removing_ours_leaves_them_alone(run_module: Callable[..., dict[str, Any]], host_files: Path) -> None:
    put(host_files, [])
    (host_files / UNITS / UNIT).unlink()
    reads = [UNKNOWN, theirs("loaded active", "loaded inactive")]
    assert run_module("service", {**FRONT, "state": "absent"}, reads, system="Linux")["steps"] == []


FAILURES = [
    pytest.param(
        [],
        {},
        [RUNNING, theirs("loaded active", "masked inactive"), RELOAD, theirs("loaded active", "masked inactive")],
        "What the service replaces could not be kept from running: haproxy.service is not masked, running;"
        " haproxy-agent.service is masked, stopped.",
        id="mask-does-not-show",
    ),
    pytest.param(
        THEIRS,
        {},
        [RUNNING, theirs("masked active", "masked inactive"), STOP, theirs("masked active", "masked inactive")],
        "What the service replaces could not be kept from running: haproxy.service is masked, running;"
        " haproxy-agent.service is masked, stopped.",
        id="stop-does-not-show",
    ),
    pytest.param(
        THEIRS,
        {},
        [RUNNING, theirs("masked inactive")],
        "`systemctl show` answered for 1 of the units haproxy.service, haproxy-agent.service.",
        id="half-an-answer",
    ),
    pytest.param(
        THEIRS,
        {"replaces": ["../haproxy"]},
        [],
        "'../haproxy' is not a unit that the service front could replace: write NAME.service.",
        id="no-unit",
    ),
]


@pytest.mark.parametrize(("masked", "options", "calls", "message"), FAILURES)
def test_failures(
    *,
    masked: list[str],
    options: dict[str, Any],
    calls: list[Call],
    message: str,
    run_module: Callable[..., dict[str, Any]],
    host_files: Path,
) -> None:
    put(host_files, masked)
    result = run_module("service", {**FRONT, **options}, calls, system="Linux")
    assert (result.get("failed"), result["msg"]) == (True, message)
