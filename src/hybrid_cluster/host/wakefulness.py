# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Keeping a Mac awake for a while: one that a packet woke goes back to sleep by itself. A Linux host does not."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from typing import TYPE_CHECKING

from hybrid_cluster.shared import _files

if TYPE_CHECKING:
    from hybrid_cluster.shared._command import Commands

CAFFEINATE = "/usr/bin/caffeinate"


def keepers(folder: str, commands: Commands) -> list[int]:
    """Return the process of ours that keeps the host awake, where there is one."""
    try:
        pid = int(_files.read(_path(folder)) or b"")
    except ValueError:
        return []
    # After a start of the host the number may be somebody else's.
    said = commands.run(["ps", "-o", "comm=", "-p", str(pid)])
    return [pid] if said.rc == 0 and said.out.strip().rpartition("/")[2] == "caffeinate" else []


def keep(folder: str, commands: Commands, seconds: int) -> None:
    """Keep a Mac awake from now on for so long."""
    before = keepers(folder, commands)
    process = subprocess.Popen(
        [CAFFEINATE, "-i", "-s", "-u", "-t", str(seconds)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd="/",
        start_new_session=True,
    )
    _files.make_directory(folder, 0o755)
    _files.write(_path(folder), f"{process.pid}\n".encode())
    _end(before)


def let_go(folder: str, commands: Commands) -> None:
    """Keep it awake no more."""
    _end(keepers(folder, commands))
    _files.remove(_path(folder))


def _end(pids: list[int]) -> None:
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGTERM)


def _path(folder: str) -> str:
    return f"{folder}/caffeinate.pid"
