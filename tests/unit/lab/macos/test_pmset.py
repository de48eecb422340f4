# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""``pmset``: section 2 of the collected outputs, and its lies."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._macos.power_source_text import parse_supply
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._macos.power_text import parse_custom

from lab import names
from lab.macos.simulator import power
from tests.unit.plugins.recorded import recorded

CUSTOM_26_5 = """\
AC Power:
 Sleep On Power Button 1
 autorestartatconnect 0
 lowpowermode         0
 standby              0
 ttyskeepawake        1
 powernap             1
 displaysleep         0
 womp                 1
 networkoversleep     0
 sleep                0
 tcpkeepalive         1
 autorestart          1
 disksleep            10
"""
USAGE = "Usage: pmset <options>\nSee pmset(1) for details: 'man pmset'\n"
NOT_ROOT = "'pmset' must be run as root...\n"
TCP = (
    "Warning: This option disables TCP Keep Alive mechanism when sytem is sleeping. This will result in some critical "
    "features like 'Find My Mac' not to function properly.\n"
)
TIMINGS = 'Warning: Idle sleep timings for "AC Power" may not behave as expected.\n'
DISPLAY = "- Display sleep should have a lower timeout than system sleep.\n"
DISK = "- Disk sleep should be non-zero whenever system sleep is non-zero.\n"


def custom(mac, **options) -> dict[str, int]:
    """The settings by key: the last word of a line is the value."""
    lines = mac.run("pmset", "-g", "custom", **options).out.splitlines()[1:]
    return {key.strip(): int(value) for key, value in (line.rsplit(" ", 1) for line in lines)}


def test_custom_is_the_capture_once_set_up(mac) -> None:
    assert mac.run("pmset", "-a", "sleep", "0", "displaysleep", "0", "autorestart", "1").rc == 0
    assert mac.run("pmset", "-g", "custom").out == CUSTOM_26_5


def test_defaults(mac) -> None:
    found = custom(mac)
    assert (found["sleep"], found["displaysleep"], found["autorestart"], found["womp"]) == (1, 10, 0, 1)


@pytest.mark.parametrize(
    ("release", "model", "present", "absent"),
    [
        pytest.param("26.5", "Mac16,10", {"autorestartatconnect", "lowpowermode"}, {"powermode"}, id="26.5-m4"),
        pytest.param("27.0", "Mac16,11", {"autorestartatconnect", "powermode"}, {"lowpowermode"}, id="27-m4-pro"),
        pytest.param("15.7", "Mac16,10", {"lowpowermode"}, {"autorestartatconnect"}, id="15.7-m4"),
    ],
)
def test_keys_by_release_and_model(mac, release, model, present, absent) -> None:
    keys = set(custom(mac, release=release, model=model))
    assert present <= keys
    assert not absent & keys
    assert not {"hibernatemode", "hibernatefile", "autopoweroff", "lidwake"} & keys


def test_the_order_of_keys_differs_between_releases(mac) -> None:
    assert list(custom(mac, release="27.0")) != list(custom(mac, release="26.5"))
    assert set(custom(mac, release="27.0")) == set(custom(mac, release="26.5"))


def test_a_laptop_shows_the_capture(mac) -> None:
    mac.host(model="Mac16,1")
    assert mac.run("pmset", "-g", "custom").out == recorded("pmset-g-custom.laptop.txt")
    assert mac.run("pmset", "-g", "batt").out.splitlines()[1].startswith(" -InternalBattery-0 (id=")


@pytest.mark.parametrize(
    ("host", "unplugged", "said"),
    [
        ({}, (), "mains power"),
        ({"ups": True}, (), "mains power, Back-UPS ES 700 100 % (charged)"),
        ({"ups": True}, (power.UPS, 85, 81), "the UPS, Back-UPS ES 700 85 % (discharging, 81 minutes left)"),
        (
            {"model": "Mac16,1"},
            (power.BATTERY, 9, 1),
            "its battery, InternalBattery-0 9 % (discharging, 1 minute left)",
        ),
        # Nothing feeds a Mac that it does not have.
        ({}, (power.UPS, 85, 81), "mains power"),
    ],
)
def test_what_feeds_the_mac(mac, host, unplugged, said) -> None:
    mac.host(**host)
    if unplugged:
        power.unplug(mac.state, *unplugged)
    assert str(parse_supply(mac.run("pmset", "-g", "batt").out)) == said


