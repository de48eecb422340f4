# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Disks and shares that are connected beside the startup volume: mount points, and what `mount` says of each."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .state import State

AREA = "volumes"
DISK = "/dev/disk8s1 on {point} (apfs, local, nodev, nosuid, journaled, noowners)"
SHARE = "//guest@nas.local{point} on {point} (smbfs, nodev, nosuid, mounted by admin)"


def connected(state: State) -> list[str]:
    """List the mount points of disks, in the order in which they were connected."""
    return [point for point, kind in state.read(AREA).items() if kind == "disk"]


def lines(state: State) -> list[str]:
    """Return a line of `mount` for each disk and share."""
    return [(DISK if kind == "disk" else SHARE).format(point=point) for point, kind in state.read(AREA).items()]


def connect(state: State, point: str, kind: str = "disk") -> None:
    """Connect a disk, or a share."""
    with state.edit(AREA) as data:
        data[point] = kind
