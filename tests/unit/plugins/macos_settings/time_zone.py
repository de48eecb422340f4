# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
from __future__ import annotations

from tests.unit.plugins.harness import Call, call
from tests.unit.plugins.macos_settings.table import Failure, Line, Run, hangs, silent

SYSTEMSETUP = "/usr/sbin/systemsetup"
READ = [SYSTEMSETUP, "-gettimezone"]
SET = [SYSTEMSETUP, "-settimezone", "Europe/Berlin"]
OPTIONS = {"time_zone": "Europe/Berlin"}


def zone(name: str) -> Call:
    return call(READ, out=f"Time Zone: {name}\n")


WANTED = "Europe/Berlin"
RUNS = [
    Run(
        "change",
        OPTIONS,
        [zone("America/Cupertino"), call(SET, out="Set TimeZone: Europe/Berlin\n"), zone("Europe/Berlin")],
        changed=True,
        value="Europe/Berlin",
    ),
    Run("no change", OPTIONS, [zone("Europe/Berlin")], changed=False, value="Europe/Berlin"),
    Run("check mode", OPTIONS, [zone("America/Cupertino")], changed=True, value="Europe/Berlin", check=True),
]
FAILURES = [
    Failure(
        "read-back with exit status 0",
        OPTIONS,
        [zone("America/Cupertino"), call(SET), zone("America/Cupertino")],
        "The change did not take effect: time_zone is America/Cupertino instead of Europe/Berlin. "
        "`/usr/sbin/systemsetup -settimezone Europe/Berlin` ended with status 0.",
    ),
]
LINES = [
    Line("the same", "Europe/Berlin", [zone("Europe/Berlin")], True, "Europe/Berlin", "Europe/Berlin"),
    Line("another", "Europe/Berlin", [zone("America/Cupertino")], False, "America/Cupertino", "Europe/Berlin"),
]
UNKNOWN = [silent(READ, "systemsetup"), hangs(READ)]
