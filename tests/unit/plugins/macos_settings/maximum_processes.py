# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
from __future__ import annotations

from ansible_collections.hybrid_ai.cluster.plugins.module_utils._macos.boot_value import BootValue

from tests.unit.plugins.harness import Call, call
from tests.unit.plugins.macos_settings.table import Failure, Line, Run, hangs, said, silent

SYSCTL = "/usr/sbin/sysctl"
ASK = [SYSCTL, "-n", "kern.maxproc"]
BOOT = BootValue("kern.maxproc", "maximum-processes")


def seen(limit: int, *, at_boot: int = 0) -> Call:
    """The limit now, on a Mac on which another may be set at boot."""
    return call(ASK, out=f"{limit}\n", effect=(lambda: BOOT.write(at_boot)) if at_boot else None)


SET = call([SYSCTL, "kern.maxproc=6000"])
MISSING = call(ASK, rc=1, err="sysctl: unknown oid 'kern.maxproc'\n")
SHOWN = "kern.maxproc 6000, at boot 6000"
WANTED = 6000
RUNS = [
    Run(
        "set",
        {"maximum_processes": 6000},
        [seen(4000), SET, seen(6000), seen(6000)],
        changed=True,
        value={"kern.maxproc": 6000, "at boot": 6000},
    ),
    Run("as wanted", {"maximum_processes": 6000}, [seen(6000, at_boot=6000)], changed=False),
    Run("at boot alone", {"maximum_processes": 6000}, [seen(6000), seen(6000)], changed=True),
    Run("check mode", {"maximum_processes": 6000}, [seen(4000)], changed=True, check=True),
    Run(
        "a Mac that does not have it",
        {"maximum_processes": 6000},
        [MISSING],
        changed=False,
        warnings=["This Mac does not have kern.maxproc: it stays unmanaged."],
    ),
]
FAILURES = [
    Failure(
        "the kernel does not take it",
        {"maximum_processes": 6000},
        [
            seen(4000),
            call([SYSCTL, "kern.maxproc=6000"], rc=1, err="sysctl: kern.maxproc=6000: Invalid argument\n"),
            seen(4000),
        ],
        "The change did not take effect: kern.maxproc is 4000 instead of 6000. "
        "`/usr/sbin/sysctl kern.maxproc=6000` ended "
        "with status 1 and said: sysctl: kern.maxproc=6000: Invalid argument.",
    ),
    Failure(
        "too few",
        {"maximum_processes": 20},
        [],
        "maximum_processes is 20, with which macOS itself does not run: write 1000 at least.",
    ),
]
LINES = [
    Line("as wanted", 6000, [seen(6000, at_boot=6000)], True, SHOWN, SHOWN),
    Line("lost at the next boot", 6000, [seen(6000)], False, "kern.maxproc 6000, at boot 0", SHOWN),
    Line("not set", 6000, [seen(4000)], False, "kern.maxproc 4000, at boot 0", SHOWN),
]
UNKNOWN = [
    said("no number", ASK, "sysctl", "many\n"),
    said("refused", ASK, "sysctl", "", err="sysctl: kern.maxproc: Operation not permitted\n", rc=1),
    silent(ASK, "sysctl"),
    hangs(ASK),
]
