# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What many measurements of one thing are together."""

from __future__ import annotations

import itertools
import math
import statistics
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence


def summary(values: Sequence[float]) -> dict[str, Any] | None:
    """Return count, minimum, median, mean, p95 and maximum in the unit of the values; None of nothing."""
    if not values:
        return None
    ordered = sorted(values)
    return {
        "count": len(ordered),
        "min": ordered[0],
        "median": statistics.median(ordered),
        "mean": statistics.fmean(ordered),
        "p95": percentile(ordered, 95),
        "max": ordered[-1],
    }


def percentile(ordered: Sequence[float], share: float) -> float:
    """Return the value that so many percent are not above: one of those that were measured (nearest rank)."""
    return ordered[max(0, math.ceil(share / 100 * len(ordered)) - 1)]


def jitter(values: Sequence[float]) -> float | None:
    """Return the mean difference between one and the next, as RTP counts it without smoothing."""
    if len(values) < 2:
        return None
    return statistics.fmean(abs(after - before) for before, after in itertools.pairwise(values))
