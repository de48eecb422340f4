# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Apple's server performance mode: one boot argument, and what the kernel that runs says of it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ansible_collections.hybrid_ai.cluster.plugins.module_utils._macos.boot_arguments import (
    RECOVERY,
    STORED,
    BootArguments,
    merge,
    read,
    write,
)
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._macos.setting import Comparison, Option
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._unknown import UnknownStateError

if TYPE_CHECKING:
    from ansible_collections.hybrid_ai.cluster.plugins.module_utils._apply_and_verify import State
    from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import Commands
    from ansible_collections.hybrid_ai.cluster.plugins.module_utils._macos.setting import Change
    from ansible_collections.hybrid_ai.cluster.plugins.module_utils._run_module import Call

SYSCTL = "/usr/sbin/sysctl"
READ_KERNEL = [SYSCTL, "-n", "kern.serverperfmode"]
READ_MEMORY = [SYSCTL, "-n", "hw.memsize"]
ARGUMENT = "serverperfmode"
LEAST_GIGABYTES = 24
SMALL = (
    "This Mac has {gigabytes:g} GB of memory: below 24 GB, server performance mode raises hardly a limit and may lower "
    "that of processes. It makes nothing faster on any Mac."
)


class ServerPerformanceMode(BootArguments):
    """On or off, beside all other boot arguments."""

    title = "server performance mode"
    options = (
        Option(
            "server_performance_mode",
            "bool",
            "Whether macOS starts in its server performance mode (the boot argument C(serverperfmode=1)). It raises "
            "limits of the kernel, such as those of processes and network buffers, and nothing else: no clock, no GPU, "
            "no memory bandwidth, so a model answers no faster. What helps instead are C(system_memory_gigabytes), "
            "C(maximum_processes) and C(maximum_open_files), which need no Recovery. A Mac with Apple silicon refuses "
            "it at normal security, as C(boot_arguments): a warning with what to do. Below 24 GB it is a warning too.",
        ),
    )

    def is_managed(self, value: Any) -> bool:
        """Tell whether it is asked for or to be ended."""
        return value is not None

    def wanted(self, value: Any) -> State:
        """Return the two lists of boot arguments."""
        return {"present": [f"{ARGUMENT}=1"], "absent": []} if value else {"present": [], "absent": [ARGUMENT]}

    def plan(self, call: Call) -> Change:
        """Merge, and warn of a Mac that gains nothing by it."""
        change = super().plan(call)
        memory = call.commands.run(READ_MEMORY) if call.options[self.name] else None
        if memory and memory.rc == 0 and memory.out.strip().isdigit():
            gigabytes = int(memory.out) / 2**30
            if gigabytes < LEAST_GIGABYTES:
                call.warn(SMALL.format(gigabytes=gigabytes))
        return change

    def apply(self, call: Call, change: Change) -> Change:
        """Change the variable, as it is now where boot_arguments has changed it meanwhile."""
        if not call.options.get("boot_arguments"):
            return super().apply(call, change)
        current = read(call.commands)
        merged = merge(current, **self.wanted(call.options[self.name]))
        fresh = replace(change, before={STORED: current}, after={STORED: merged}, steps=write(current, merged))
        return super().apply(call, fresh) if fresh.steps else self._finish(call, fresh)

    def compare(self, commands: Commands, value: Any) -> Comparison:
        """Compare with the kernel that runs; stored but not yet active is not enough."""
        stored, kernel = read(commands), read_kernel(commands)
        waiting = kernel != value and merge(stored, **self.wanted(value)) == stored
        later = f", {_word(value)} after the next start" if waiting else ""
        advice = "It is stored: restart this Mac." if waiting else RECOVERY
        return Comparison(kernel == value, f"{_word(kernel)}{later}", _word(value), advice)


def read_kernel(commands: Commands) -> bool:
    """Return whether the running kernel is in the mode; it counts more than the boot arguments."""
    result = commands.run(READ_KERNEL)
    value = result.out.strip()
    if result.rc != 0 or value not in {"0", "1"}:
        raise UnknownStateError("sysctl", result.text, "whether the kernel is in server performance mode")
    return value == "1"


def _word(on: bool) -> str:
    return "on" if on else "off"


SETTING = ServerPerformanceMode()
