# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The lines about a host as it is set up; those about settings of a Mac are in the tables of the settings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._macos.settings import BY_NAME

from tests.unit.plugins.harness import Call, call
from tests.unit.plugins.recorded import recorded

if TYPE_CHECKING:
    from collections.abc import Callable

SSHD = ["/bin/launchctl", "print", "system/com.openssh.sshd"]
DISABLED = ["/bin/launchctl", "print-disabled", "system"]
XCODE = ["/usr/bin/xcode-select", "-p"]
CUSTOM = ["/usr/bin/pmset", "-g", "custom"]
LID = "with its lid closed at once, unless a display and mains power are connected"
RECEIPT = ["/usr/sbin/pkgutil", "--pkg-info=com.apple.pkg.CLTools_Executables"]
NO_SETTING = f"not measured: there is no setting called wify, known are {', '.join(BY_NAME)}"


@pytest.mark.parametrize(
    ("check", "calls", "system", "line"),
    [
        pytest.param(
            {"check": "macos_sleep", "laptop": "refused"},
            [call(CUSTOM, out=recorded("pmset-g-custom.macos-26.5.txt"))],
            "Darwin",
            (True, "on mains power never", "no laptop"),
            id="sleep-of-a-desktop",
        ),
        pytest.param(
            {"check": "macos_sleep", "laptop": "refused"},
            [call(CUSTOM, out=recorded("pmset-g-custom.laptop.txt"))],
            "Darwin",
            (False, f"on mains power after 1 minute, on battery after 1 minute, {LID}", "no laptop"),
            id="sleep-of-a-laptop",
        ),
        pytest.param(
            {"check": "macos_sleep", "laptop": "allowed"},
            [call(CUSTOM, out=recorded("pmset-g-custom.laptop.txt"))],
            "Darwin",
            (True, f"on mains power after 1 minute, on battery after 1 minute, {LID}", "as it is set"),
            id="sleep-of-a-laptop-that-is-allowed",
        ),
        pytest.param(
            {"check": "macos_sleep", "laptop": None},
            [
                call(
                    CUSTOM,
                    out="AC Power:\n sleep 0 (sleep prevented by x)\nUPS Power:\n sleep 15\nDock Power:\n sleep 1\n",
                )
            ],
            "Darwin",
            (True, "on mains power never, on the UPS after 15 minutes", "as it is set"),
            id="sleep-on-a-ups",
        ),
        pytest.param(
            {"check": "macos_sleep"},
            [call(CUSTOM, out="AC Power:\n womp 1\n")],
            "Darwin",
            (True, "on mains power unknown", "as it is set"),
            id="sleep-that-is-not-told",
        ),
        *(
            pytest.param(
                {"check": "macos_power_source", "mains": mains},
                [call(["/usr/bin/pmset", "-g", "batt"], out=text)],
                "Darwin",
                line,
                id=f"power-source-{name}",
            )
            for name, mains, text, line in (
                ("mains", True, "Now drawing from 'AC Power'\n", (True, "mains power", "mains power")),
                (
                    "ups",
                    True,
                    "Now drawing from 'UPS Power'\n -UPS (id=1)\t87%; discharging; 0:45 remaining present: true\n",
                    (False, "the UPS, UPS 87 % (discharging, 45 minutes left)", "mains power"),
                ),
                (
                    "battery-of-a-workstation",
                    False,
                    "Now drawing from 'Battery Power'\n -InternalBattery-0 (id=1)\t80%; discharging\n",
                    (True, "its battery, InternalBattery-0 80 % (discharging)", "any"),
                ),
                (
                    "unknown",
                    True,
                    "Now drawing from 'Steam'\n",
                    (
                        False,
                        "not measured: pmset says \"Now drawing from 'Steam'\", so what feeds this Mac is unknown",
                        "a measurement",
                    ),
                ),
            )
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
        pytest.param(
            {"check": "macos_setting", "setting": "wify", "expected": False},
            [],
            "Darwin",
            (False, NO_SETTING, "a measurement"),
            id="no-setting",
        ),
        pytest.param(
            {"check": "macos_setting", "setting": "spotlight"},
            [],
            "Darwin",
            (False, "not measured: the check has no expected: say what to measure", "a measurement"),
            id="nothing-expected",
        ),
        pytest.param(
            {"check": "macos_profile", "profile": "workstation", "unmanaged": ["power", "spotlight"]},
            [],
            "Darwin",
            (True, "workstation; left alone: power settings, Spotlight indexing", "workstation"),
            id="profile",
        ),
        pytest.param(
            {"check": "macos_profile", "profile": "server", "unmanaged": []},
            [],
            "Darwin",
            (True, "server; nothing is left alone", "server"),
            id="profile-that-manages-everything",
        ),
        pytest.param(
            {"check": "macos_profile", "profile": "server", "unmanaged": ["wify"]},
            [],
            "Darwin",
            (False, NO_SETTING, "a measurement"),
            id="profile-with-no-setting",
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
