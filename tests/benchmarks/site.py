# Copyright: (c) 2026, the hybrid_ai.cluster contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Time site.yml on bare hosts, again on what it made, and beside a playbook that does the same with stock modules.

Run it with `make bench`. The stock playbook sets and reads back what the roles of PART set, and no more: the ratio
compares it with a run of those. The two alternate, so that a machine whose speed drifts does not favour either.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.site.cluster import ROOT, Cluster

ROUNDS = 3
PART = ("--tags", "release_store,macos_headless,thunderbolt,exo", "--skip-tags", "verify")


def seconds(cluster: Cluster, playbook: str, *arguments: str) -> float:
    """Run a playbook the way a person does and return how long it took."""
    start = time.monotonic()
    answer = subprocess.run(
        cluster.argv(playbook, *arguments),
        env=cluster.environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if answer.returncode != 0:
        sys.exit(f"{playbook} failed:\n{answer.stdout[-4000:]}{answer.stderr[-1000:]}")
    return time.monotonic() - start


def main() -> None:
    """Measure and print."""
    cluster = Cluster("bench")
    try:
        cluster.lab("up")
        cluster.bootstrap()
        first = seconds(cluster, "site.yml")
        second = statistics.median(seconds(cluster, "site.yml") for _ in range(ROUNDS))
        pairs = [
            (seconds(cluster, "site.yml", *PART), seconds(cluster, "tests/benchmarks/stock.yml")) for _ in range(ROUNDS)
        ]
    finally:
        cluster.lab("down")
    ours, stock = (statistics.median(column) for column in zip(*pairs, strict=True))
    ratio = statistics.median(mine / theirs for mine, theirs in pairs)
    print(f"site.yml, first run on bare hosts   {first:6.1f} s")
    print(f"site.yml, second run                {second:6.1f} s   median of {ROUNDS}, goal: under 60 s")
    print(f"  the Macs and exo alone            {ours:6.1f} s   median of {ROUNDS}: {PART[1]}")
    print(f"  the same with stock modules       {stock:6.1f} s   median of {ROUNDS}")
    print(f"  ratio                             {ratio:6.2f}     goal: 0.33 or less")


if __name__ == "__main__":
    main()
