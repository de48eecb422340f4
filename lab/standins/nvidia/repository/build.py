# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The repositories that the lab's artifact server has."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lab import rootfs
from lab.standins.nvidia.bus.guest import KERNEL
from lab.standins.nvidia.repository import deb, packages

if TYPE_CHECKING:
    from pathlib import Path

RELEASES = ("debian12", "debian13")
"""The hosts of a lab are Debian."""


def build(destination: Path, architecture: str | None = None) -> None:
    """Write a repository for each release."""
    architecture = architecture or rootfs.architecture()
    headers = KERNEL.rpartition("-")[2]
    for release in RELEASES:
        listed = packages.for_debian(release, architecture, KERNEL, headers)
        deb.write(destination / release / packages.directory(architecture), listed)
