# Copyright: (c) 2026, the hybrid_ai.cluster contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""`python -m tests.benchmarks [PART …]`: measure, print, and write ``build/bench.json``."""

from __future__ import annotations

import argparse
from importlib import import_module

from tests.benchmarks.measurements import RESULTS, ROOT, write
from tests.site.cluster import Cluster

PARTS = ("site", "stock", "slope", "chain", "llama_cpp", "mlx_lm", "validation", "status", "gateway")
"""Modules of this package, each with a function ``measure`` that is given a lab and yields measurements."""
WITHOUT_LAB = {"chain", "validation", "status", "gateway"}
"""Those that bring their hosts themselves: there is nothing to bring down after them."""


def main() -> None:
    """Run the parts that the command line names, or all, each in a lab of its own."""
    arguments = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    arguments.add_argument("parts", nargs="*", metavar="PART", help=f"{', '.join(PARTS)} (default: all)")
    chosen = arguments.parse_args().parts or PARTS
    if unknown := set(chosen) - set(PARTS):
        arguments.error(f"There is no part {min(unknown)}; there are: {', '.join(PARTS)}.")
    found = []
    for part in chosen:
        cluster = Cluster("bench")
        try:
            for measurement in import_module(f"tests.benchmarks.{part}").measure(cluster):
                print(measurement, flush=True)
                found.append(measurement)
        finally:
            if part not in WITHOUT_LAB:
                cluster.lab("down")
    write(found)
    print(f"written for programs: {RESULTS.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
