# Copyright: (c) 2026, the hybrid_ai.cluster contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""site.yml on bare hosts, and again on what it made."""

from __future__ import annotations

import statistics
from typing import TYPE_CHECKING

from tests.benchmarks import playbooks
from tests.benchmarks.measurements import Measurement

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.site.cluster import Cluster

ROUNDS = 3


def measure(cluster: Cluster) -> Iterator[Measurement]:
    """Measure on the lab of `make lab`."""
    cluster.lab("up")
    cluster.bootstrap()
    first = playbooks.run(cluster, "site.yml")
    yield Measurement("site_first_seconds", first.seconds, "s", "site.yml, first run on bare hosts")
    rounds = [playbooks.run(cluster, "site.yml") for _ in range(ROUNDS)]
    second = statistics.median(cost.seconds for cost in rounds)
    yield Measurement("site_second_seconds", second, "s", f"site.yml, second run (median of {ROUNDS})", goal=60)
