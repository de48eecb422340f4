# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Remove directories without ever following a mount: below one may be this machine's own /proc, /sys or /dev."""

from __future__ import annotations

import shutil
from pathlib import Path

from lab import process
from lab.errors import LabError

_MOUNTS = Path("/proc/self/mounts")


def mount_points(text: str, directory: Path) -> list[str]:
    """Return the mount points at and below a directory from the text of /proc/self/mounts, the innermost first."""
    points = [line.split()[1] for line in text.splitlines()]
    return [point for point in reversed(points) if point == str(directory) or point.startswith(f"{directory}/")]


def _mounted(directory: Path) -> list[str]:
    return mount_points(_MOUNTS.read_text(encoding="utf-8", errors="replace"), directory)


def remove_tree(directory: Path) -> None:
    """Remove a directory; what is mounted below is unmounted first, and where that fails nothing is removed."""
    directory = directory.absolute()
    for point in _mounted(directory):
        process.run("umount", point, check=False)
    left = _mounted(directory)
    if left:
        raise LabError(f"{left[0]} is mounted and cannot be unmounted; unmount it, then run the command again.")
    if directory.exists():
        shutil.rmtree(directory)
