# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""One run for each inventory at a time, and the folder in which runs of it leave what the next one wants to know."""

from __future__ import annotations

import fcntl
import hashlib
import os
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from hybrid_cluster.command import exits
from hybrid_cluster.command.errors import ClusterError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


def folder(sources: Sequence[str]) -> Path:
    """Return the folder of an inventory, for its owner alone."""
    state = Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local/state")
    # Short, because sockets of ssh lie in it, whose names have no room.
    name = hashlib.sha256("\0".join(sources).encode()).hexdigest()[:8]
    path = state / "hybrid-ai" / name
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise ClusterError(
            f"{path} cannot be made: {error.strerror}; set XDG_STATE_HOME to a folder of yours."
        ) from error
    return path


@contextmanager
def held(path: Path) -> Iterator[None]:
    """Hold an inventory. The system lets go of it when this process ends, however it ends."""
    descriptor = os.open(path / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.pread(descriptor, 32, 0).decode("ascii", "replace").strip() or "unknown"
            text = f"another run has this inventory (process {holder}); wait for its end."
            raise ClusterError(text, exits.BUSY) from None
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        yield
    finally:
        os.close(descriptor)
