# Copyright: (c) 2026, the hybrid_ai.cluster contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The roles of the Macs and exo beside a playbook that does the same with stock modules.

The stock playbook sets and reads back what the roles of ROLES set, and no more. The two alternate, so that a machine
whose speed drifts does not favour either.
"""

from __future__ import annotations

import statistics
from typing import TYPE_CHECKING

from tests.benchmarks import playbooks
from tests.benchmarks.measurements import Measurement

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.site.cluster import Cluster

ROUNDS = 3
ROLES = ("release_store", "macos_headless", "thunderbolt", "exo")


def measure(cluster: Cluster) -> Iterator[Measurement]:
    """Measure on the lab of `make lab`, where the roles have nothing to change."""
    roles = ("--tags", ",".join(ROLES), "--skip-tags", "verify")
    cluster.lab("up")
    cluster.bootstrap()
    playbooks.run(cluster, "site.yml", *roles)
    pairs = [
        (playbooks.run(cluster, "site.yml", *roles), playbooks.run(cluster, "tests/benchmarks/stock.yml"))
        for _ in range(ROUNDS)
    ]
    ours, stock = (statistics.median(cost.seconds for cost in column) for column in zip(*pairs, strict=True))
    ratio = statistics.median(mine.seconds / theirs.seconds for mine, theirs in pairs)
    yield Measurement("stock_ours_seconds", ours, "s", f"the roles {', '.join(ROLES)}")
    yield Measurement("stock_seconds", stock, "s", "the same with stock modules")
    yield Measurement("stock_ratio", ratio, "ratio", f"ours / stock (median of {ROUNDS} pairs)", goal=0.33)
