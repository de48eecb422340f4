# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Measure again and again, each kind at its own pace, and replace the file in one step."""

from __future__ import annotations

import argparse
import json
import platform
import sys
import time
from functools import partial
from pathlib import Path
from typing import Callable

from . import (
    certificates,
    cuda,
    exo,
    filevault,
    firewall,
    gpu,
    lan_port,
    models,
    power,
    power_settings,
    power_source,
    thunderbolt,
)
from .command import MeasurementError
from .exposition import Metrics

# How often, in seconds; what costs more is asked less.
DARWIN: dict[str, tuple[Callable[[Metrics], None], float]] = {
    "power": (power.measure, 15),
    "thunderbolt": (thunderbolt.measure, 30),
    "power_settings": (power_settings.measure, 60),
    "power_source": (power_source.measure, 15),
    "filevault": (filevault.measure, 60),
    "firewall": (firewall.measure, 60),
    "exo": (exo.measure, 60),
}
LINUX: dict[str, tuple[Callable[[Metrics], None], float]] = {
    "gpu": (gpu.measure, 15),
    # It takes some memory of each GPU while it computes.
    "cuda": (cuda.measure, 900),
    "models": (models.measure, 30),
    "firewall": (firewall.measure, 60),
}

# How often the port of the LAN is looked at; of Wi-Fi, a Mac takes some seconds to tell the speed.
LAN_PORT_SECONDS = 300
CERTIFICATE_SECONDS = 300


class Round:
    """The newest result of every measurement."""

    def __init__(self, measurements: dict[str, tuple[Callable[[Metrics], None], float]]) -> None:
        self._measurements = measurements
        self._results: dict[str, Metrics] = {}
        self._due = dict.fromkeys(measurements, 0.0)
        self._problems: dict[str, str] = {}

    def run(self, now: float) -> Metrics:
        """Measure what is due and return everything."""
        for name, (measure, interval) in self._measurements.items():
            if now >= self._due[name]:
                self._due[name] = now + interval
                self._results[name] = self._one(name, measure)
        page = Metrics()
        for result in self._results.values():
            page.update(result)
        return page

    def _one(self, name: str, measure: Callable[[Metrics], None]) -> Metrics:
        result, begin, problem = Metrics(), time.monotonic(), ""
        try:
            measure(result)
        except (MeasurementError, OSError, ValueError, LookupError, TypeError, AttributeError) as error:
            # What a program prints may have any form; the other measurements go on.
            problem = f"{type(error).__name__}: {error}" if not isinstance(error, MeasurementError) else str(error)
        if problem and problem != self._problems.get(name):
            # Once, not at every round.
            print(f"{name} cannot be measured: {problem}", file=sys.stderr, flush=True)
        self._problems[name] = problem
        result.add("measurement_success", "Whether the measurement worked.", not problem, measurement=name)
        result.add("measurement_duration_seconds", "How long it took.", time.monotonic() - begin, measurement=name)
        return result


def write(path: Path, text: str) -> None:
    """Replace the file, so that a reader never sees half of it."""
    path.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    temporary = path.with_suffix(".new")
    temporary.write_text(text, encoding="utf-8")
    temporary.chmod(0o644)
    temporary.replace(path)


def main() -> int:
    """Run until the end."""
    parser = argparse.ArgumentParser(prog="measurements")
    parser.add_argument("--file", required=True, type=Path)
    parser.add_argument("--only", type=json.loads, default=None, help="a JSON list of measurements")
    parser.add_argument("--lan-address", help="of this host; its port is measured where this is given")
    parser.add_argument(
        "--certificate", action="append", default=[], metavar="NAME=FILE", help="one whose end is measured"
    )
    parser.add_argument("--once", action="store_true")
    arguments = parser.parse_args()
    known = dict(DARWIN if platform.system() == "Darwin" else LINUX)
    if arguments.lan_address:
        known["lan_port"] = (partial(lan_port.measure, address=arguments.lan_address), LAN_PORT_SECONDS)
    if arguments.certificate:
        paths = dict(rule.split("=", 1) for rule in arguments.certificate)
        known["certificates"] = (partial(certificates.measure, paths=paths), CERTIFICATE_SECONDS)
    chosen = known if arguments.only is None else {name: known[name] for name in arguments.only if name in known}
    rounds = Round(chosen)
    while True:
        begin = time.monotonic()
        write(arguments.file, rounds.run(begin).render())
        if arguments.once:
            return 0
        time.sleep(max(1.0, 15 - (time.monotonic() - begin)))


if __name__ == "__main__":
    sys.exit(main())
