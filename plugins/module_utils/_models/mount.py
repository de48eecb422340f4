# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The guard of a directory of models on a disk of its own.

A disk that is not there leaves its mount point: an empty directory on the system's disk. What is written there fills
that disk and is hidden when the other one comes back. So a directory that was once seen on a mounted disk is refused
while it is on none: a file inside names it, and a file in the state directory remembers the name.
"""

from __future__ import annotations

import json
import os
import secrets
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

MARKER = ".hybrid-ai-models"
MEMORY = "models_disk.json"
MOUNTS = "/proc/self/mountinfo"
_MAC_DATA = "/System/Volumes/Data"


@dataclass(frozen=True)
class Disk:
    """Where a directory lies."""

    point: str
    """The mount point."""
    device: str
    """The device, as people call it, or its number."""


def find(directory: str) -> Disk | None:
    """Return the disk that a directory is, or would be, on; None for the disk of the system."""
    path = Path(os.path.realpath(directory))
    while not path.exists():
        path = path.parent
    device = path.stat().st_dev
    while path != path.parent and path.parent.stat().st_dev == device:
        path = path.parent
    if path == path.parent or device == Path("/").stat().st_dev or _is_system_of_mac(device):
        return None
    return Disk(str(path), _name(str(path), device))


def problem(directory: str, state_directory: str) -> str | None:
    """Say why nothing may be read from or written to a directory now, or return None."""
    memory = _read(state_directory, directory)
    if memory is None:
        return None
    disk = find(directory)
    if disk is None or disk.point != memory["point"]:
        return (
            f"{directory} lies on the disk {memory['device']}, which is not mounted at {memory['point']} now: attach"
            f" and mount it; nothing was written. If it is gone for good, remove {Path(state_directory, MEMORY)}."
        )
    if marker(directory) != memory["marker"]:
        return (
            f"{memory['point']} has another disk mounted, {disk.device}, than the one with the models: mount"
            f" {memory['device']} there; nothing was written. To start anew on this disk, remove"
            f" {Path(state_directory, MEMORY)}."
        )
    return None


def marker(directory: str) -> str | None:
    """Return the name that a directory was given, or None."""
    try:
        descriptor = os.open(Path(directory, MARKER), os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return None
    with os.fdopen(descriptor, "rb") as file:
        return file.read(64).decode("ascii", "replace").strip() or None


def is_new(directory: str, state_directory: str) -> bool:
    """Tell whether a directory lies on a disk that is not remembered yet."""
    return _read(state_directory, directory) is None and find(directory) is not None


def new_marker() -> str:
    """Return a name that no other directory has."""
    return secrets.token_hex(16)


def memory(directory: str, name: str) -> str:
    """Return what the state directory has to remember of a directory and its name; its disk is mounted."""
    disk = find(directory)
    content = {"directory": directory, "point": disk.point, "device": disk.device, "marker": name} if disk else {}
    return json.dumps(content) + "\n"


def _read(state_directory: str, directory: str) -> dict[str, Any] | None:
    """Return what is remembered of a directory; of another one that was chosen since, nothing is."""
    try:
        found = json.loads(Path(state_directory, MEMORY).read_text(encoding="utf-8"))
        return dict(found) if found["directory"] == directory and found["point"] and found["marker"] else None
    except (FileNotFoundError, KeyError, TypeError, ValueError):
        return None


def _is_system_of_mac(device: int) -> bool:
    """Tell whether a device is what macOS mounts beside its sealed system, where /opt and /Users are."""
    return sys.platform == "darwin" and Path(_MAC_DATA).exists() and Path(_MAC_DATA).stat().st_dev == device


def _name(point: str, device: int) -> str:
    """Return what Linux calls a device; elsewhere its number."""
    try:
        lines = Path(MOUNTS).read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    for line in lines:
        words = line.split()
        if len(words) > 4 and words[4].replace("\\040", " ") == point and "-" in words:
            return words[words.index("-") + 2]
    return f"{os.major(device)}:{os.minor(device)}"
