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


def pro(powermode: int) -> Call:
    """A Mac with a High Power Mode, which shows the power mode under another name."""
    return call(ASK, out=MINI.replace(" lowpowermode         0", f" powermode            {powermode}"))


def mode(name: str, value: int) -> Call:
    return call([PMSET, "-a", name, str(value)])


LAPTOP = recorded("pmset-g-custom.laptop.txt")
UPS = "UPS Power:\n displaysleep         {displaysleep}\n sleep                {sleep}\n tcpkeepalive         1\n"
REFUSAL = (
    "This Mac is a laptop: with its lid closed it sleeps, whatever it is set to, and what it serves is gone. Write "
    "macos_headless_laptop: allowed for it, if it is meant to serve all the same, or macos_headless_profile: "
    "workstation."
)


def laptop(**on_mains: int) -> Call:
    """A MacBook, whose battery keeps its own settings."""
    battery, mains, text = LAPTOP.partition("AC Power:")
    for name, value in on_mains.items():
        shown = next(line for line in text.splitlines() if line.split()[:1] == [name])
        text = text.replace(shown, f" {name:<20} {value}")
    return call(ASK, out=f"{battery}{mains}{text}")


def with_ups(*, first: bool = False, sleep: int = 10, **on_mains: int) -> Call:
    """A mini on a UPS; in which order the sources are shown is not known."""
    ups, mains = UPS.format(sleep=sleep, displaysleep=10), custom(**on_mains).out
    return call(ASK, out=f"{ups}{mains}" if first else f"{mains}{ups}")


WANTED = {"sleep": 0, "lowpowermode": 0}
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
    Run(
        "a laptop's battery is left alone",
        {"power": {"sleep": 0, "womp": 1}},
        [laptop(), call([PMSET, "-c", "sleep", "0"]), laptop(sleep=0)],
        changed=True,
        value={"sleep": 0, "womp": 1},
    ),
    Run(
        "a laptop that may be a server",
        {"power": {"sleep": 1}, "laptop": "allowed"},
        [laptop()],
        changed=False,
        value={"sleep": 1},
    ),
    Run(
        "a UPS is set too, where it has the key",
        {"power": {"sleep": 0, "womp": 0, "displaysleep": 0}, "laptop": "refused"},
        [
            with_ups(),
            with_ups(),
            call([PMSET, "-c", "womp", "0", "-u", "sleep", "0", "displaysleep", "0"]),
            call(ASK, out=f"{custom(womp=0).out}{UPS.format(sleep=0, displaysleep=0)}"),
        ],
        changed=True,
        value={"sleep": 0, "womp": 0, "displaysleep": 0, "UPS sleep": 0, "UPS displaysleep": 0},
    ),
    Run(
        "a UPS alone is not as wanted",
        {"power": {"sleep": 0}},
        [with_ups(first=True), call([PMSET, "-u", "sleep", "0"]), with_ups(first=True, sleep=0)],
        changed=True,
        value={"sleep": 0, "UPS sleep": 0},
    ),
    Run(
        "a UPS in check mode",
        {"power": {"sleep": 0}},
        [with_ups()],
        changed=True,
        value={"sleep": 0, "UPS sleep": 0},
        check=True,
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
    Run(
        "low power mode is taken from a Mac that calls it powermode",
        {"power": {"lowpowermode": 0}},
        [pro(1), mode("powermode", 0), pro(0)],
        changed=True,
        value={"powermode": 0},
    ),
    Run(
        "low power mode under the other name",
        {"power": {"lowpowermode": 1, "sleep": 0}},
        [pro(2), mode("powermode", 1), pro(1)],
        changed=True,
        value={"powermode": 1, "sleep": 0},
    ),
    Run(
        "not low is not a reason to end high power mode",
        {"power": {"lowpowermode": False, "sleep": 0}},
        [pro(2)],
        changed=False,
        value={"powermode": 2, "sleep": 0},
    ),
    Run(
        "high power mode by either name",
        {"power": {"highpowermode": 1, "lowpowermode": 0}},
        [pro(1), mode("powermode", 2), pro(2)],
        changed=True,
        value={"powermode": 2},
    ),
    Run(
        "powermode on a Mac that shows lowpowermode",
        {"power": {"powermode": 1}},
        [READ, mode("lowpowermode", 1), custom(lowpowermode=1)],
        changed=True,
        value={"lowpowermode": 1},
    ),
    Run(
        "powermode 2 on a Mac without a High Power Mode",
        {"power": {"powermode": 2, "sleep": 0}},
        [READ],
        changed=False,
        value={"sleep": 0},
        warnings=["This Mac does not have powermode: it stays unmanaged."],
    ),
]
FAILURES = [
    Failure(
        "one setting under two names",
        {"power": {"powermode": 2, "lowpowermode": 0}},
        [],
        "power: powermode and lowpowermode are one setting of macOS: write one of them.",
    ),
    Failure(
        "no mode",
        {"power": {"powermode": 3}},
        [],
        "power: powermode must be 0 (automatic), 1 (low power) or 2 (high power).",
    ),
    Failure(
        "a refusal with exit status 0",
        {"power": {"powermode": 2}},
        [
            pro(0),
            call([PMSET, "-a", "powermode", "2"], out="HighPowerMode not supported on AC Power\n"),
            pro(0),
        ],
        "The change did not take effect: powermode is 0 instead of 2. `/usr/bin/pmset -a powermode 2` ended with "
        "status 0 and said: HighPowerMode not supported on AC Power.",
    ),
    Failure("a laptop that nobody has allowed", {"power": {"sleep": 0}, "laptop": "refused"}, [laptop()], REFUSAL),
    Failure(
        "a UPS that keeps its own",
        {"power": {"sleep": 0}},
        [with_ups(), call([PMSET, "-u", "sleep", "0"]), with_ups()],
        "The change did not take effect: UPS sleep is 10 instead of 0. `/usr/bin/pmset -u sleep 0` ended with "
        "status 0.",
    ),
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
    Line(
        "a UPS on which it would sleep",
        {"sleep": 0, "womp": 1},
        [with_ups()],
        False,
        "sleep 0, womp 1, UPS sleep 10",
        "sleep 0, womp 1, UPS sleep 0",
    ),
    Line("a laptop, whose battery is not asked about", {"sleep": 0}, [laptop(sleep=0)], True, "0", "0"),
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
    Line(
        "another name", {"lowpowermode": 0, "sleep": 0}, [pro(1)], False, "sleep 0, powermode 1", "sleep 0, powermode 0"
    ),
    Line("nothing", {}, [], True, "not managed", "not managed"),
]
UNKNOWN = [
    said("another source", ASK, "pmset", "Battery Power:\n sleep                0\n"),
    said("headings in another language", ASK, "pmset", "Netzbetrieb:\n sleep                0\n"),
    said("a UPS alone", ASK, "pmset", "UPS Power:\n sleep                0\n"),
    Unknown(
        "no number on a UPS",
        [call(ASK, out=f"{MINI}UPS Power:\n sleep                never\n")],
        'pmset says "UPS sleep never"',
    ),
    Unknown("no number", [call(ASK, out="AC Power:\n sleep                never\n")], 'pmset says "sleep never"'),
    Unknown(
        "no number for the power mode",
        [call(ASK, out="AC Power:\n sleep                0\n powermode            no\n")],
        'pmset says "powermode no"',
    ),
    said("a failure", ASK, "pmset", "AC Power:\n sleep                0\n", rc=1),
    silent(ASK, "pmset"),
    hangs(ASK),
]
