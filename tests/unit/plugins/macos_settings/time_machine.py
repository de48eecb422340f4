# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
from __future__ import annotations

from tests.unit.plugins.harness import call
from tests.unit.plugins.macos_settings.table import Failure, Line, Run, hangs, said, silent

TMUTIL = "/usr/bin/tmutil"
READ = ["/usr/bin/defaults", "read", "/Library/Preferences/com.apple.TimeMachine", "AutoBackup"]
ON = call(READ, out="1\n")
OFF = call(READ, out="0\n")
ABSENT = call(
    READ,
    rc=1,
    err="2026-01-01 10:00:00.000 defaults[123:456] \n"
    "The domain/default pair of (/Library/Preferences/com.apple.TimeMachine, AutoBackup) does not exist\n",
)
ABSENT_27 = call(READ, rc=1, err="Could not find key 'AutoBackup' in domain\n")
ACCESS = (
    "Give remote users Full Disk Access once: System Settings > General > Sharing > Remote Login > (i) > Allow full "
    "disk access for remote users."
)

WANTED = False
RUNS = [
    Run("change", {"time_machine": False}, [ON, call([TMUTIL, "disable"]), OFF], changed=True, value=False),
    Run("on", {"time_machine": True}, [OFF, call([TMUTIL, "enable"]), ON], changed=True, value=True),
    Run("no change", {"time_machine": False}, [OFF], changed=False, value=False),
    Run("never turned on", {"time_machine": False}, [ABSENT], changed=False, value=False),
    Run("never turned on, macOS 27", {"time_machine": False}, [ABSENT_27], changed=False, value=False),
    Run("check mode", {"time_machine": False}, [ON], changed=True, value=False, check=True),
]
FAILURES = [
    Failure(
        "read-back",
        {"time_machine": False},
        [ON, call([TMUTIL, "disable"], err="tmutil: disable failed.\n"), ON],
        "The change did not take effect: time_machine is on instead of off. `/usr/bin/tmutil disable` ended with "
        f"status 0 and said: tmutil: disable failed. {ACCESS}",
    ),
]
LINES = [
    Line("off", False, [ABSENT], True, "off", "off"),
    Line("on", False, [ON], False, "on", "off", ACCESS),
]
UNKNOWN = [
    said("no access", READ, "defaults", "", err="Operation not permitted\n", rc=1),
    said("no switch", READ, "defaults", "2\n"),
    silent(READ, "defaults"),
    hangs(READ),
]
