# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
from __future__ import annotations

from tests.unit.plugins.harness import call
from tests.unit.plugins.macos_settings.network_time import NOISE
from tests.unit.plugins.macos_settings.table import Failure, Line, Run, hangs, said, silent

SYSTEMSETUP = "/usr/sbin/systemsetup"
READ = [SYSTEMSETUP, "-getrestartfreeze"]
ON = call(READ, out="Restart After Freeze: On\n")
OFF = call(READ, out="Restart After Freeze: Off\n")
UNSUPPORTED = call(READ, out="Restart After Freeze: Not supported on this machine\n")

WANTED = False
RUNS = [
    Run(
        "change with noise on standard error",
        {"restart_on_freeze": True},
        [OFF, call([SYSTEMSETUP, "-setrestartfreeze", "on"], err=NOISE), ON],
        changed=True,
        value=True,
    ),
    Run("no change", {"restart_on_freeze": True}, [ON], changed=False, value=True),
    Run("check mode", {"restart_on_freeze": False}, [ON], changed=True, value=False, check=True),
    Run(
        "unsupported with exit status 0",
        {"restart_on_freeze": True},
        [UNSUPPORTED],
        changed=False,
        warnings=["This Mac does not have restart_on_freeze: it stays unmanaged."],
    ),
    Run(
        "unsupported without a label",
        {"restart_on_freeze": True},
        [call(READ, out="Not supported on this machine.\n")],
        changed=False,
        warnings=["This Mac does not have restart_on_freeze: it stays unmanaged."],
    ),
]
FAILURES = [
    Failure(
        "read-back with exit status 0",
        {"restart_on_freeze": True},
        [OFF, call([SYSTEMSETUP, "-setrestartfreeze", "on"]), OFF],
        "The change did not take effect: restart_on_freeze is off instead of on. `/usr/sbin/systemsetup "
        "-setrestartfreeze on` ended with status 0.",
    ),
]
LINES = [
    Line("on", True, [ON], True, "on", "on"),
    Line("off", True, [OFF], False, "off", "on"),
    Line("what this Mac does not have is off", False, [UNSUPPORTED], True, "not supported", "off"),
    Line(
        "and never on",
        True,
        [UNSUPPORTED],
        False,
        "not supported",
        "on",
        "This Mac does not have restart_on_freeze: leave that alone.",
    ),
]
UNKNOWN = [
    said("neither on nor off", READ, "systemsetup", "Restart After Freeze: Sometimes\n"),
    silent(READ, "systemsetup"),
    hangs(READ),
]
