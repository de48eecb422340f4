# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""A small stand-in for AdGuard Home, which no package registry carries: DNS, its file, the API as far as we use it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lab.standins.adguard_home import archive

if TYPE_CHECKING:
    from pathlib import Path

PACKAGES = ()


def build(programs: Path, destination: Path) -> None:  # noqa: ARG001 - it needs none of Debian
    """Write the archives and their checksums."""
    archive.build(destination / "adguard-home")
