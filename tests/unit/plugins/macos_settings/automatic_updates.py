# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
from __future__ import annotations

from tests.unit.plugins.harness import Call, call
from tests.unit.plugins.macos_settings.table import Failure, Line, Run, hangs, said, silent

DEFAULTS = "/usr/bin/defaults"
UPDATES = "/Library/Preferences/com.apple.SoftwareUpdate"
KEYS = ("AutomaticDownload", "AutomaticallyInstallMacOSUpdates")
READ = [DEFAULTS, "read", UPDATES, KEYS[0]]


def updates(*values: str | None) -> list[Call]:
    return [
        call([DEFAULTS, "read", UPDATES, key], out=f"{value}\n")
        if value
        else call(
            [DEFAULTS, "read", UPDATES, key],
            err=f"The domain/default pair of ({UPDATES}, {key}) does not exist\n",
            rc=1,
        )
        for key, value in zip(KEYS, values)
    ]


def write(key: str, value: str) -> Call:
    return call([DEFAULTS, "write", UPDATES, key, "-bool", value])


WANTED = False
RUNS = [
    Run(
        "off",
        {"automatic_updates": False},
        [*updates("1", None), write(KEYS[0], "false"), write(KEYS[1], "false"), *updates("0", "0")],
        changed=True,
        value=dict.fromkeys(KEYS, False),
    ),
    Run(
        "on",
        {"automatic_updates": True},
        [*updates("1", "0"), write(KEYS[1], "true"), *updates("1", "1")],
        changed=True,
        value=dict.fromkeys(KEYS, True),
    ),
    Run("no change", {"automatic_updates": False}, updates("0", "no"), changed=False),
    Run("check mode", {"automatic_updates": False}, updates(None, None), changed=True, check=True),
]
FAILURES = [
    Failure(
        "a switch that does not stay",
        {"automatic_updates": False},
        [*updates("1", "0"), write(KEYS[0], "false"), *updates("1", "0")],
        "The change did not take effect: AutomaticDownload is on instead of off. `/usr/bin/defaults write "
        "/Library/Preferences/com.apple.SoftwareUpdate AutomaticDownload -bool false` ended with status 0.",
    ),
]
OFF = "AutomaticDownload off, AutomaticallyInstallMacOSUpdates off"
LINES = [
    Line("off", False, updates("0", "0"), True, OFF, OFF),
    Line(
        "never set",
        False,
        updates("0", None),
        False,
        "AutomaticDownload off, AutomaticallyInstallMacOSUpdates not set",
        OFF,
    ),
]
UNKNOWN = [
    said("no switch", READ, "defaults", "sometimes\n"),
    said("an error", READ, "defaults", "", err="2026-01-01 10:00:00.000 defaults[1:2] Could not synchronize", rc=1),
    silent(READ, "defaults"),
    hangs(READ),
]
