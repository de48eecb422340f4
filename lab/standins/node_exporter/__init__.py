# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""A stand-in for node_exporter on macOS: the metrics its Darwin collectors have."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lab.standins.node_exporter import archive

if TYPE_CHECKING:
    from pathlib import Path

PACKAGES = ()


def build(programs: Path, destination: Path) -> None:  # noqa: ARG001 - it needs none of Debian
    """Write the archive."""
    archive.build(destination / "node_exporter")
