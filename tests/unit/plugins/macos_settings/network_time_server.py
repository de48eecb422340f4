# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
from __future__ import annotations

from tests.unit.plugins.harness import Call, call
from tests.unit.plugins.macos_settings import network_time
from tests.unit.plugins.macos_settings.table import Failure, Line, Run, hangs, silent

SYSTEMSETUP = "/usr/sbin/systemsetup"
READ = [SYSTEMSETUP, "-getnetworktimeserver"]
SET = [SYSTEMSETUP, "-setnetworktimeserver", "time.apple.com"]
OPTIONS = {"network_time_server": "time.apple.com"}


def server(name: str) -> Call:
    return call(READ, out=f"Network Time Server: {name}\n")


WANTED = "time.apple.com"
RUNS = [
    Run(
        "it is named before it is followed",
        {"network_time": True, **OPTIONS},
        [
            server("time.example.com"),
            network_time.OFF,
            call(SET, err=network_time.NOISE),
            server("time.apple.com"),
            network_time.TURN_ON,
            network_time.ON,
        ],
        changed=True,
        value="time.apple.com",
    ),
    Run("no change", OPTIONS, [server("time.apple.com")], changed=False, value="time.apple.com"),
    Run("check mode", OPTIONS, [server("time.example.com")], changed=True, value="time.apple.com", check=True),
]
FAILURES = [
    Failure(
        "read-back with exit status 0",
        OPTIONS,
        [server("time.example.com"), call(SET), server("time.example.com")],
        "The change did not take effect: network_time_server is time.example.com instead of time.apple.com. "
        "`/usr/sbin/systemsetup -setnetworktimeserver time.apple.com` ended with status 0.",
    ),
]
LINES = [
    Line("the same", "time.apple.com", [server("time.apple.com")], True, "time.apple.com", "time.apple.com"),
    Line("another", "time.apple.com", [server("time.example.com")], False, "time.example.com", "time.apple.com"),
]
UNKNOWN = [silent(READ, "systemsetup"), hangs(READ)]
