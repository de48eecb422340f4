# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Every setting of a Mac, in the order in which they are written; a module is shipped with what it imports."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ansible_collections.hybrid_ai.cluster.plugins.module_utils._macos import (
    automatic_updates,
    boot_arguments,
    computer_name,
    filevault,
    gpu_memory,
    kernel_limits,
    power,
    server_performance_mode,
    spotlight,
    spotlight_volumes,
    system_setup,
    time_machine,
    wifi,
)

if TYPE_CHECKING:
    from ansible_collections.hybrid_ai.cluster.plugins.module_utils._macos.setting import Option, Setting

SETTINGS: tuple[Setting, ...] = (
    computer_name.SETTING,
    power.POWER,
    power.BATTERY_POWER,
    power.RESTART_AFTER_POWER_FAILURE,
    system_setup.RESTART_ON_FREEZE,
    system_setup.TIME_ZONE,
    # A server is named before the clock is told to follow it.
    system_setup.NETWORK_TIME_SERVER,
    system_setup.NETWORK_TIME,
    spotlight.SETTING,
    spotlight_volumes.SETTING,
    time_machine.SETTING,
    wifi.SETTING,
    automatic_updates.SETTING,
    boot_arguments.SETTING,
    # After the other boot arguments, which it leaves as they are then.
    server_performance_mode.SETTING,
    gpu_memory.SETTING,
    kernel_limits.MAXIMUM_PROCESSES,
    kernel_limits.MAXIMUM_OPEN_FILES,
    # It may take half an hour.
    filevault.SETTING,
)
BY_NAME: dict[str, Setting] = {setting.name: setting for setting in SETTINGS}
OPTIONS: tuple[Option, ...] = tuple(option for setting in SETTINGS for option in setting.options)
