# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What is set at boot is a file: `test_macos_gpu_memory` looks at it."""

from __future__ import annotations

from dataclasses import replace

from ansible_collections.hybrid_ai.cluster.plugins.module_utils._macos import gpu_memory

from tests.unit.plugins.harness import Call, call
from tests.unit.plugins.macos_settings.table import Failure, Line, Run, Unknown, hangs, said, silent

SYSCTL = "/usr/sbin/sysctl"
NOW = [SYSCTL, "-n", "iogpu.wired_limit_mb"]
SIZE = [SYSCTL, "-n", "hw.memsize"]
NO_CEILING = call(NOW, rc=1, err="sysctl: unknown oid 'iogpu.wired_limit_mb'\n")


def seen(megabytes: int, gigabytes: int = 16) -> list[Call]:
    return [call(NOW, out=f"{megabytes}\n"), call(SIZE, out=f"{gigabytes * 2**30}\n")]


def keep(gigabytes: int) -> dict[str, int]:
    return {"system_memory_gigabytes": gigabytes}


def at_boot(megabytes: int) -> list[Call]:
    """What is seen where the daemon is there."""
    first, second = seen(megabytes)
    return [replace(first, effect=lambda: gpu_memory.BOOT.write(megabytes)), second]


SET = call([SYSCTL, "iogpu.wired_limit_mb=12288"])

WANTED = 4
RUNS = [
    Run(
        "set",
        keep(4),
        [*seen(0), SET, *seen(12288)],
        changed=True,
        value={"iogpu.wired_limit_mb": 12288, "at boot": 12288},
    ),
    Run("as wanted", keep(4), at_boot(12288), changed=False, value={"iogpu.wired_limit_mb": 12288, "at boot": 12288}),
    Run(
        "check mode",
        keep(4),
        seen(0),
        changed=True,
        value={"iogpu.wired_limit_mb": 12288, "at boot": 12288},
        check=True,
    ),
    Run(
        "a Mac that does not have it",
        keep(4),
        [NO_CEILING],
        changed=False,
        warnings=["This Mac does not have iogpu.wired_limit_mb: it stays unmanaged."],
    ),
]
FAILURES = [
    Failure(
        "the kernel does not take it",
        keep(4),
        [*seen(0), SET, *seen(0)],
        "The change did not take effect: iogpu.wired_limit_mb is 0 instead of 12288. `/usr/sbin/sysctl "
        "iogpu.wired_limit_mb=12288` ended with status 0.",
    ),
    Failure(
        "too little for a small Mac",
        keep(2),
        seen(0),
        "system_memory_gigabytes is 2, which leaves macOS too little of the 16 GB of this Mac, and it would freeze: "
        "write 3 at least.",
    ),
    Failure(
        "too little for a large one",
        keep(7),
        seen(0, 512),
        "system_memory_gigabytes is 7, which leaves macOS too little of the 512 GB of this Mac, and it would freeze: "
        "write 8 at least.",
    ),
    Failure(
        "all of it",
        keep(16),
        seen(0),
        "system_memory_gigabytes is 16, which leaves the GPU nothing of the 16 GB of this Mac: write less.",
    ),
]
LINES = [
    Line(
        "as wanted",
        4,
        at_boot(12288),
        True,
        "iogpu.wired_limit_mb 12288, at boot 12288",
        "iogpu.wired_limit_mb 12288, at boot 12288",
    ),
    Line(
        "lost, and not set at boot",
        4,
        seen(0),
        False,
        "iogpu.wired_limit_mb 0, at boot 0",
        "iogpu.wired_limit_mb 12288, at boot 12288",
        "Repeat site.yml with the tag macos_headless.",
    ),
    Line(
        "set now, and not at boot",
        4,
        seen(12288),
        False,
        "iogpu.wired_limit_mb 12288, at boot 0",
        "iogpu.wired_limit_mb 12288, at boot 12288",
    ),
]
UNKNOWN = [
    said("no number", NOW, "sysctl", "much\n"),
    said("refused", NOW, "sysctl", "", err="sysctl: iogpu.wired_limit_mb: Operation not permitted\n", rc=1),
    Unknown("no memory", [call(NOW, out="0\n"), call(SIZE, out="a lot\n")], 'sysctl says "a lot"'),
    silent(NOW, "sysctl"),
    hangs(NOW),
]
