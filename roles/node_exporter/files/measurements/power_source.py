# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What feeds this Mac just now, and how full the batteries are, its own and those of a UPS on USB."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .command import MeasurementError, output
from .power_source_text import parse_supply

if TYPE_CHECKING:
    from .exposition import Metrics


def measure(metrics: Metrics) -> None:
    """Ask pmset."""
    read(metrics, output("/usr/bin/pmset", "-g", "batt").decode("utf-8", "replace"))


def read(metrics: Metrics, text: str) -> None:
    """Take the source, and every battery; what has no estimate has no figure of it."""
    supply = parse_supply(text)
    if supply is None:
        raise MeasurementError(f"pmset does not say what feeds this Mac: {' '.join(text.split())[:100]}")
    metrics.add("mac_power_source_info", "What feeds the Mac: mains, battery, ups or unknown.", 1, source=supply.source)
    for store in supply.stores:
        metrics.add("mac_battery_charge_ratio", "How full a battery is.", store.percent / 100, battery=store.name)
        if store.minutes is not None:
            told = "How long a battery lasts that discharges."
            metrics.add("mac_battery_remaining_seconds", told, store.minutes * 60, battery=store.name)
