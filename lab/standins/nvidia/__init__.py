# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Stand-ins for what the NVIDIA driver brings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lab.standins.nvidia.repository import build as repository

if TYPE_CHECKING:
    from pathlib import Path

PACKAGES = ()


def build(programs: Path, destination: Path) -> None:  # noqa: ARG001 - it needs none of Debian
    """Write the repositories."""
    repository.build(destination / "nvidia")
