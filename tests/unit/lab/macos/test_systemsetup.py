# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""``systemsetup``: status 0 for failures, noise on standard error for successes."""

from __future__ import annotations

import pytest

from lab.macos.simulator import console
from lab.macos.simulator.tool import call

NOT_ROOT = "You need administrator access to run this tool... exiting!\n"


@pytest.mark.parametrize(
    "argv",
    [
        pytest.param(["-getcomputersleep"], id="read"),
        pytest.param(["-setcomputersleep", "Never"], id="write"),
        pytest.param(["-getremotelogin"], id="remote-login"),
    ],
)
def test_not_root_exits_0(mac, argv) -> None:
    result = mac.run("systemsetup", *argv, uid=501)
    assert (result.rc, result.out, result.err) == (0, NOT_ROOT, "")
    assert mac.state.read("power") == {}


@pytest.mark.parametrize(
    ("verb", "out"),
    [
        ("-getcomputersleep", "Computer Sleep: after 1 minutes\n"),
        ("-getdisplaysleep", "Display Sleep: after 10 minutes\n"),
        ("-getwakeonnetworkaccess", "Wake On Network Access: On\n"),
        ("-getrestartpowerfailure", "Restart After Power Failure: Off\n"),
        ("-getrestartfreeze", "Restart After Freeze: On\n"),
        ("-getusingnetworktime", "Network Time: On\n"),
        ("-getnetworktimeserver", "Network Time Server: time.apple.com\n"),
        ("-gettimezone", "Time Zone: GMT\n"),
        ("-getremotelogin", "Remote Login: Off\n"),
    ],
)
def test_reads(mac, verb, out) -> None:
    result = mac.run("systemsetup", verb)
    assert (result.rc, result.out, result.err) == (0, out, "")


@pytest.mark.parametrize(
    ("argv", "out", "read", "value"),
    [
        (["-setcomputersleep", "Never"], "setcomputersleep: Never", "-getcomputersleep", "Computer Sleep: Never"),
        (["-setcomputersleep", "17"], "setcomputersleep: 17", "-getcomputersleep", "Computer Sleep: after 17 minutes"),
        (["-setusingnetworktime", "off"], "setUsingNetworkTime: Off", "-getusingnetworktime", "Network Time: Off"),
        (
            ["-setnetworktimeserver", "ntp.example.org"],
            "setNetworkTimeServer: ntp.example.org",
            "-getnetworktimeserver",
            "Network Time Server: ntp.example.org",
        ),
        (["-setrestartfreeze", "off"], "setrestartfreeze: Off", "-getrestartfreeze", "Restart After Freeze: Off"),
        (
            ["-setrestartpowerfailure", "on"],
            "setrestartpowerfailure: On",
            "-getrestartpowerfailure",
            "Restart After Power Failure: On",
        ),
        (["-settimezone", "Europe/Paris"], "Set TimeZone: Europe/Paris", "-gettimezone", "Time Zone: Europe/Paris"),
    ],
)
def test_writes_succeed_with_noise(mac, argv, out, read, value) -> None:
    result = mac.run("systemsetup", *argv)
    assert (result.rc, result.out) == (0, f"{out}\n")
    assert "### Error:-99 File:" in result.err
    assert result.err.endswith("Line:395\n")
    assert mac.run("systemsetup", read).out == f"{value}\n"


def test_the_noise_has_another_line_number_on_15(mac) -> None:
    assert mac.run("systemsetup", "-setcomputersleep", "0", release="15.7").err.endswith("Line:379\n")


@pytest.mark.parametrize(
    "argv",
    [
        pytest.param(["-settimezone", "Europe/Atlantis"], id="zone"),
        pytest.param(["-setcomputersleep", "soon"], id="minutes"),
        pytest.param(["-setrestartfreeze", "perhaps"], id="switch"),
        pytest.param(["-setnonsense", "on"], id="verb"),
        pytest.param([], id="nothing"),
    ],
)
def test_mistakes_exit_0_too(mac, argv) -> None:
    result = mac.run("systemsetup", *argv)
    assert (result.rc, result.err) == (0, "")
    assert result.out


def test_it_writes_the_settings_of_pmset(mac) -> None:
    mac.run("systemsetup", "-setcomputersleep", "Never")
    mac.run("systemsetup", "-setrestartpowerfailure", "on")
    custom = mac.run("pmset", "-g", "custom").out
    assert " sleep                0\n" in custom
    assert " autorestart          1\n" in custom


@pytest.mark.parametrize(("loaded", "state"), [(True, "On"), (False, "Off")])
def test_remote_login_is_what_launchd_says(mac, loaded, state) -> None:
    mac.write("/bin/launchctl", f"#!/bin/sh\nexit {0 if loaded else 113}\n").chmod(0o755)
    assert mac.run("systemsetup", "-getremotelogin").out == f"Remote Login: {state}\n"


@pytest.mark.parametrize("argv", [["-f", "-setremotelogin", "off"], ["-setremotelogin", "-f", "off"]])
def test_remote_login_is_switched_by_launchd(mac, argv) -> None:
    log = mac.root / "log"
    mac.write("/bin/launchctl", f'#!/bin/sh\necho "$@" >> {log}\n').chmod(0o755)
    assert mac.run("systemsetup", *argv).rc == 0
    assert log.read_text() == "bootout system/com.openssh.sshd\ndisable system/com.openssh.sshd\n"


def test_remote_login_off_asks(mac, monkeypatch) -> None:
    def stand_still() -> None:
        raise TimeoutError

    monkeypatch.setattr(console, "wait_for_a_person", stand_still)
    with pytest.raises(TimeoutError):
        call(mac.context("systemsetup", "-setremotelogin", "off"))
    assert mac.run("systemsetup", "-setremotelogin", "off", stdin="no\n").rc == 0


def test_remote_login_needs_full_disk_access(mac) -> None:
    mac.host(full_disk_access=False)
    result = mac.run("systemsetup", "-setremotelogin", "on")
    text = "setremotelogin: Turning Remote Login on or off requires Full Disk Access privileges.\n"
    assert (result.rc, result.out) == (1, text)
