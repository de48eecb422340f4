# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The installed version of exo: two versions may not talk to each other."""

from __future__ import annotations

import plistlib
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .exposition import Metrics

INFORMATION = Path("/Applications/EXO.app/Contents/Info.plist")


def measure(metrics: Metrics) -> None:
    """Read it; a Mac without exo has none."""
    if INFORMATION.exists():
        version = plistlib.loads(INFORMATION.read_bytes())["CFBundleShortVersionString"]
        metrics.add("exo_version_info", "The installed version of exo.", 1, version=version)
