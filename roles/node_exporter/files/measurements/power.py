# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Power draw, temperature and thermal pressure of a Mac: node_exporter has none of them on Apple Silicon.

`powermetrics` is part of macOS and needs root; it estimates the power of processor and GPU and knows the thermal
pressure. `macmon`, which comes with exo, adds the power of the whole machine and temperatures.
"""

from __future__ import annotations

import json
import plistlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .command import MeasurementError, output

if TYPE_CHECKING:
    from .exposition import Metrics

INTERVAL_MS = 1000
POWERMETRICS = ("/usr/bin/powermetrics", "--samplers", "cpu_power,gpu_power,thermal", "-n", "1", "-i", str(INTERVAL_MS))
MACMON = (
    "/Applications/EXO.app/Contents/Resources/exo/_internal/macmon",
    "/opt/homebrew/bin/macmon",
)
# From no limit to as slow as it can be.
PRESSURES = ("Nominal", "Moderate", "Heavy", "Trapping", "Sleeping")
_PRESSURE = "Thermal pressure: 0 Nominal, 1 Moderate, 2 Heavy, 3 Trapping, 4 Sleeping."
_POWER = "Power draw by part of the machine, an estimate of the system's own."


def measure(metrics: Metrics) -> None:
    """Ask both; where macmon says nothing, what powermetrics knows counts all the same."""
    program = next((path for path in MACMON if Path(path).exists()), None)
    problem = _ask_macmon(metrics, program) if program else ""
    from_powermetrics(metrics, output(*POWERMETRICS, "-f", "plist"), power=program is None or bool(problem))
    if problem:
        raise MeasurementError(problem)


def _ask_macmon(metrics: Metrics, program: str) -> str:
    """Take its sample, and return why there is none."""
    try:
        lines = output(program, "pipe", "-s", "1", "-i", str(INTERVAL_MS)).splitlines()
        sample = json.loads(lines[0]) if lines else None
    except (MeasurementError, ValueError) as error:
        return str(error)
    if not isinstance(sample, dict):
        return f"{program} printed no sample"
    from_macmon(metrics, sample)
    return ""


def from_powermetrics(metrics: Metrics, content: bytes, *, power: bool) -> None:
    """Read a sample, which ends with a zero byte."""
    try:
        sample: dict[str, Any] = plistlib.loads(content.strip(b"\0\n"))
    except (plistlib.InvalidFileException, ValueError) as error:
        raise MeasurementError(f"powermetrics printed no property list: {error}") from error
    pressure = sample.get("thermal_pressure")
    if pressure in PRESSURES:
        metrics.add("mac_thermal_pressure_level", _PRESSURE, PRESSURES.index(pressure))
    processor = sample.get("processor", {})
    for part in ("cpu", "gpu", "ane") if power else ():
        if f"{part}_energy" in processor:
            # Millijoules over the interval.
            metrics.add("mac_power_watts", _POWER, processor[f"{part}_energy"] / INTERVAL_MS, component=part)


def from_macmon(metrics: Metrics, sample: dict[str, Any]) -> None:
    """Read a sample; names that a version does not have are left out."""
    for part in ("cpu", "gpu", "ane", "ram", "sys", "all"):
        if f"{part}_power" in sample:
            metrics.add("mac_power_watts", _POWER, sample[f"{part}_power"], component=part)
    for sensor, value in (sample.get("temp") or {}).items():
        if sensor.endswith("_temp_avg"):
            metrics.add(
                "mac_temperature_celsius", "Average temperature.", value, sensor=sensor.removesuffix("_temp_avg")
            )
    usage = sample.get("gpu_active_ratio", sample.get("gpu_usage"))
    if isinstance(usage, list):
        # Older versions: frequency and share.
        usage = usage[-1]
    if usage is not None:
        metrics.add("mac_gpu_active_ratio", "Share of the time in which the GPU worked.", usage)
