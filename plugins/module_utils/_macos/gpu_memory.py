# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""How much memory the GPU may have: a value of the kernel, which a restart forgets, and a daemon for every boot."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from ansible_collections.hybrid_ai.cluster.plugins.module_utils._macos.boot_value import AT_BOOT, SYSCTL, BootValue
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._macos.setting import (
    UNSUPPORTED,
    Option,
    Setting,
    SettingError,
)
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._unknown import UnknownStateError

if TYPE_CHECKING:
    from ansible_collections.hybrid_ai.cluster.plugins.module_utils._apply_and_verify import State
    from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import Commands
    from ansible_collections.hybrid_ai.cluster.plugins.module_utils._macos.setting import Change
    from ansible_collections.hybrid_ai.cluster.plugins.module_utils._run_module import Call

NOW = "iogpu.wired_limit_mb"
"""Megabytes of 2^20 bytes; 0 is what macOS decides, two thirds to three quarters of the memory."""
READ_NOW = [SYSCTL, "-n", NOW]
READ_MEMORY = [SYSCTL, "-n", "hw.memsize"]
MEMORY = "memory"
BOOT = BootValue(NOW, "gpu-memory")

MEGABYTES = 1024
LEAST_MEGABYTES, LEAST_SHARE = 8 * MEGABYTES, 0.15
"""What macOS needs to stay usable: the smaller of both."""


class GpuMemory(Setting):
    """The ceiling now and after the next boot."""

    title = "GPU memory ceiling"
    options = (
        Option(
            "system_memory_gigabytes",
            "int",
            "How many gigabytes of its memory the Mac keeps for the system; the GPU may have the rest, from now on and "
            "after each boot (C(iogpu.wired_limit_mb)). Refused where it is less than 8 and less than 15 % of the "
            "memory, because the Mac would freeze. What the inventory says of models is held against it.",
        ),
    )

    def read(self, commands: Commands) -> State:
        """Return the ceiling now, the one that is set at boot, and the memory, in megabytes."""
        result = commands.run(READ_NOW)
        if result.rc != 0 and "unknown oid" in result.text:
            return {NOW: UNSUPPORTED, AT_BOOT: BOOT.read(), MEMORY: 0}
        if result.rc != 0 or not result.out.strip().isdigit():
            raise UnknownStateError("sysctl", result.text, "how much memory the GPU may have")
        memory = commands.run(READ_MEMORY)
        if memory.rc != 0 or not memory.out.strip().isdigit():
            raise UnknownStateError("sysctl", memory.text, "how much memory this Mac has")
        return {NOW: int(result.out), AT_BOOT: BOOT.read(), MEMORY: int(memory.out) // 2**20}

    def named_as_shown(self, current: State, wanted: State) -> State:
        """Return the ceiling that leaves the system what it is to keep."""
        if current[NOW] == UNSUPPORTED:
            return {NOW: wanted[self.name]}
        ceiling = ceiling_of(current[MEMORY], wanted[self.name])
        return {NOW: ceiling, AT_BOOT: ceiling}

    def commands(self, current: State, wanted: State) -> list[list[str]]:
        """Return the command for the ceiling now."""
        changed = NOW in wanted and wanted[NOW] != current[NOW]
        return [[SYSCTL, f"{NOW}={wanted[NOW]}"]] if changed else []

    def apply(self, call: Call, change: Change) -> Change:
        """Set it at boot first: a Mac that is killed in between has it after its restart."""
        boot = change.after.get(AT_BOOT)
        if AT_BOOT in change.after and boot != BOOT.read():
            BOOT.write(boot)
        return super().apply(call, change)


def ceiling_of(memory: int, gigabytes: int) -> int:
    """Return the ceiling in megabytes that leaves the system so many gigabytes."""
    least = math.ceil(min(LEAST_MEGABYTES, memory * LEAST_SHARE) / MEGABYTES)
    has = f"{memory / MEGABYTES:g} GB"
    if gigabytes < least:
        raise SettingError(
            f"system_memory_gigabytes is {gigabytes}, which leaves macOS too little of the {has} of this Mac, and it "
            f"would freeze: write {least} at least."
        )
    if gigabytes * MEGABYTES >= memory:
        raise SettingError(
            f"system_memory_gigabytes is {gigabytes}, which leaves the GPU nothing of the {has} of this Mac: "
            "write less."
        )
    return memory - gigabytes * MEGABYTES


SETTING = GpuMemory()
