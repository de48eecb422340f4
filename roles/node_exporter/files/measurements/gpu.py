# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""NVIDIA GPUs, under the names that nvidia_gpu_exporter gives the same metrics."""

from __future__ import annotations

import csv
import re
import shutil
from typing import TYPE_CHECKING

from .command import output

if TYPE_CHECKING:
    from .exposition import Metrics

PROGRAM = "nvidia-smi"
_NUMBER = re.compile(r"[\d.]+")
# Field of nvidia-smi: name of the metric, factor to its unit, text.
FIELDS = {
    "utilization.gpu": ("nvidia_smi_utilization_gpu_ratio", 0.01, "Share of the time in which a kernel ran."),
    "memory.used": ("nvidia_smi_memory_used_bytes", 1048576, "Memory in use."),
    "memory.total": ("nvidia_smi_memory_total_bytes", 1048576, "Memory of the GPU."),
    "temperature.gpu": ("nvidia_smi_temperature_gpu", 1, "Temperature in degrees Celsius."),
    "power.draw": ("nvidia_smi_power_draw_watts", 1, "Power draw."),
    "power.limit": ("nvidia_smi_power_limit_watts", 1, "Highest power draw allowed."),
    "clocks.sm": ("nvidia_smi_clocks_current_sm_clock_hz", 1_000_000, "Clock of the processors."),
}


def measure(metrics: Metrics) -> None:
    """Ask for all GPUs; a host without the driver has none to tell about."""
    program = shutil.which(PROGRAM, path="/usr/bin:/usr/local/bin")
    if program:
        query = f"--query-gpu=index,name,{','.join(FIELDS)}"
        read(metrics, output(program, query, "--format=csv,noheader,nounits").decode("utf-8", "replace"))


def read(metrics: Metrics, text: str) -> None:
    """Take every metric that is one; what a GPU does not have is `[N/A]`."""
    rows = [row for row in csv.reader(text.splitlines(), skipinitialspace=True) if row]
    metrics.add("nvidia_smi_gpus", "How many GPUs the driver sees.", len(rows))
    for index, name, *values in rows:
        metrics.add("nvidia_smi_gpu_info", "A GPU and its name.", 1, gpu=index, name=name)
        for (metric, factor, description), value in zip(FIELDS.values(), values):
            if _NUMBER.fullmatch(value):
                metrics.add(metric, description, float(value) * factor, gpu=index)
