# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
from __future__ import annotations

from tests.unit.plugins.harness import Call, call
from tests.unit.plugins.macos_settings.table import Failure, Line, Run, Unknown, hangs, said, silent
from tests.unit.plugins.recorded import recorded

PMSET = "/usr/bin/pmset"
ASK = [PMSET, "-g", "custom"]
MINI = recorded("pmset-g-custom.macos-26.5.txt")


def custom(**values: int) -> Call:
    lines = [
        f" {line[1:].rpartition(' ')[0].strip()} {values[key]}" if (key := line[1:21].strip()) in values else line
        for line in MINI.splitlines()
    ]
    return call(ASK, out="\n".join(lines) + "\n")


READ = custom()

WANTED = {"sleep": 0}
RUNS = [
    Run(
        "change writes only what differs, and sleep first",
        {"power": {"womp": False, "displaysleep": 10, "sleep": 30, "tcpkeepalive": True}},
        [
            READ,
            call([PMSET, "-a", "sleep", "30", "displaysleep", "10", "womp", "0"]),
            custom(sleep=30, displaysleep=10, womp=0),
        ],
        changed=True,
        value={"sleep": 30, "displaysleep": 10, "womp": 0, "tcpkeepalive": 1},
    ),
    Run("no change", {"power": {"sleep": 0, "womp": 7}}, [READ], changed=False, value={"sleep": 0, "womp": 1}),
    Run("empty is nothing", {"power": {}}, [], changed=False),
    Run("check mode", {"power": {"disksleep": "0"}}, [READ], changed=True, value={"disksleep": 0}, check=True),
    Run(
        "pmset would store a key without effect, so it is not written",
        {"power": {"highpowermode": 1, "sleep": 0}},
        [READ],
        changed=False,
        value={"sleep": 0},
        warnings=["This Mac does not have highpowermode: it stays unmanaged."],
    ),
]
FAILURES = [
    Failure(
        "read-back with exit status 0",
        {"power": {"sleep": 5}},
        [READ, call([PMSET, "-a", "sleep", "5"]), READ],
        "The change did not take effect: sleep is 0 instead of 5. `/usr/bin/pmset -a sleep 5` ended with status 0.",
    ),
    Failure(
        "disablesleep",
        {"power": {"disablesleep": 1}},
        [],
        "power: disablesleep cannot be set here: it is undocumented and conflicts with other settings on Apple "
        "silicon; use sleep: 0.",
    ),
    Failure(
        "a setting of its own",
        {"power": {"autorestart": 1}},
        [],
        "power: autorestart cannot be set here: use the option restart_after_power_failure.",
    ),
    Failure(
        "no number",
        {"power": {"sleep": "never"}},
        [],
        "power: sleep must be a number from 0 or a boolean, not 'never'.",
    ),
]
LINES = [
    Line(
        "as wanted, without what this Mac does not have",
        {"sleep": 0, "womp": True, "highpowermode": 0},
        [READ],
        True,
        "sleep 0, womp 1, highpowermode not supported",
        "sleep 0, womp 1, highpowermode 0",
    ),
    Line("not as wanted", {"disksleep": 0}, [READ], False, "10", "0"),
    Line(
        "what this Mac does not have",
        {"sleep": 0, "highpowermode": 1},
        [READ],
        False,
        "sleep 0, highpowermode not supported",
        "sleep 0, highpowermode 1",
        "This Mac does not have highpowermode: leave that alone.",
    ),
    Line("nothing", {}, [], True, "not managed", "not managed"),
]
UNKNOWN = [
    said("another source", ASK, "pmset", "Battery Power:\n sleep                0\n"),
    Unknown("no number", [call(ASK, out="AC Power:\n sleep                never\n")], 'pmset says "sleep never"'),
    said("a failure", ASK, "pmset", "AC Power:\n sleep                0\n", rc=1),
    silent(ASK, "pmset"),
    hangs(ASK),
]
