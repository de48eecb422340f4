# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What `pmset` is set to: a Mac that falls asleep is no server."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from .command import output

if TYPE_CHECKING:
    from .exposition import Metrics

_SETTING = re.compile(r"^ +(?P<name>[a-z]+) +(?P<value>\d+)$", re.MULTILINE)


def measure(metrics: Metrics) -> None:
    """Read the settings for mains power."""
    read(metrics, output("/usr/bin/pmset", "-g", "custom").decode("utf-8", "replace"))


def read(metrics: Metrics, text: str) -> None:
    """Take every setting that is a number."""
    _, _, mains = text.partition("AC Power:")
    for match in _SETTING.finditer(mains):
        metrics.add(
            "mac_power_setting", "A pmset setting; minutes, or 0 and 1.", int(match["value"]), setting=match["name"]
        )
