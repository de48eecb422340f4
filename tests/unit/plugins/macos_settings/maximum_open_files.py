# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
from __future__ import annotations

from ansible_collections.hybrid_ai.cluster.plugins.module_utils._macos.boot_value import BootValue

from tests.unit.plugins.harness import Call, call
from tests.unit.plugins.macos_settings.table import Failure, Line, Run, hangs, said, silent

SYSCTL = "/usr/sbin/sysctl"
ASK = [SYSCTL, "-n", "kern.maxfiles"]
BOOT = BootValue("kern.maxfiles", "maximum-open-files")


def seen(limit: int, *, at_boot: int = 0) -> Call:
    """The limit now, on a Mac on which another may be set at boot."""
    return call(ASK, out=f"{limit}\n", effect=(lambda: BOOT.write(at_boot)) if at_boot else None)


SET = call([SYSCTL, "kern.maxfiles=500000"])
MISSING = call(ASK, rc=1, err="sysctl: unknown oid 'kern.maxfiles'\n")
SHOWN = "kern.maxfiles 500000, at boot 500000"
WANTED = 500000
RUNS = [
    Run(
        "set",
        {"maximum_open_files": 500000},
        [seen(122880), SET, seen(500000), seen(500000)],
        changed=True,
        value={"kern.maxfiles": 500000, "at boot": 500000},
    ),
    Run("as wanted", {"maximum_open_files": 500000}, [seen(500000, at_boot=500000)], changed=False),
    Run("at boot alone", {"maximum_open_files": 500000}, [seen(500000), seen(500000)], changed=True),
    Run("check mode", {"maximum_open_files": 500000}, [seen(122880)], changed=True, check=True),
    Run(
        "a Mac that does not have it",
        {"maximum_open_files": 500000},
        [MISSING],
        changed=False,
        warnings=["This Mac does not have kern.maxfiles: it stays unmanaged."],
    ),
]
FAILURES = [
    Failure(
        "the kernel does not take it",
        {"maximum_open_files": 500000},
        [
            seen(122880),
            call([SYSCTL, "kern.maxfiles=500000"], rc=1, err="sysctl: kern.maxfiles=500000: Invalid argument\n"),
            seen(122880),
        ],
        "The change did not take effect: kern.maxfiles is 122880 instead of 500000. "
        "`/usr/sbin/sysctl kern.maxfiles=500000` ended "
        "with status 1 and said: sysctl: kern.maxfiles=500000: Invalid argument.",
    ),
    Failure(
        "too few",
        {"maximum_open_files": 20},
        [],
        "maximum_open_files is 20, with which macOS itself does not run: write 1000 at least.",
    ),
]
LINES = [
    Line("as wanted", 500000, [seen(500000, at_boot=500000)], True, SHOWN, SHOWN),
    Line("lost at the next boot", 500000, [seen(500000)], False, "kern.maxfiles 500000, at boot 0", SHOWN),
    Line("not set", 500000, [seen(122880)], False, "kern.maxfiles 122880, at boot 0", SHOWN),
]
UNKNOWN = [
    said("no number", ASK, "sysctl", "many\n"),
    said("refused", ASK, "sysctl", "", err="sysctl: kern.maxfiles: Operation not permitted\n", rc=1),
    silent(ASK, "sysctl"),
    hangs(ASK),
]
