# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Archives of the Prometheus family as upstream names them, with the real programs of Debian inside."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lab.standins.prometheus import archive

if TYPE_CHECKING:
    from pathlib import Path

PACKAGES = archive.PACKAGES


def build(programs: Path, destination: Path) -> None:
    """Write the archives."""
    archive.build(programs, destination / "prometheus")
