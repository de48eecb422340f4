# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""How many processes and open files the kernel allows, now and after every boot."""

from __future__ import annotations

from dataclasses import replace
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

LEAST = 1000
"""Less than macOS itself runs with."""


class KernelLimit(Setting):
    """One limit, by its name in `sysctl`."""

    def __init__(self, option: Option, title: str, boot: BootValue) -> None:
        self.options = (option,)
        self.title = title
        self._boot = boot

    def wanted(self, value: int) -> State:
        """Return the limit now and at boot."""
        if value < LEAST:
            raise SettingError(f"{self.name} is {value}, with which macOS itself does not run: write {LEAST} at least.")
        return {self._boot.name: value, AT_BOOT: value}

    def named_as_shown(self, current: State, wanted: State) -> State:
        """Ask for nothing at boot that there is not now."""
        if current[self._boot.name] == UNSUPPORTED:
            return {self._boot.name: wanted[self._boot.name]}
        return wanted

    def read(self, commands: Commands) -> State:
        """Return the limit now, and the one that is set at boot."""
        result = commands.run([SYSCTL, "-n", self._boot.name])
        if result.rc != 0 and "unknown oid" in result.text:
            return {self._boot.name: UNSUPPORTED, AT_BOOT: self._boot.read()}
        if result.rc != 0 or not result.out.strip().isdigit():
            raise UnknownStateError("sysctl", result.text, self._boot.name)
        return {self._boot.name: int(result.out), AT_BOOT: self._boot.read()}

    def commands(self, current: State, wanted: State) -> list[list[str]]:
        """Return the command for the limit now."""
        name = self._boot.name
        return [[SYSCTL, f"{name}={wanted[name]}"]] if name in wanted and wanted[name] != current[name] else []

    def apply(self, call: Call, change: Change) -> Change:
        """Set it now, and at boot once the kernel has taken it: what it refuses is not tried at every boot."""
        name = self._boot.name
        if change.steps:
            super().apply(call, replace(change, after={name: change.after[name]}))
        if AT_BOOT in change.after:
            self._boot.write(change.after[AT_BOOT])
        return super().apply(call, replace(change, steps=[]))


MAXIMUM_PROCESSES = KernelLimit(
    Option(
        "maximum_processes",
        "int",
        "How many processes the Mac may run, from now on and after each boot (C(kern.maxproc)). The kernel takes no "
        "more than it was built for; what it refuses is a failure.",
    ),
    title="limit of processes",
    boot=BootValue("kern.maxproc", "maximum-processes"),
)
MAXIMUM_OPEN_FILES = KernelLimit(
    Option(
        "maximum_open_files",
        "int",
        "How many files may be open on the Mac, from now on and after each boot (C(kern.maxfiles)).",
    ),
    title="limit of open files",
    boot=BootValue("kern.maxfiles", "maximum-open-files"),
)
