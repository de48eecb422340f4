# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The lines about what a Mac is set to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.unit.plugins.harness import Call, call
from tests.unit.plugins.recorded import recorded

if TYPE_CHECKING:
    from collections.abc import Callable

PMSET = call(["/usr/bin/pmset", "-g", "custom"], out=recorded("pmset-g-custom.macos-26.5.txt"))
PORTS = call(
    ["/usr/sbin/networksetup", "-listallhardwareports"],
    out=recorded("networksetup-listallhardwareports.macos-26.txt"),
)
WIFI_ON = call(["/usr/sbin/networksetup", "-getairportpower", "en1"], out="Wi-Fi Power (en1): On\n")
BACKUPS = ["/usr/bin/defaults", "read", "/Library/Preferences/com.apple.TimeMachine", "AutoBackup"]
UPDATES = ["/usr/bin/defaults", "read", "/Library/Preferences/com.apple.SoftwareUpdate", "AutomaticDownload"]
UPDATE = {"check": "preference", "domain": UPDATES[2], "key": "AutomaticDownload"}
NVRAM = ["/usr/sbin/nvram", "boot-args"]
ACTIVE = ["/usr/sbin/sysctl", "-n", "kern.bootargs"]
SCUTIL = "/usr/sbin/scutil"
SSHD = ["/bin/launchctl", "print", "system/com.openssh.sshd"]
DISABLED = ["/bin/launchctl", "print-disabled", "system"]
XCODE = ["/usr/bin/xcode-select", "-p"]
RECEIPT = ["/usr/sbin/pkgutil", "--pkg-info=com.apple.pkg.CLTools_Executables"]


def names(computer: str, local: str, host: str | None) -> list[Call]:
    return [
        call([SCUTIL, "--get", "ComputerName"], out=f"{computer}\n"),
        call([SCUTIL, "--get", "LocalHostName"], out=f"{local}\n"),
        call([SCUTIL, "--get", "HostName"], out=f"{host}\n" if host else "", rc=0 if host else 1),
    ]


