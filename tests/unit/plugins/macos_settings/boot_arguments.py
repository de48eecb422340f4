# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
from __future__ import annotations

from typing import Any

from tests.unit.plugins.harness import Call, call
from tests.unit.plugins.macos_settings.table import Failure, Line, Run, hangs, said, silent

NVRAM = "/usr/sbin/nvram"
READ = [NVRAM, "boot-args"]
ACTIVE = ["/usr/sbin/sysctl", "-n", "kern.bootargs"]
NOT_FOUND = call(READ, rc=1, err="nvram: Error getting variable - 'boot-args': (iokit/common) data was not found\n")
ACTIVE_NONE = call(ACTIVE, out="\n")
ACTIVE_SERVER = call(ACTIVE, out="serverperfmode=1\n")
CSRUTIL = ["/usr/bin/csrutil", "status"]
PROTECTED = call(CSRUTIL, out="System Integrity Protection status: enabled.\n")
OPEN = call(
    CSRUTIL,
    out="System Integrity Protection status: unknown (Custom Configuration).\n\nConfiguration:\n"
    "\tNVRAM Protections: enabled\n\tBoot-arg Restrictions: disabled\n",
)
RECOVERY = (
    "This Mac's security policy does not let boot-args be changed. Start it in Recovery (hold the power button), "
    "allow Permissive Security with `csrutil disable` in the Terminal there, start it again and repeat this run."
)


def asked(present: list[str] | None = None, absent: list[str] | None = None) -> dict[str, Any]:
    return {"boot_arguments": {"present": present or [], "absent": absent}}


def stored(value: str) -> Call:
    return call(READ, out=f"boot-args\t{value}\n")


def refused(value: str) -> Call:
    return call(
        [NVRAM, f"boot-args={value}"], rc=1, err="Error setting variable - 'boot-args': (iokit/common) not permitted.\n"
    )


SERVER = asked(["serverperfmode=1"])
REFUSED = {"needs_recovery": True, "restart_needed": False, "boot_args": []}

WANTED = {"absent": ["a"]}
RUNS = [
    Run(
        "change keeps the others",
        SERVER,
        [
            stored("-v keepsyms=1 serverperfmode=0"),
            ACTIVE_NONE,
            call([NVRAM, "boot-args=-v keepsyms=1 serverperfmode=1"]),
            stored("-v keepsyms=1 serverperfmode=1"),
        ],
        changed=True,
        value={
            "needs_recovery": False,
            "restart_needed": True,
            "boot_args": ["-v", "keepsyms=1", "serverperfmode=1"],
            "active": [],
        },
    ),
    Run(
        "no change",
        SERVER,
        [stored("serverperfmode=1"), ACTIVE_SERVER],
        changed=False,
        value={"restart_needed": False, "needs_recovery": False, "active": ["serverperfmode=1"]},
    ),
    Run(
        "last argument removed",
        asked(absent=["-v"]),
        [stored("-v"), ACTIVE_NONE, call([NVRAM, "-d", "boot-args"]), NOT_FOUND],
        changed=True,
        value={"boot_args": []},
    ),
    Run("nothing to remove", asked(absent=["serverperfmode"]), [NOT_FOUND, ACTIVE_NONE], changed=False),
    Run("empty is nothing", asked(), [], changed=False),
    Run(
        "Apple silicon refuses",
        SERVER,
        [NOT_FOUND, ACTIVE_NONE, refused("serverperfmode=1"), NOT_FOUND],
        changed=False,
        value=REFUSED,
        warnings=[RECOVERY],
    ),
    Run(
        "deleting never fails, so the read-back tells",
        asked(absent=["-v"]),
        [stored("-v"), ACTIVE_NONE, call([NVRAM, "-d", "boot-args"]), stored("-v")],
        changed=False,
        value={"needs_recovery": True},
        warnings=[RECOVERY],
    ),
    Run(
        "check mode predicts the refusal",
        SERVER,
        [NOT_FOUND, ACTIVE_NONE, PROTECTED],
        changed=False,
        value=REFUSED,
        warnings=[RECOVERY],
        check=True,
    ),
    Run(
        "check mode predicts the change",
        SERVER,
        [NOT_FOUND, ACTIVE_NONE, OPEN],
        changed=True,
        value={"needs_recovery": False, "boot_args": ["serverperfmode=1"]},
        check=True,
    ),
]
FAILURES = [
    Failure(
        "read-back with exit status 0",
        asked(["a=1"]),
        [NOT_FOUND, ACTIVE_NONE, call([NVRAM, "boot-args=a=1"]), NOT_FOUND],
        "boot-args are not set instead of a=1 after `/usr/sbin/nvram boot-args=a=1`: nvram printed nothing",
    ),
    Failure(
        "two arguments in one item",
        asked(["a=1 b=2"]),
        [NOT_FOUND, ACTIVE_NONE],
        "'a=1 b=2' is not one boot argument: write each as one item, such as name=1.",
    ),
    Failure(
        "present and absent",
        asked(["a=1"], ["a"]),
        [NOT_FOUND, ACTIVE_NONE],
        "The boot arguments a are in both present and absent.",
    ),
]
LINES = [
    Line(
        "in effect",
        {"present": ["serverperfmode=1"], "absent": ["-v"]},
        [stored("serverperfmode=1"), ACTIVE_SERVER],
        True,
        "serverperfmode=1",
        "serverperfmode=1, no -v",
    ),
    Line(
        "before the restart",
        {"present": ["serverperfmode=1"]},
        [stored("serverperfmode=1"), ACTIVE_NONE],
        False,
        "none",
        "serverperfmode=1",
        "They are stored: restart this Mac.",
    ),
    Line("not stored", {"present": ["a=1"]}, [NOT_FOUND, ACTIVE_NONE], False, "none", "a=1", RECOVERY),
    Line("nothing", {"present": [], "absent": []}, [], True, "not managed", "not managed"),
]
UNKNOWN = [
    said("not supported", READ, "nvram", "", err="nvram is not supported\n", rc=1),
    silent(READ, "nvram"),
    hangs(READ),
    said("the running system", ACTIVE, "sysctl", "", first=[stored("a=1")], err="unknown oid\n", rc=1),
]
