# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""launchctl's texts, streams and exit statuses, in front of a supervisor whose processes are numbers."""

from __future__ import annotations

import plistlib
from typing import TYPE_CHECKING, Any

import pytest

from lab.macos.simulator.launchd.control import handle
from lab.macos.simulator.launchd.supervisor import Supervisor
from lab.macos.simulator.tools import launchctl

if TYPE_CHECKING:
    from lab.macos.simulator.tool import Context

DAEMONS = "/Library/LaunchDaemons"
D = f"{DAEMONS}/com.example.d.plist"
TARGET = "system/com.example.d"
NOT_LOADED = 'Could not find service "com.example.d" in domain for system\n'
PROTECTED = "150: Operation not permitted while System Integrity Protection is engaged\n"


@pytest.fixture
def launchd(mac, monkeypatch: pytest.MonkeyPatch) -> Supervisor:
    pids = iter(range(4242, 5000))
    supervisor = Supervisor(mac.state, spawn=lambda *_: next(pids), kill=lambda *_: None)

    def ask(context: Context, operation: str, **arguments: Any) -> dict[str, Any]:
        return handle(supervisor, {"operation": operation, **arguments}, context.uid, lambda _action: None)

    monkeypatch.setattr(launchctl, "ask", ask)
    return supervisor


def daemon(mac, label: str = "com.example.d", directory: str = DAEMONS, **keys: Any) -> str:
    arguments = ["/usr/local/bin/d", "--flag"]
    data = plistlib.dumps({"Label": label, "ProgramArguments": arguments, **keys}).decode()
    mac.write(f"{directory}/{label}.plist", data).chmod(0o644)
    return f"{directory}/{label}.plist"


def load(mac, **keys: Any) -> None:
    assert mac.run("launchctl", "bootstrap", "system", daemon(mac, **keys)).rc == 0


def test_bootstrap_twice(mac, launchd: Supervisor) -> None:
    load(mac)
    again = mac.run("launchctl", "bootstrap", "system", D)
    assert (again.rc, again.out, again.err) == (5, "", "Bootstrap failed: 5: Input/output error\n")


def test_bootstrap_not_root(mac, launchd: Supervisor) -> None:
    result = mac.run("launchctl", "bootstrap", "system", daemon(mac), uid=501)
    hint = "Try re-running the command as root for richer errors.\n"
    assert (result.rc, result.err) == (5, "Bootstrap failed: 5: Input/output error\n" + hint)


def test_bootstrap_of_a_disabled_label(mac, launchd: Supervisor) -> None:
    assert mac.run("launchctl", "disable", TARGET).rc == 0
    assert mac.run("launchctl", "bootstrap", "system", daemon(mac)).rc == 5
    assert mac.run("launchctl", "enable", TARGET).rc == 0
    assert mac.run("launchctl", "bootstrap", "system", D).rc == 0


def test_bootout_races(mac, launchd: Supervisor) -> None:
    load(mac, KeepAlive=True)
    first = mac.run("launchctl", "bootout", TARGET)
    assert (first.rc, first.err) == (36, "Boot-out failed: 36: Operation now in progress\n")
    early = mac.run("launchctl", "bootstrap", "system", D)
    assert (early.rc, early.err) == (37, "Bootstrap failed: 37: Operation already in progress\n")
    launchd.reaped(4242, -15)
    late = mac.run("launchctl", "bootout", TARGET)
    assert (late.rc, late.err) == (3, "Boot-out failed: 3: No such process\n")


def test_bootout_by_path(mac, launchd: Supervisor) -> None:
    load(mac)
    assert (
        mac.run("launchctl", "bootout", "system", str(mac.path(D))).rc == 3
    )  # the scratch path is not a path of the Mac
    assert mac.run("launchctl", "bootout", "system", D).rc == 0


def test_apple_daemon(mac, launchd: Supervisor) -> None:
    path = daemon(mac, "com.apple.timed", "/System/Library/LaunchDaemons")
    assert mac.run("launchctl", "bootstrap", "system", path).rc == 0
    bootout = mac.run("launchctl", "bootout", "system/com.apple.timed")
    assert (bootout.rc, bootout.err) == (150, "Boot-out failed: " + PROTECTED)
    kick = mac.run("launchctl", "kickstart", "-k", "system/com.apple.timed")
    assert (kick.rc, kick.err) == (150, 'Could not kickstart service "com.apple.timed": ' + PROTECTED)


def test_remote_login_is_not_protected(mac, launchd: Supervisor) -> None:
    path = daemon(mac, "com.openssh.sshd", "/System/Library/LaunchDaemons")
    assert mac.run("launchctl", "bootstrap", "system", path).rc == 0
    assert mac.run("launchctl", "bootout", "system/com.openssh.sshd").rc == 0


