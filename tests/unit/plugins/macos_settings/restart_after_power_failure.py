# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
from __future__ import annotations

from tests.unit.plugins.harness import call
from tests.unit.plugins.macos_settings.power import ASK, MINI, PMSET, READ, custom
from tests.unit.plugins.macos_settings.table import Failure, Line, Run, Unknown, hangs, said, silent

OLDER = call(ASK, out=MINI.replace(" autorestartatconnect 0\n", ""))
NEITHER = call(ASK, out="AC Power:\n sleep                0\n")
BOTH = custom(autorestart=1, autorestartatconnect=1)
ALWAYS = custom(autorestart=0, autorestartatconnect=1)
INSTEAD = (
    "This Mac cannot start whenever power is connected (autorestartatconnect needs macOS 26.5 and a Mac of 2024 or "
    "later): it restarts after a power failure instead."
)
NEVER = custom(autorestart=0, autorestartatconnect=0)


def asked(value: str) -> dict[str, str]:
    return {"restart_after_power_failure": value}


WANTED = "never"
RUNS = [
    Run(
        "always is the second key alone",
        asked("always"),
        [READ, call([PMSET, "-a", "autorestart", "0", "autorestartatconnect", "1"]), ALWAYS],
        changed=True,
        value="always",
    ),
    Run("both keys mean always, as in System Settings", asked("always"), [BOTH], changed=False, value="always"),
    Run(
        "never",
        asked("never"),
        [BOTH, call([PMSET, "-a", "autorestart", "0", "autorestartatconnect", "0"]), NEVER],
        changed=True,
        value="never",
    ),
    Run("no change", asked("after_failure"), [READ], changed=False, value="after_failure"),
    Run("check mode", asked("always"), [READ], changed=True, value="always", check=True),
    Run(
        "before 26.5 always becomes after_failure",
        asked("always"),
        [OLDER],
        changed=False,
        value="after_failure",
        warnings=[INSTEAD],
    ),
    Run(
        "a Mac that cannot",
        asked("after_failure"),
        [NEITHER],
        changed=False,
        warnings=["This Mac cannot restart by itself after a power failure: it has no setting autorestart."],
    ),
]
FAILURES = [
    Failure(
        "read-back with exit status 0",
        asked("never"),
        [READ, call([PMSET, "-a", "autorestart", "0"]), READ],
        "The change did not take effect: restart_after_power_failure is after_failure instead of never. `/usr/bin/"
        "pmset -a autorestart 0` ended with status 0.",
    ),
]
LINES = [
    Line("as wanted", "after_failure", [READ], True, "after_failure", "after_failure"),
    Line("not as wanted", "always", [READ], False, "after_failure", "always"),
]
UNKNOWN = [
    said("another source", ASK, "pmset", "Battery Power:\n autorestart          0\n"),
    Unknown("no number", [call(ASK, out="AC Power:\n autorestart no\n")], 'pmset says "autorestart no"'),
    silent(ASK, "pmset"),
    hangs(ASK),
]
