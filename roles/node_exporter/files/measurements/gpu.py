# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""NVIDIA GPUs, under the names that nvidia_gpu_exporter 1.14.0 gives the same metrics."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Callable, Optional

from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import CommandError, Commands
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._nvidia import cards, reasons, smi

from .command import MeasurementError

if TYPE_CHECKING:
    from .exposition import Metrics

Reader = Callable[[Optional[str]], Optional[float]]

_STATE = re.compile(r"P(\d+)")
_ACTIONS = {"None": 0, "Reset": 1, "GPU Reset": 1, "Reboot": 2, "Node Reboot": 2, "Drain P2P": 3, "Drain and Reset": 4}
INFO = ["index", "name", "uuid", "driver_version", "compute_cap"]


def times(factor: float) -> Reader:
    """Return what reads a number and brings it to its unit."""

    def read_number(value: str | None) -> float | None:
        found = smi.number(value)
        return None if found is None else found * factor

    return read_number


def switch(value: str | None) -> float | None:
    """Read what is on or off."""
    return smi.switch(value)


def state(value: str | None) -> float | None:
    """Read a performance state: P0 is the fastest."""
    found = _STATE.fullmatch(value or "")
    return float(found[1]) if found else None


def action(value: str | None) -> float | None:
    """Read what the driver wants done with a card."""
    return _ACTIONS.get(value or "")


PERCENT, MEBIBYTES, MEGAHERTZ, PLAIN = times(0.01), times(1048576), times(1_000_000), times(1)
# Field of nvidia-smi: name of the metric, what reads it, text.
FIELDS: dict[str, tuple[str, Reader, str]] = {
    "utilization.gpu": ("utilization_gpu_ratio", PERCENT, "Share of the time in which a kernel ran."),
    "utilization.memory": (
        "utilization_memory_ratio",
        PERCENT,
        "Share of the time in which memory was read or written.",
    ),
    "memory.used": ("memory_used_bytes", MEBIBYTES, "Memory in use."),
    "memory.free": ("memory_free_bytes", MEBIBYTES, "Memory that a program could have."),
    "memory.total": ("memory_total_bytes", MEBIBYTES, "Memory of the GPU."),
    "temperature.gpu": ("temperature_gpu", PLAIN, "Temperature in degrees Celsius."),
    "temperature.memory": ("temperature_memory", PLAIN, "Temperature of the memory in degrees Celsius."),
    "fan.speed": ("fan_speed_ratio", PERCENT, "Speed of the fan as a share of the highest."),
    "power.draw": ("power_draw_watts", PLAIN, "Power draw."),
    "power.limit": ("power_limit_watts", PLAIN, "Highest power draw allowed."),
    "clocks.current.sm": ("clocks_current_sm_clock_hz", MEGAHERTZ, "Clock of the processors."),
    "clocks.current.memory": ("clocks_current_memory_clock_hz", MEGAHERTZ, "Clock of the memory."),
    "pstate": ("pstate", state, "Performance state; 0 is the fastest."),
    "persistence_mode": ("persistence_mode", switch, "Whether the driver stays loaded while nobody uses the GPU."),
    "mig.mode.current": ("mig_mode_current", switch, "Whether the GPU is split into parts."),
    "ecc.mode.current": ("ecc_mode_current", switch, "Whether errors of the memory are corrected."),
    "ecc.errors.corrected.volatile.total": (
        "ecc_errors_corrected_volatile_total",
        PLAIN,
        "Corrected errors of the memory since the driver was loaded.",
    ),
    "ecc.errors.uncorrected.volatile.total": (
        "ecc_errors_uncorrected_volatile_total",
        PLAIN,
        "Errors of the memory that could not be corrected, since the driver was loaded.",
    ),
    "remapped_rows.failure": (
        "remapped_rows_failure",
        switch,
        "Whether a broken row of the memory could not be replaced.",
    ),
    "gpu_recovery_action": (
        "gpu_recovery_action",
        action,
        "What the driver wants done: 0 nothing, 1 reset, 2 reboot, 3 and 4 drain.",
    ),
    "clocks_event_reasons.hw_thermal_slowdown": (
        "clocks_event_reasons_hw_thermal_slowdown",
        switch,
        "Whether the GPU slows itself down because of heat.",
    ),
    "clocks_event_reasons.sw_thermal_slowdown": (
        "clocks_event_reasons_sw_thermal_slowdown",
        switch,
        "Whether the driver slows the GPU down because of heat.",
    ),
    "clocks_event_reasons.hw_power_brake_slowdown": (
        "clocks_event_reasons_hw_power_brake_slowdown",
        switch,
        "Whether the power supply has the GPU slow down.",
    ),
    "clocks_event_reasons.sw_power_cap": (
        "clocks_event_reasons_sw_power_cap",
        switch,
        "Whether the power limit holds the clocks down.",
    ),
}


def measure(metrics: Metrics, commands: Commands | None = None) -> None:
    """Ask for all GPUs; a host without the driver and without a card has none to tell about."""
    present = len(cards.read_cards())
    if present:
        metrics.add("nvidia_pci_gpus", "How many NVIDIA GPUs the PCI bus has.", present)
    try:
        answer, result = smi.ask(commands or Commands(), [*INFO, *FIELDS], timeout=30)
    except CommandError as error:
        if "is not installed" in str(error):
            return
        raise MeasurementError(str(error)) from None
    metrics.add("nvidia_smi_command_exit_code", "How nvidia-smi ended; 0 is well.", result.rc)
    read(metrics, answer)
    reason = reasons.of_status(result.rc, result.text)
    if reason and not answer.rows:
        raise MeasurementError(f"{smi.PROGRAM} fails because {reason.what}")


def read(metrics: Metrics, answer: smi.Answer) -> None:
    """Take every metric that is one; with a card that is lost the others count all the same."""
    rows = [row for row in answer.rows if not row.trouble]
    metrics.add("nvidia_smi_gpus", "How many GPUs answer the driver.", len(rows))
    for row in rows:
        labels = {"gpu": row.address, "uuid": (row.values.get("uuid") or "").replace("GPU-", "", 1)}
        more = {name: row.values.get(name) or "" for name in INFO if name != "uuid"}
        metrics.add("nvidia_smi_gpu_info", "A GPU and its name.", 1, **labels, **more)
        for name, (metric, reader, text) in FIELDS.items():
            value = reader(row.values.get(name))
            if value is not None:
                metrics.add(f"nvidia_smi_{metric}", text, value, **labels)