@pytest.mark.parametrize(
    ("argv", "uid", "rc", "err"),
    [
        pytest.param(["bootout", TARGET], 0, 3, "Boot-out failed: 3: No such process\n", id="bootout"),
        pytest.param(["print", TARGET], 0, 113, "Bad request.\n" + NOT_LOADED, id="print"),
        pytest.param(["kickstart", TARGET], 0, 113, NOT_LOADED, id="kickstart"),
        pytest.param(["list", "x"], 0, 113, 'Could not find service "x" in domain for port\n', id="list"),
        pytest.param(
            ["print", "gui/501/x"],
            0,
            113,
            'Bad request.\nCould not find service "x" in domain for user gui: 501\n',
            id="print gui",
        ),
        pytest.param(
            ["bootstrap", "gui/501", D],
            0,
            125,
            "Bootstrap failed: 125: Domain does not support specified action\n",
            id="bootstrap gui",
        ),
        pytest.param(
            ["enable", "gui/501/x"],
            0,
            125,
            "Could not enable service: 125: Domain does not support specified action\n",
            id="enable gui",
        ),
        pytest.param(
            ["enable", "system/x"],
            501,
            1,
            "Could not enable service: 1: Operation not permitted\n",
            id="enable not root",
        ),
        pytest.param(
            ["disable", "system/x"],
            501,
            1,
            "Could not disable service: 1: Operation not permitted\n",
            id="disable not root",
        ),
        pytest.param(["disable", "system/never"], 0, 0, "", id="disable of a label nobody loaded"),
        pytest.param(
            ["limit", "maxfiles", "1024", "2048"],
            0,
            150,
            "Could not set resource limits: " + PROTECTED,
            id="limit",
        ),
        pytest.param(["setenv", "A", "b"], 0, 150, "Could not set environment: " + PROTECTED, id="setenv"),
    ],
)
def test_refusals(mac, launchd: Supervisor, *, argv: list[str], uid: int, rc: int, err: str) -> None:
    result = mac.run("launchctl", *argv, uid=uid)
    assert (result.rc, result.out, result.err) == (rc, "", err)


def test_print_running(mac, launchd: Supervisor) -> None:
    load(mac, RunAtLoad=True)
    assert mac.run("launchctl", "print", TARGET).out == (
        "system/com.example.d = {\n"
        "\tactive count = 1\n"
        "\tpath = /Library/LaunchDaemons/com.example.d.plist\n"
        "\ttype = LaunchDaemon\n"
        "\tstate = running\n"
        "\n"
        "\tprogram = /usr/local/bin/d\n"
        "\targuments = {\n"
        "\t\t/usr/local/bin/d\n"
        "\t\t--flag\n"
        "\t}\n"
        "\n"
        "\tenvironment = {\n"
        "\t\tXPC_SERVICE_NAME => com.example.d\n"
        "\t}\n"
        "\n"
        "\truns = 1\n"
        "\tpid = 4242\n"
        "\tlast exit code = (never exited)\n"
        "}\n"
    )


@pytest.mark.parametrize(
    ("status", "keys", "lines"),
    [
        pytest.param(0, {}, ["state = not running", "last exit code = 0"], id="ended"),
        pytest.param(78, {}, ["state = not running", "last exit code = 78: EX_CONFIG"], id="configuration"),
        pytest.param(1, {"KeepAlive": True}, ["state = spawn scheduled", "last exit code = 1"], id="throttled"),
    ],
)
def test_print_ended(mac, launchd: Supervisor, status: int, keys: dict[str, Any], lines: list[str]) -> None:
    load(mac, RunAtLoad=True, **keys)
    launchd.reaped(4242, status)
    printed = mac.run("launchctl", "print", TARGET).out.splitlines()
    assert [line.strip() for line in printed if "state" in line or "last" in line] == lines
    assert "\tactive count = 0" in printed


def test_print_disabled(mac, launchd: Supervisor) -> None:
    mac.run("launchctl", "enable", "system/com.openssh.sshd")
    mac.run("launchctl", "disable", "system/com.apple.ftpd")
    expected = '\tdisabled services = {\n\t\t"com.apple.ftpd" => disabled\n\t\t"com.openssh.sshd" => enabled\n\t}\n'
    assert mac.run("launchctl", "print-disabled", "system").out == expected


def test_list(mac, launchd: Supervisor) -> None:
    load(mac, RunAtLoad=True)
    assert mac.run("launchctl", "list").out == "PID\tStatus\tLabel\n4242\t0\tcom.example.d\n"
    one = '{\n\t"Label" = "com.example.d";\n\t"LastExitStatus" = 0;\n\t"PID" = 4242;\n};\n'
    assert mac.run("launchctl", "list", "com.example.d").out == one
    launchd.reaped(4242, -15)
    assert mac.run("launchctl", "list").out == "PID\tStatus\tLabel\n-\t-15\tcom.example.d\n"


def test_kickstart_prints_the_process(mac, launchd: Supervisor) -> None:
    load(mac)
    assert mac.run("launchctl", "kickstart", TARGET).out == ""
    assert "4242" in mac.run("launchctl", "kickstart", "-p", TARGET).out


@pytest.mark.parametrize("verb", ["load", "unload"])
def test_legacy_verbs_fail_with_status_zero(mac, launchd: Supervisor, verb: str) -> None:
    daemon(mac)
    if verb == "load":
        mac.run("launchctl", "load", "-w", D)
    result = mac.run("launchctl", verb, "-w", D)
    text = f"{verb.capitalize()} failed: 5: Input/output error\n"
    hint = "Try running `launchctl bootstrap` as root for richer errors.\n"
    assert (result.rc, result.out, result.err) == (0, "", text + hint)


def test_unload_writes_the_override(mac, launchd: Supervisor) -> None:
    load(mac)
    assert mac.run("launchctl", "unload", "-w", D).err == ""
    assert mac.state.read("launchd") == {"disabled": {"system": {"com.example.d": True}}}


def test_maxfiles(mac, launchd: Supervisor) -> None:
    assert mac.run("launchctl", "limit", "maxfiles").out.split() == ["maxfiles", "256", "unlimited"]


def test_error(mac, launchd: Supervisor) -> None:
    assert mac.run("launchctl", "error", "5").out == "5: Input/output error\n"
