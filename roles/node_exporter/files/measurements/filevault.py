# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""FileVault: a Mac with it waits for a person after every restart."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .command import MeasurementError, output
from .filevault_text import parse_status

if TYPE_CHECKING:
    from .exposition import Metrics


def measure(metrics: Metrics) -> None:
    """Ask for the state."""
    read(metrics, output("/usr/bin/fdesetup", "status").decode("utf-8", "replace"))


def read(metrics: Metrics, text: str) -> None:
    """Tell on from off and from what becomes on; what nobody knows is none of them."""
    status = parse_status(text)
    if status is None:
        raise MeasurementError(f"fdesetup says neither on nor off: {' '.join(text.split())[:100]}")
    metrics.add("mac_filevault_enabled", "Whether FileVault is on.", status.on)
    metrics.add("mac_filevault_pending", "Whether FileVault is off and will be on by itself.", status.pending)