def sections(mac) -> dict[str, dict[str, int | str]]:
    return parse_custom(mac.run("pmset", "-g", "custom").out)


@pytest.mark.parametrize(
    ("argv", "sleep"),
    [
        ("-a sleep 7 displaysleep 7", {"Battery Power": 7, "AC Power": 7, "UPS Power": 7}),
        ("sleep 7 displaysleep 7", {"Battery Power": 7, "AC Power": 7, "UPS Power": 7}),
        ("-b sleep 7", {"Battery Power": 7, "AC Power": 1, "UPS Power": 1}),
        ("-c sleep 0", {"Battery Power": 1, "AC Power": 0, "UPS Power": 1}),
        ("-c sleep 0 -u sleep 9 -b sleep 8", {"Battery Power": 8, "AC Power": 0, "UPS Power": 9}),
    ],
)
def test_every_source_is_set_by_itself(mac, argv, sleep) -> None:
    mac.host(model="Mac16,1", ups=True)
    assert mac.run("pmset", *argv.split()).rc == 0
    assert {source: values["sleep"] for source, values in sections(mac).items()} == sleep
    assert mac.run("pmset", "restoredefaults").rc == 0
    assert {values["sleep"] for values in sections(mac).values()} == {1}


def test_a_ups_is_shown_while_it_is_connected(mac) -> None:
    mac.host(ups=True)
    assert list(sections(mac)) == ["AC Power", "UPS Power"]
    mac.host()
    assert list(sections(mac)) == ["AC Power"]


@pytest.mark.parametrize(
    ("argv", "uid", "rc", "out", "err"),
    [
        pytest.param("-a sleep 0", 0, 0, "", "", id="success"),
        pytest.param("sleep 0", 0, 0, "", "", id="no-source-means-all"),
        pytest.param("-a sleep 0", 501, 1, NOT_ROOT, "", id="not-root"),
        pytest.param("-a disablesleep 1", 501, 0, NOT_ROOT, "", id="system-setting-not-root-exits-0"),
        pytest.param("-a nonsense 1", 0, 1, USAGE, "", id="unknown-key"),
        pytest.param("-a sleep", 0, 1, USAGE, "", id="no-value"),
        pytest.param("-a sleep never", 0, 1, USAGE, "", id="not-a-number"),
        pytest.param("-a sleep -5", 0, 1, USAGE, "", id="negative"),
        pytest.param("-a SleepServices 1", 0, 1, USAGE, "", id="sleep-services"),
        pytest.param("-a hibernatemode 7", 0, 1, USAGE, "", id="hibernatemode-7"),
        pytest.param("-a hibernatemode 25", 0, 0, "", "", id="hibernatemode-25"),
        pytest.param("-g nonsense", 0, 1, f"Error: unhandled argument nonsense\n{USAGE}", "", id="unknown-getter"),
        pytest.param("-a tcpkeepalive 0", 0, 0, TCP, "", id="tcp-warning-on-stdout"),
        pytest.param("-a sleep 10 displaysleep 20", 0, 0, "", TIMINGS + DISPLAY, id="display-later"),
        pytest.param("-a sleep 20 displaysleep 5 disksleep 0", 0, 0, "", TIMINGS + DISK, id="disk-never"),
        pytest.param("-a sleep 1 displaysleep 20", 0, 0, "", "", id="sleep-1-is-not-warned-about"),
        pytest.param("sleepnow", 501, 77, "Sleep error 0xe00002c1; You must run this as root.\n", "", id="sleepnow"),
        pytest.param("restoredefaults", 0, 0, "Restored Default settings.\n", "", id="restoredefaults"),
        pytest.param("-g batt", 501, 0, "Now drawing from 'AC Power'\n", "", id="batt"),
        pytest.param("-g sched", 501, 0, "No scheduled events.\n", "", id="no-schedule"),
        pytest.param("repeat cancel", 501, 1, "", "pmset: This operation must be run as root\n", id="repeat-not-root"),
        pytest.param("repeat wakeorpoweron XY 06:00:00", 0, 1, USAGE, "", id="repeat-bad-days"),
    ],
)
def test_texts(mac, argv, uid, *, rc, out, err) -> None:
    result = mac.run("pmset", *argv.split(" "), uid=uid)
    assert (result.rc, result.out, result.err) == (rc, out, err)


