# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.unit.plugins.harness import Call, call
from tests.unit.plugins.recorded import warnings_of

if TYPE_CHECKING:
    from collections.abc import Callable

NVRAM = "/usr/sbin/nvram"
NOT_FOUND = call(
    [NVRAM, "boot-args"],
    rc=1,
    err="nvram: Error getting variable - 'boot-args': (iokit/common) data was not found\n",
)
ACTIVE_NONE = call(["/usr/sbin/sysctl", "-n", "kern.bootargs"], out="\n")
ACTIVE_SERVER = call(["/usr/sbin/sysctl", "-n", "kern.bootargs"], out="serverperfmode=1\n")
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


def stored(value: str) -> Call:
    return call([NVRAM, "boot-args"], out=f"boot-args\t{value}\n")


def refused(value: str) -> Call:
    return call(
        [NVRAM, f"boot-args={value}"],
        rc=1,
        err="Error setting variable - 'boot-args': (iokit/common) not permitted.\n",
    )


@pytest.mark.parametrize(
    ("args", "calls", "check", "expected"),
    [
        pytest.param(
            {"present": ["serverperfmode=1"]},
            [
                stored("-v keepsyms=1 serverperfmode=0"),
                call([NVRAM, "boot-args=-v keepsyms=1 serverperfmode=1"]),
                stored("-v keepsyms=1 serverperfmode=1"),
                ACTIVE_NONE,
            ],
            False,
            {
                "changed": True,
                "needs_recovery": False,
                "restart_needed": True,
                "boot_args": ["-v", "keepsyms=1", "serverperfmode=1"],
            },
            id="change-keeps-the-others",
        ),
        pytest.param(
            {"present": ["serverperfmode=1"]},
            [stored("serverperfmode=1"), ACTIVE_SERVER],
            False,
            {"changed": False, "restart_needed": False, "needs_recovery": False},
            id="no-change",
        ),
        pytest.param(
            {"absent": ["-v"]},
            [stored("-v"), call([NVRAM, "-d", "boot-args"]), NOT_FOUND, ACTIVE_NONE],
            False,
            {"changed": True, "boot_args": []},
            id="last-argument-removed",
        ),
        pytest.param(
            {"absent": ["serverperfmode"]}, [NOT_FOUND, ACTIVE_NONE], False, {"changed": False}, id="nothing-to-remove"
        ),
        pytest.param(
            {"present": ["serverperfmode=1"]},
            [NOT_FOUND, refused("serverperfmode=1"), NOT_FOUND, ACTIVE_NONE],
            False,
            {"changed": False, "needs_recovery": True, "restart_needed": False, "warnings": [RECOVERY]},
            id="apple-silicon-refuses",
        ),
        pytest.param(
            {"absent": ["-v"]},
            [stored("-v"), call([NVRAM, "-d", "boot-args"]), stored("-v"), ACTIVE_NONE],
            False,
            {"changed": False, "needs_recovery": True},
            id="deleting-never-fails-so-the-read-back-tells",
        ),
        pytest.param(
            {"present": ["serverperfmode=1"]},
            [NOT_FOUND, PROTECTED, ACTIVE_NONE],
            True,
            {"changed": False, "needs_recovery": True, "warnings": [RECOVERY]},
            id="check-mode-predicts-the-refusal",
        ),
        pytest.param(
            {"present": ["serverperfmode=1"]},
            [NOT_FOUND, OPEN, ACTIVE_NONE],
            True,
            {"changed": True, "needs_recovery": False, "boot_args": ["serverperfmode=1"]},
            id="check-mode-predicts-the-change",
        ),
    ],
)
def test_boot_args(
    run_module: Callable[..., dict[str, Any]],
    args: dict[str, Any],
    calls: list[Call],
    check: bool,
    expected: dict[str, Any],
) -> None:
    result = run_module("macos_boot_args", args, calls, check=check)
    found = {**result, "warnings": warnings_of(result)}
    assert {key: found.get(key) for key in expected} == expected


@pytest.mark.parametrize(
    ("args", "calls", "message"),
    [
        pytest.param(
            {"present": ["serverperfmode=1"], "fail_on_refusal": True},
            [NOT_FOUND, refused("serverperfmode=1"), NOT_FOUND],
            RECOVERY,
            id="refusal-as-a-failure",
        ),
        pytest.param(
            {"present": ["a=1"]},
            [NOT_FOUND, call([NVRAM, "boot-args=a=1"]), NOT_FOUND],
            "boot-args are not set instead of a=1 after `/usr/sbin/nvram boot-args=a=1`: nvram printed nothing",
            id="read-back-mismatch-with-exit-status-0",
        ),
        pytest.param(
            {"present": ["a=1"]},
            [call([NVRAM, "boot-args"], rc=1, err="nvram: nvram is not supported on this system\n")],
            'nvram says "nvram: nvram is not supported on this system", so which boot arguments the next start uses is '
            "unknown.",
            id="failed-read",
        ),
        pytest.param(
            {"present": ["a=1 b=2"]},
            [NOT_FOUND],
            "'a=1 b=2' is not one boot argument: write each as one item, such as name=1.",
            id="two-arguments-in-one-item",
        ),
        pytest.param(
            {"present": ["a=1"], "absent": ["a"]},
            [NOT_FOUND],
            "The boot arguments a are in both present and absent.",
            id="present-and-absent",
        ),
    ],
)
def test_failures(
    run_module: Callable[..., dict[str, Any]], args: dict[str, Any], calls: list[Call], message: str
) -> None:
    result = run_module("macos_boot_args", args, calls)
    assert (result["failed"], result["msg"]) == (True, message)
