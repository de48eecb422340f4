# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
from __future__ import annotations

from tests.unit.plugins.harness import Call, call
from tests.unit.plugins.macos_settings.power import ASK, MINI, PMSET, custom
from tests.unit.plugins.macos_settings.table import Failure, Line, Run, Unknown, hangs, said, silent

MODEL = ["/usr/sbin/sysctl", "-n", "hw.model"]


def seen(*keys: int, model: str = "Mac16,10", rc: int = 0) -> list[Call]:
    """The two keys, and the model, which is asked for where the second key is listed."""
    restart, connect = keys
    there = call(MODEL, out=f"{model}\n" if rc == 0 else "", rc=rc)
    return [custom(autorestart=restart, autorestartatconnect=connect), there]


def write(*keys: int) -> Call:
    names = ("autorestart", "autorestartatconnect")
    words = [word for name, key in zip(names, keys) if key >= 0 for word in (name, str(key))]
    return call([PMSET, "-a", *words])


OLDER = call(ASK, out=MINI.replace(" autorestartatconnect 0\n", ""))
NEITHER = call(ASK, out="AC Power:\n sleep                0\n")
READ = seen(1, 0)
M2 = "Mac14,12"
DOUBT = (
    "This Mac lists autorestartatconnect, but only Macs of 2024 and later are known to obey it, and {}: it restarts "
    "after a power failure, and may stay off when power is connected after a shutdown."
)
OLD, NAMELESS = DOUBT.format("Mac14,12 is an older one"), DOUBT.format("its model is not known")
INSTEAD = (
    "This Mac cannot start whenever power is connected (autorestartatconnect needs macOS 26.5 and a Mac of 2024 or "
    "later): it restarts after a power failure instead."
)


def asked(value: str) -> dict[str, str]:
    return {"restart_after_power_failure": value}


WANTED = "never"
RUNS = [
    Run(
        "always is the second key alone",
        asked("always"),
        [*READ, write(0, 1), *seen(0, 1)],
        changed=True,
        value="always",
    ),
    Run("both keys mean always, as in System Settings", asked("always"), seen(1, 1), changed=False, value="always"),
    Run(
        "never",
        asked("never"),
        [*seen(1, 1), write(0, 0), *seen(0, 0)],
        changed=True,
        value="never",
    ),
    Run("no change", asked("after_failure"), READ, changed=False, value="after_failure"),
    Run("check mode", asked("always"), READ, changed=True, value="always", check=True),
    Run(
        "before 26.5 always becomes after_failure",
        asked("always"),
        [OLDER],
        changed=False,
        value="after_failure",
        warnings=[INSTEAD],
    ),
    Run(
        "a Studio of 2025 whose number is an older family's",
        asked("always"),
        [*seen(1, 0, model="Mac15,14"), write(0, 1), *seen(0, 1, model="Mac15,14")],
        changed=True,
        value="always",
    ),
    Run(
        "an older Mac that lists the key keeps the one that it obeys",
        asked("always"),
        [*seen(1, 0, model=M2), write(-1, 1), *seen(1, 1, model=M2)],
        changed=True,
        value="always",
        warnings=[OLD],
    ),
    Run(
        "the second key alone is nothing that an older Mac obeys",
        asked("always"),
        [*seen(0, 1, model=M2), write(1, -1), *seen(1, 1, model=M2)],
        changed=True,
        value="always",
        warnings=[OLD],
    ),
    Run("an older Mac with both", asked("always"), seen(1, 1, model=M2), changed=False, value="always", warnings=[OLD]),
    Run(
        "a Mac whose model is not told counts as older",
        asked("always"),
        [*seen(0, 1, rc=1), write(1, -1), *seen(1, 1, rc=1)],
        changed=True,
        value="always",
        warnings=[NAMELESS],
    ),
    Run(
        "what an older Mac does not obey is no restart",
        asked("after_failure"),
        [*seen(0, 1, model=M2), write(1, 0), *seen(1, 0, model=M2)],
        changed=True,
        value="after_failure",
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
        [*READ, write(0, -1), *READ],
        "The change did not take effect: restart_after_power_failure is after_failure instead of never. `/usr/bin/"
        "pmset -a autorestart 0` ended with status 0.",
    ),
]
LINES = [
    Line("as wanted", "after_failure", READ, True, "after_failure", "after_failure"),
    Line("not as wanted", "always", READ, False, "after_failure", "always"),
    Line("an older Mac", "always", seen(1, 1, model=M2), True, f"always. {OLD}", "always"),
    Line("the second key alone on one", "always", seen(0, 1, model=M2), False, "only_at_connect", "always"),
]
UNKNOWN = [
    said("another source", ASK, "pmset", "Battery Power:\n autorestart          0\n"),
    Unknown("no number", [call(ASK, out="AC Power:\n autorestart no\n")], 'pmset says "autorestart no"'),
    silent(ASK, "pmset"),
    hangs(ASK),
]
