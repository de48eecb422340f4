# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What `pmset` is set to: a Mac that falls asleep is not a server."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .command import MeasurementError, output
from .power_text import PROFILE, parse_custom

if TYPE_CHECKING:
    from .exposition import Metrics


def measure(metrics: Metrics) -> None:
    """Read the settings for mains power."""
    read(metrics, output("/usr/bin/pmset", "-g", "custom").decode("utf-8", "replace"))


def read(metrics: Metrics, text: str) -> None:
    """Take every setting that is one word and a number."""
    settings = parse_custom(text).get(PROFILE)
    if not settings:
        raise MeasurementError(f"pmset says nothing of mains power: {' '.join(text.split())[:100]}")
    for name, value in settings.items():
        if isinstance(value, int) and " " not in name:
            metrics.add("mac_power_setting", "A pmset setting; minutes, or 0 and 1.", value, setting=name)