def test_sleep_on_power_button_cannot_be_set(mac) -> None:
    assert mac.run("pmset", "-a", "Sleep On Power Button", "0").rc == 1


@pytest.mark.parametrize(
    ("argv", "key", "value"),
    [
        pytest.param("-b sleep 7", "sleep", 1, id="battery-is-dropped"),
        pytest.param("-u sleep 7", "sleep", 1, id="ups-is-dropped"),
        pytest.param("-c sleep 7", "sleep", 7, id="charger"),
        pytest.param("-a womp 5", "womp", 1, id="booleans-become-1"),
        pytest.param("-a lidwake 1", "lidwake", None, id="unsupported-key-is-hidden"),
        pytest.param("-a dim 3", "displaysleep", 3, id="synonym"),
        pytest.param("-b sleep 7 -c sleep 8", "sleep", 8, id="two-sources"),
    ],
)
def test_what_is_stored(mac, argv, key, value) -> None:
    assert mac.run("pmset", *argv.split()).rc == 0
    assert custom(mac).get(key) == value


def test_a_refused_set_changes_nothing(mac) -> None:
    mac.run("pmset", "-a", "sleep", "0", uid=501)
    assert custom(mac)["sleep"] == 1


@pytest.mark.parametrize(
    ("writes", "restart", "connect"),
    [
        pytest.param(["autorestart 1"], 1, 0, id="after-a-failure"),
        pytest.param(["autorestartatconnect 1"], 0, 1, id="always"),
        pytest.param(["autorestart 1", "autorestartatconnect 1"], 1, 1, id="both-stay"),
        pytest.param(["autorestartatconnect 1", "autorestart 1 autorestartatconnect 0"], 1, 0, id="back"),
    ],
)
def test_two_keys_for_the_restart(mac, writes, restart, connect) -> None:
    for words in writes:
        assert mac.run("pmset", "-a", *words.split()).rc == 0
    found = custom(mac)
    assert (found["autorestart"], found["autorestartatconnect"]) == (restart, connect)


@pytest.mark.parametrize(
    ("model", "settings", "was_running", "starts"),
    [
        pytest.param("Mac16,10", {}, True, False, id="bare"),
        pytest.param("Mac16,10", {"autorestart": 1}, True, True, id="after-a-failure"),
        pytest.param("Mac16,10", {"autorestart": 1}, False, False, id="was-off"),
        pytest.param("Mac16,9", {"autorestartatconnect": 1}, False, True, id="always"),
        pytest.param("Mac14,12", {"autorestartatconnect": 1}, True, False, id="an-older-model-does-not-obey"),
        pytest.param(
            "Mac14,3", {"autorestart": 1, "autorestartatconnect": 1}, True, True, id="an-older-model-with-both"
        ),
    ],
)
def test_what_starts_when_power_returns(mac, model, settings, was_running, starts) -> None:
    hardware = mac.context("pmset", model=model).profile.hardware
    assert power.starts_when_power_returns(settings, hardware, was_running=was_running) is starts


@pytest.mark.parametrize("model", ["Mac14,3", "Mac14,12", "Mac15,14", "Mac16,9", "Mac16,10", "Mac16,11"])
def test_every_model_lists_autorestartatconnect(mac, model) -> None:
    found = custom(mac, model=model)
    assert found["autorestartatconnect"] == 0
    assert ("powermode" in found) is not ("lowpowermode" in found)


