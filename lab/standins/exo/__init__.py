# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Stand-in for exo: the program, the application around it, the disk image that carries them, and their sources."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lab.standins.exo import image, source

if TYPE_CHECKING:
    from pathlib import Path

PACKAGES = ()
# The second is there to be upgraded to.
_VERSIONS = ("1.0.71", "1.0.72")


def build(programs: Path, destination: Path) -> None:  # noqa: ARG001 - it needs none of Debian
    """Write a disk image for each version, and the repository of their sources."""
    for version in _VERSIONS:
        image.build(destination / "exo", version)
    source.build(destination / "exo", *_VERSIONS)
