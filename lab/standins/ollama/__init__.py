# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""A stand-in for Ollama: what the role and its tests use of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lab.standins.ollama import archive

if TYPE_CHECKING:
    from pathlib import Path

PACKAGES = ()


def build(programs: Path, destination: Path) -> None:  # noqa: ARG001 - it needs none of Debian
    """Write the archives."""
    archive.build(destination / "ollama")