@pytest.mark.parametrize(
    ("model", "written", "shown", "said"),
    [
        pytest.param("Mac16,11", "lowpowermode 1", ("powermode", 1), "", id="low-by-the-other-name"),
        pytest.param("Mac16,11", "powermode 2", ("powermode", 2), "", id="high"),
        pytest.param("Mac16,10", "powermode 1", ("lowpowermode", 1), "", id="powermode-of-one-without"),
        pytest.param(
            "Mac16,10", "powermode 2", ("lowpowermode", 0), "HighPowerMode not supported on AC Power\n", id="no-high"
        ),
        pytest.param("Mac16,11", "powermode 3", ("powermode", 0), "Unsupported mode 3\n", id="no-mode"),
    ],
)
def test_power_mode_is_one_value_under_two_names(mac, model, written, shown, said) -> None:
    assert mac.run("pmset", "-a", *written.split(), model=model).out == said
    name, value = shown
    assert custom(mac, model=model)[name] == value


def test_autorestartatconnect_is_unknown_before_26_5(mac) -> None:
    result = mac.run("pmset", "-a", "autorestartatconnect", "1", release="15.7")
    assert (result.rc, result.out) == (1, USAGE)


def test_capabilities_leave_out_networkoversleep(mac) -> None:
    lines = mac.run("pmset", "-g", "cap").out.splitlines()
    assert lines[:3] == ["Capabilities for AC Power:", " displaysleep", " disksleep"]
    assert " networkoversleep" not in lines


def test_live_view_names_what_prevents_sleep(mac) -> None:
    mac.write("/proc/77/cmdline", "/System/Library/Simulator/bin/python3\0-ISB\0/usr/bin/caffeinate\0-di\0-t\0300\0")
    mac.run("pmset", "-a", "disablesleep", "1")
    lines = mac.run("pmset", "-g").out.splitlines()
    assert lines[:3] == ["System-wide power settings:", " SleepDisabled\t\t1", "Currently in use:"]
    assert " sleep                1 (sleep prevented by caffeinate, powerd)" in lines
    assert " displaysleep         10 (display sleep prevented by caffeinate)" in lines


def test_assertions(mac) -> None:
    mac.write("/proc/77/cmdline", "/usr/bin/caffeinate\0-t\0300\0")
    mac.write("/proc/78/cmdline", "/bin/sleep\0-d\0")
    lines = mac.run("pmset", "-g", "assertions").out.splitlines()
    assert lines[1] == "Assertion status system-wide:"
    assert "   PreventUserIdleSystemSleep     1" in lines
    assert "   PreventUserIdleDisplaySleep    0" in lines
    assert sum("named:" in line for line in lines) == 1
    assert lines[-1] == "No kernel assertions."


EVENTS = ["wakeorpoweron", "MTWRFSU", "06:00:00", "sleep", "MTWRFSU", "23:30:00"]


def test_schedule(mac) -> None:
    assert mac.run("pmset", "repeat", *EVENTS).rc == 0
    assert mac.run("pmset", "schedule", "wake", "09/01/26 06:00:00").rc == 0
    assert mac.run("pmset", "-g", "sched").out == (
        "Repeating power events:\n  wakepoweron at 6:00AM every day\n  sleep at 11:30PM every day\n"
        "Scheduled power events:\n [0]  wake at 09/01/2026 06:00:00 by 'pmset'\n"
    )
    mac.run("pmset", "repeat", "cancel")
    mac.run("pmset", "schedule", "cancelall")
    assert mac.run("pmset", "-g", "sched").out == "No scheduled events.\n"


def test_sleepnow_is_recorded(mac) -> None:
    assert mac.run("pmset", "sleepnow").rc == 0
    assert mac.state.read("power")["sleep_requested"] > 0
    # Where the lab looks for it.
    assert Path(mac.state.path(f"/{names.SIMULATOR_DATABASE}/{names.SLEEP_ORDER}")).exists()
