# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
from __future__ import annotations

from tests.unit.plugins.harness import call
from tests.unit.plugins.macos_settings.table import Failure, Line, Run, hangs, said, silent

SYSTEMSETUP = "/usr/sbin/systemsetup"
NOISE = (
    "2024-12-09 14:20:14.400 systemsetup[18647:239595] ### Error:-99 "
    "File:/AppleInternal/Library/BuildRoots/0/Admin/InternetServices.m Line:379\n"
)
READ = [SYSTEMSETUP, "-getusingnetworktime"]
ON = call(READ, out="Network Time: On\n")
OFF = call(READ, out="Network Time: Off\n")
TURN_ON = call([SYSTEMSETUP, "-setusingnetworktime", "on"], out="setUsingNetworkTime: On\n", err=NOISE)

WANTED = False
RUNS = [
    Run("change", {"network_time": True}, [OFF, TURN_ON, ON], changed=True, value=True),
    Run("no change", {"network_time": True}, [ON], changed=False, value=True),
    Run("check mode", {"network_time": False}, [ON], changed=True, value=False, check=True),
]
FAILURES = [
    Failure(
        "read-back with exit status 0",
        {"network_time": True},
        [OFF, call([SYSTEMSETUP, "-setusingnetworktime", "on"]), OFF],
        "The change did not take effect: network_time is off instead of on. `/usr/sbin/systemsetup "
        "-setusingnetworktime on` ended with status 0.",
    ),
    Failure(
        "not root with exit status 0",
        {"network_time": True},
        [call(READ, out="You need administrator access to run this tool... exiting!\n")],
        "Reading network_time needs root: set become to true for this task.",
    ),
]
LINES = [
    Line("on", True, [ON], True, "on", "on"),
    Line("off", True, [OFF], False, "off", "on"),
]
UNKNOWN = [
    said("neither on nor off", READ, "systemsetup", "Network Time: Managed\n"),
    said("a failure", READ, "systemsetup", "Network Time: Off\n", rc=1),
    said("another label", READ, "systemsetup", "Netzwerkzeit: Aus\n"),
    silent(READ, "systemsetup"),
    hangs(READ),
]
