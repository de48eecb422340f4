# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What the stand-in for Homebrew pours: bottles with real programs for Linux inside."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lab.standins.homebrew import haproxy, squid

if TYPE_CHECKING:
    from pathlib import Path

_BOTTLES = (haproxy, squid)
PACKAGES = tuple(package for bottle in _BOTTLES for package in bottle.PACKAGES)


def build(programs: Path, destination: Path) -> None:
    """Write the bottles."""
    for bottle in _BOTTLES:
        bottle.build(programs, destination / "homebrew")