@pytest.mark.parametrize(
    ("check", "calls", "system", "line"),
    [
        pytest.param(
            {"check": "power", "settings": {"sleep": 0, "womp": True, "highpowermode": 0}},
            [PMSET],
            "Darwin",
            (True, "sleep 0, womp 1, highpowermode not supported", "sleep 0, womp 1, highpowermode 0"),
            id="power",
        ),
        pytest.param(
            {"check": "power", "settings": {"disksleep": 0}},
            [PMSET],
            "Darwin",
            (False, "disksleep 10", "disksleep 0"),
            id="power-false",
        ),
        pytest.param(
            {"check": "restart_after_power_failure", "expected": "after_failure"},
            [PMSET],
            "Darwin",
            (True, "after_failure", "after_failure"),
            id="restart",
        ),
        pytest.param(
            {"check": "restart_after_power_failure", "expected": "always"},
            [PMSET],
            "Darwin",
            (False, "after_failure", "always"),
            id="restart-false",
        ),
        pytest.param(
            {"check": "spotlight", "expected": False},
            [call(["/usr/bin/mdutil", "-s", "/"], out="/:\n\tIndexing disabled.\n")],
            "Darwin",
            (True, "/ off", "/ off"),
            id="spotlight",
        ),
        pytest.param(
            {"check": "spotlight", "expected": "no"},
            [call(["/usr/bin/mdutil", "-s", "/"], out="/:\n\tIndexing enabled. \n")],
            "Darwin",
            (False, "/ on", "/ off"),
            id="spotlight-false",
        ),
        pytest.param(
            {"check": "time_machine", "expected": False},
            [call(BACKUPS, rc=1, err="The domain/default pair of (x, AutoBackup) does not exist\n")],
            "Darwin",
            (True, "off", "off"),
            id="time-machine",
        ),
        pytest.param(
            {"check": "time_machine", "expected": False},
            [call(BACKUPS, out="1\n")],
            "Darwin",
            (False, "on", "off"),
            id="time-machine-false",
        ),
        pytest.param(
            {"check": "filevault", "expected": False},
            [call(["/usr/bin/fdesetup", "status"], out="FileVault is Off.\n")],
            "Darwin",
            (True, "FileVault is Off.", "FileVault is Off."),
            id="filevault",
        ),
        pytest.param(
            {"check": "filevault", "expected": False},
            [
                call(
                    ["/usr/bin/fdesetup", "status"],
                    out="FileVault is Off.\nDecryption in progress: Percent completed = 40\n",
                )
            ],
            "Darwin",
            (
                False,
                "FileVault is Off. Decryption in progress: Percent completed = 40",
                "FileVault is Off.",
            ),
            id="filevault-false-while-decrypting",
        ),
        pytest.param(
            {"check": "filevault", "expected": False},
            [
                call(
                    ["/usr/bin/fdesetup", "status"],
                    out="FileVault is Off.\nDeferred enablement appears to be active for user 'alex'.\n",
                )
            ],
            "Darwin",
            (
                False,
                "FileVault is Off. Deferred enablement appears to be active for user 'alex'.",
                "FileVault is Off.",
            ),
            id="filevault-false-while-it-is-pending",
        ),
        pytest.param({"check": "wifi", "expected": True}, [PORTS, WIFI_ON], "Darwin", (True, "on", "on"), id="wifi"),
        pytest.param(
            {"check": "wifi", "expected": False}, [PORTS, WIFI_ON], "Darwin", (False, "on", "off"), id="wifi-false"
        ),
        pytest.param(
            {"check": "boot_args", "present": ["serverperfmode=1"], "absent": ["-v"]},
            [call(NVRAM, out="boot-args\tserverperfmode=1\n"), call(ACTIVE, out="serverperfmode=1\n")],
            "Darwin",
            (True, "serverperfmode=1", "serverperfmode=1, no -v"),
            id="boot-args",
        ),
        pytest.param(
            {"check": "boot_args", "present": ["serverperfmode=1"]},
            [call(NVRAM, out="boot-args\tserverperfmode=1\n"), call(ACTIVE, out="\n")],
            "Darwin",
            (False, "none", "serverperfmode=1"),
            id="boot-args-false-before-the-restart",
        ),
        pytest.param(
            {"check": "system_setup", "settings": {"network_time": True}},
            [call(["/usr/sbin/systemsetup", "-getusingnetworktime"], out="Network Time: On\n")],
            "Darwin",
            (True, "network_time on", "network_time on"),
            id="system-setup",
        ),
        pytest.param(
            {"check": "system_setup", "settings": {"network_time": True}},
            [call(["/usr/sbin/systemsetup", "-getusingnetworktime"], out="Network Time: Off\n")],
            "Darwin",
            (False, "network_time off", "network_time on"),
            id="system-setup-false",
        ),
        pytest.param(
            {**UPDATE, "expected": False}, [call(UPDATES, out="0\n")], "Darwin", (True, "0", "0"), id="preference"
        ),
        pytest.param(
            {**UPDATE, "expected": False},
            [call(UPDATES, rc=1, err="Could not find key 'AutomaticDownload'\n")],
            "Darwin",
            (False, "not set", "0"),
            id="preference-false",
        ),
        pytest.param(
            {"check": "computer_name", "expected": "olab1"},
            names("olab1", "olab1", "olab1"),
            "Darwin",
            (True, "olab1", "olab1"),
            id="computer-name",
        ),
        pytest.param(
            {"check": "computer_name", "expected": "olab1"},
            names("Mac mini", "olab1", None),
            "Darwin",
            (False, "ComputerName Mac mini, HostName not set", "olab1"),
            id="computer-name-false",
        ),
        pytest.param(
            {"check": "remote_login"},
            [
                call(SSHD, out="x = {\n\tstate = not running\n}\n"),
                call(DISABLED, out='\t"com.openssh.sshd" => enabled\n'),
            ],
            "Darwin",
            (True, "on", "on"),
            id="remote-login",
        ),
        pytest.param(
            {"check": "remote_login"},
            [
                call(SSHD, out="x = {\n\tstate = not running\n}\n"),
                call(DISABLED, out='\t"com.openssh.sshd" => disabled\n'),
            ],
            "Darwin",
            (False, "off", "on"),
            id="remote-login-false-though-launchd-prints-the-job",
        ),
        pytest.param(
            {"check": "remote_login"},
            [
                call(
                    ["systemctl", "is-active", "ssh.service", "sshd.service", "ssh.socket"],
                    rc=3,
                    out="active\ninactive\n",
                )
            ],
            "Linux",
            (True, "on", "on"),
            id="remote-login-linux",
        ),
        pytest.param(
            {"check": "command_line_tools"},
            [call(XCODE, out="/Library/Developer/CommandLineTools\n"), call(RECEIPT, out="version: 26.1\n")],
            "Darwin",
            (True, "26.1 in /Library/Developer/CommandLineTools", "present"),
            id="command-line-tools",
        ),
        pytest.param(
            {"check": "command_line_tools"},
            [
                call(XCODE, rc=2, err="xcode-select: error: unable to get active developer directory\n"),
                call(RECEIPT, rc=1, out="No receipt for 'com.apple.pkg.CLTools_Executables' found at '/'.\n"),
            ],
            "Darwin",
            (False, "absent", "present"),
            id="command-line-tools-false",
        ),
        pytest.param(
            {"check": "software_version", "minimum": "15.0"},
            [call(["/usr/bin/sw_vers", "-productVersion"], out="26.5.2\n")],
            "Darwin",
            (True, "macOS 26.5.2", "15.0 or later"),
            id="software-version",
        ),
        pytest.param(
            {"check": "software_version", "minimum": "26.2"},
            [call(["/usr/bin/sw_vers", "-productVersion"], out="15.7\n")],
            "Darwin",
            (False, "macOS 15.7", "26.2 or later"),
            id="software-version-false",
        ),
    ],
)
def test_line(
    run_module: Callable[..., dict[str, Any]],
    check: dict[str, Any],
    calls: list[Call],
    system: str,
    line: tuple[bool, str, str],
) -> None:
    result = run_module("node_report", {"checks": [check]}, calls, system=system)
    [found] = result["lines"]
    assert (found["ok"], found["measured"], found["expected"]) == line
    assert (result["ok"], result["changed"]) == (line[0], False)
    assert found["ok"] is False or found["advice"] == ""
