# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
from __future__ import annotations

from tests.unit.plugins.harness import Call, call
from tests.unit.plugins.macos_settings.power import ASK, LAPTOP, MINI, PMSET, with_ups
from tests.unit.plugins.macos_settings.table import Failure, Line, Run, Unknown, hangs, said, silent


def battery(**values: int) -> Call:
    """A MacBook whose battery is set so."""
    text, heading, mains = LAPTOP.partition("AC Power:")
    for name, value in values.items():
        shown = next(line for line in text.splitlines() if line.split()[:1] == [name])
        text = text.replace(shown, f" {name:<20} {value}")
    return call(ASK, out=f"{text}{heading}{mains}")


READ = battery()
DESKTOP = call(ASK, out=MINI)
WANTED = {"sleep": 0}
RUNS = [
    Run(
        "change, for the battery alone",
        {"power_on_battery": {"displaysleep": 5, "sleep": 30, "tcpkeepalive": 1}, "laptop": "refused"},
        [
            READ,
            call([PMSET, "-b", "sleep", "30", "displaysleep", "5"]),
            battery(sleep=30, displaysleep=5),
        ],
        changed=True,
        value={"sleep": 30, "displaysleep": 5, "tcpkeepalive": 1},
    ),
    Run("no change", {"power_on_battery": {"sleep": 1}}, [READ], changed=False, value={"sleep": 1}),
    Run(
        "check mode",
        {"power_on_battery": {"lowpowermode": True}},
        [READ],
        changed=True,
        value={"lowpowermode": 1},
        check=True,
    ),
    Run("a Mac without a battery", {"power_on_battery": {"sleep": 0}}, [DESKTOP], changed=False, value={}),
    Run("a UPS is no battery", {"power_on_battery": {"sleep": 0}}, [with_ups()], changed=False, value={}),
    Run(
        "a key that the battery does not have",
        {"power_on_battery": {"halfdim": 1, "sleep": 1}},
        [READ],
        changed=False,
        value={"sleep": 1},
        warnings=["This Mac does not have halfdim: it stays unmanaged."],
    ),
]
FAILURES = [
    Failure(
        "read-back",
        {"power_on_battery": {"sleep": 0}},
        [READ, call([PMSET, "-b", "sleep", "0"]), READ],
        "The change did not take effect: sleep is 1 instead of 0. `/usr/bin/pmset -b sleep 0` ended with status 0.",
    ),
    Failure(
        "disablesleep",
        {"power_on_battery": {"disablesleep": 1}},
        [],
        "power_on_battery: disablesleep cannot be set here: it is undocumented and conflicts with other settings on "
        "Apple silicon; use sleep: 0.",
    ),
]
LINES = [
    Line("as wanted", {"sleep": 1}, [READ], True, "1", "1"),
    Line("not as wanted", {"sleep": 0, "womp": 0}, [READ], False, "sleep 1, womp 0", "sleep 0, womp 0"),
    Line("no battery", {"sleep": 0}, [DESKTOP], True, "no battery", "nothing"),
]
UNKNOWN = [
    said("a battery alone", ASK, "pmset", "Battery Power:\n sleep                0\n"),
    Unknown(
        "no number",
        [call(ASK, out=f"Battery Power:\n sleep                never\n{MINI}")],
        'pmset says "sleep never"',
    ),
    said("a failure", ASK, "pmset", "AC Power:\n sleep                0\n", rc=1),
    silent(ASK, "pmset"),
    hangs(ASK),
]
