# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What Apple's tools say about a Mac that the inventory wants otherwise than a headless one, and what its mains do."""

from __future__ import annotations

import re
import subprocess
import time

import pytest

from tests.lab_hosts import close, lab_hosts

testinfra_hosts = lab_hosts("olab1")


@pytest.mark.parametrize(
    ("key", "value"), [("sleep", 30), ("displaysleep", 10), ("disksleep", 15), ("womp", 0), ("autorestart", 0)]
)
def test_power(host, key, value):
    text = host.check_output("pmset -g custom")
    assert re.search(rf"^ {key} +([0-9]+)$", text, re.MULTILINE).group(1) == str(value)


def test_a_key_that_nobody_named_is_as_before(host):
    # Apple's own value of a desktop Mac.
    assert re.search(r"^ powernap +1$", host.check_output("pmset -g custom"), re.MULTILINE)


@pytest.mark.parametrize("name", ["ComputerName", "LocalHostName", "HostName"])
def test_name(host, name):
    assert host.check_output(f"scutil --get {name}") == "mini-one"


def test_spotlight_is_on(host):
    assert "Indexing enabled." in host.check_output("mdutil -s /")


@pytest.mark.parametrize(("disk", "said"), [("Models", "Indexing disabled."), ("Photos", "Indexing enabled.")])
def test_spotlight_indexes_only_the_disk_that_it_may(host, disk, said):
    assert said in host.check_output(f"mdutil -s /Volumes/{disk}")


@pytest.mark.parametrize("key", ["AutomaticallyInstallMacOSUpdates", "AutomaticDownload"])
def test_updates_are_installed_by_themselves(host, key):
    assert host.check_output(f"defaults read /Library/Preferences/com.apple.SoftwareUpdate {key}") == "1"


def test_time_machine_is_on(host):
    assert host.check_output("defaults read /Library/Preferences/com.apple.TimeMachine AutoBackup") == "1"


def test_wifi_is_off(host):
    assert host.check_output("networksetup -getairportpower en1").endswith("Off")


@pytest.mark.parametrize(
    ("verb", "answer"),
    [
        ("getusingnetworktime", "Off"),
        ("getrestartfreeze", "Off"),
        ("gettimezone", "Europe/Paris"),
        ("getnetworktimeserver", "ntp.example.org"),
    ],
)
def test_system_setup(host, verb, answer):
    assert host.check_output(f"systemsetup -{verb}").endswith(answer)


def test_the_gpu_has_what_the_system_does_not_keep(host):
    memory = int(host.check_output("sysctl -n hw.memsize")) // 2**20
    assert host.check_output("sysctl -n iogpu.wired_limit_mb") == str(memory - 4096)
    assert (
        f"iogpu.wired_limit_mb={memory - 4096}"
        in host.file("/Library/LaunchDaemons/hybrid-ai.gpu-memory.plist").content_string
    )


def lab(*words: str) -> str:
    return subprocess.run(["lab", *words], check=True, capture_output=True, text=True).stdout


def test_it_boots_whenever_it_gets_power_even_when_it_was_switched_off_before(host):
    host.run("shutdown -h now")
    deadline = time.monotonic() + 60
    while not re.search(r"^olab1 .*\boff\b", lab("status"), re.MULTILINE):
        assert time.monotonic() < deadline, "it did not switch itself off"
        time.sleep(0.5)
    for switch in ("off", "on"):
        lab("power", switch, "olab1")
    close(host)
    while not re.search(r"^olab1 .*\brunning\b", lab("status"), re.MULTILINE):
        assert time.monotonic() < deadline, "it stayed off"
        time.sleep(0.5)


def test_the_gpu_has_it_after_the_boot_too(host):
    memory = int(host.check_output("sysctl -n hw.memsize")) // 2**20
    deadline = time.monotonic() + 30
    while host.run("sysctl -n iogpu.wired_limit_mb").stdout.strip() != str(memory - 4096):
        assert time.monotonic() < deadline, "the boot forgot it"
        time.sleep(0.5)
