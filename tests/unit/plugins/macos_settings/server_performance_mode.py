# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
from __future__ import annotations

from typing import Any

from ansible_collections.hybrid_ai.cluster.plugins.module_utils._macos.server_performance_mode import SMALL

from tests.unit.plugins.harness import Call, call
from tests.unit.plugins.macos_settings.boot_arguments import (
    ACTIVE_NONE,
    ACTIVE_SERVER,
    NOT_FOUND,
    NVRAM,
    OPEN,
    PROTECTED,
    READ,
    RECOVERY,
    refused,
    stored,
)
from tests.unit.plugins.macos_settings.table import Failure, Line, Run, hangs, said, silent

SYSCTL = "/usr/sbin/sysctl"
KERNEL = [SYSCTL, "-n", "kern.serverperfmode"]


def memory(gigabytes: int) -> Call:
    return call([SYSCTL, "-n", "hw.memsize"], out=f"{gigabytes * 2**30}\n")


def kernel(value: int) -> Call:
    return call(KERNEL, out=f"{value}\n")


ON: dict[str, Any] = {"server_performance_mode": True}
OFF: dict[str, Any] = {"server_performance_mode": False}
SET = call([NVRAM, "boot-args=serverperfmode=1"])
WANTED = False
RUNS = [
    Run(
        "on, where the security policy lets it",
        ON,
        [NOT_FOUND, ACTIVE_NONE, memory(64), SET, stored("serverperfmode=1")],
        changed=True,
        value={"boot_args": ["serverperfmode=1"], "restart_needed": True, "needs_recovery": False},
    ),
    Run("on, as it is", ON, [stored("serverperfmode=1"), ACTIVE_SERVER, memory(64)], changed=False),
    Run(
        "Apple silicon refuses",
        ON,
        [NOT_FOUND, ACTIVE_NONE, memory(64), refused("serverperfmode=1"), NOT_FOUND],
        changed=False,
        value={"needs_recovery": True},
        warnings=[RECOVERY],
    ),
    Run(
        "a Mac with too little memory",
        ON,
        [stored("serverperfmode=1"), ACTIVE_SERVER, memory(16)],
        changed=False,
        warnings=[SMALL.format(gigabytes=16)],
    ),
    Run(
        "check mode predicts the refusal",
        ON,
        [NOT_FOUND, ACTIVE_NONE, PROTECTED, memory(24)],
        changed=False,
        warnings=[RECOVERY],
        check=True,
    ),
    Run("check mode predicts the change", ON, [NOT_FOUND, ACTIVE_NONE, OPEN, memory(24)], changed=True, check=True),
    Run(
        "off keeps the others",
        OFF,
        [stored("-v serverperfmode=1"), ACTIVE_SERVER, call([NVRAM, "boot-args=-v"]), stored("-v")],
        changed=True,
        value={"boot_args": ["-v"]},
    ),
    Run("off, as it is", OFF, [NOT_FOUND, ACTIVE_NONE], changed=False),
    Run(
        "beside other boot arguments, which were changed before",
        {**ON, "boot_arguments": {"present": ["-v"]}},
        [
            NOT_FOUND,
            ACTIVE_NONE,
            NOT_FOUND,
            ACTIVE_NONE,
            memory(64),
            call([NVRAM, "boot-args=-v"]),
            stored("-v"),
            stored("-v"),
            call([NVRAM, "boot-args=-v serverperfmode=1"]),
            stored("-v serverperfmode=1"),
        ],
        changed=True,
        value={"boot_args": ["-v", "serverperfmode=1"]},
    ),
]
FAILURES = [
    Failure(
        "read-back with exit status 0",
        ON,
        [NOT_FOUND, ACTIVE_NONE, memory(64), SET, NOT_FOUND],
        "boot-args are not set instead of serverperfmode=1 after `/usr/sbin/nvram boot-args=serverperfmode=1`: nvram "
        "printed nothing",
    ),
]
LINES = [
    Line("the kernel is in it", True, [stored("serverperfmode=1"), kernel(1)], True, "on", "on"),
    # It may also come from the device tree, without a boot argument.
    Line("without a boot argument", True, [NOT_FOUND, kernel(1)], True, "on", "on"),
    Line(
        "before the restart",
        True,
        [stored("serverperfmode=1"), kernel(0)],
        False,
        "off, on after the next start",
        "on",
        "It is stored: restart this Mac.",
    ),
    Line("refused", True, [NOT_FOUND, kernel(0)], False, "off", "on", RECOVERY),
    Line("off", False, [NOT_FOUND, kernel(0)], True, "off", "off"),
]
UNKNOWN = [
    said("not supported", READ, "nvram", "", err="nvram is not supported\n", rc=1),
    silent(READ, "nvram"),
    hangs(READ),
]
