# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""``powermetrics``: one sample as a property list, of an idle Mac unless the area `thermal` says otherwise."""

from __future__ import annotations

import plistlib
import time

from . import powermetrics_texts as texts

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..tool import Context

PATHS = ("/usr/bin/powermetrics",)
AREA = "thermal"
SAMPLERS = {"cpu_power", "gpu_power", "thermal", "ane_power", "tasks", "network", "disk", "battery", "interrupts"}
_WITH_VALUE = {"-n", "-i", "-f", "--samplers", "-s", "--format", "--sample-count", "--sample-rate"}
_DEFAULT_INTERVAL = 5000


def main(context: Context) -> int:
    """Wait for the interval and print what was used in it."""
    if not context.is_root:
        context.err(texts.NOT_ROOT)
        return 1
    options, unknown = _parse(context.argv)
    samplers = set(options.get("--samplers", options.get("-s", "cpu_power,gpu_power,thermal")).split(","))
    for wrong in [*unknown, *sorted(samplers - SAMPLERS)]:
        context.err(texts.UNRECOGNIZED.format(word=wrong))
        return 64
    interval = int(options.get("-i", options.get("--sample-rate", _DEFAULT_INTERVAL)))
    for _ in range(int(options.get("-n", options.get("--sample-count", 1)))):
        time.sleep(interval / 1000)
        sample = _sample(context.state.read(AREA), samplers, interval)
        if options.get("-f", options.get("--format")) == "plist":
            context.out(plistlib.dumps(sample).decode() + "\0", end="")
        else:
            context.out(texts.PRESSURE.format(level=sample.get("thermal_pressure", "Nominal")))
    return 0


def _parse(argv: list[str]) -> tuple[dict[str, str], list[str]]:
    options: dict[str, str] = {}
    unknown: list[str] = []
    words = iter(argv)
    for word in words:
        if word in _WITH_VALUE:
            options[word] = next(words, "")
        else:
            unknown.append(word)
    return options, unknown


def _sample(thermal: dict[str, object], samplers: set[str], interval: int) -> dict[str, object]:
    sample: dict[str, object] = {"elapsed_ns": interval * 1_000_000, "hw_model": "Mac16,10"}
    if "thermal" in samplers:
        sample["thermal_pressure"] = str(thermal.get("pressure", "Nominal"))
    if "cpu_power" in samplers:
        # Millijoules: 0.2 W and 0.05 W.
        sample["processor"] = {"cpu_energy": interval // 5, "gpu_energy": interval // 20, "ane_energy": 0}
    if "gpu_power" in samplers:
        sample["gpu"] = {"idle_ratio": 0.99, "freq_hz": 338}
    return sample
