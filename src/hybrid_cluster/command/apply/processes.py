# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""End all that a run has started on this machine.

ansible-playbook has a session of its own, and so has each of its workers, so that no process group has them all: they
are found by their parents, before these end.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from types import FrameType

_GENTLE_SECONDS = 3.0
_LOOK_SECONDS = 0.1

Process = tuple[int, str]
"""Its number, and when it started: a number alone is given to others later."""


def _list(*arguments: str) -> tuple[int, list[list[str]]]:
    """Return the number of the program that lists processes, and the words of each line."""
    # In a session of its own: a Ctrl-C is not for it.
    with subprocess.Popen(
        ["ps", *arguments], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, start_new_session=True
    ) as listing:
        text = listing.communicate()[0]
    return listing.pid, [line.split(None, 2) for line in text.splitlines()]


def descendants(root: int) -> set[Process]:
    """Return what runs below a process, but for the program that lists it."""
    own, rows = _list("-axo", "pid=,ppid=,lstart=")
    children: dict[int, list[Process]] = {}
    for pid, parent, started in rows:
        if int(pid) != own:
            children.setdefault(int(parent), []).append((int(pid), started))
    found, queue = set[Process](), [root]
    for parent_pid in queue:
        for process in children.get(parent_pid, ()):
            found.add(process)
            queue.append(process[0])
    return found


def _alive(processes: set[Process]) -> set[Process]:
    if not processes:
        return set()
    _, rows = _list("-o", "pid=,stat=,lstart=", "-p", ",".join(str(pid) for pid, _ in processes))
    return processes & {(int(pid), started) for pid, state, started in rows if not state.startswith("Z")}


def _send(processes: set[Process], number: int) -> None:
    for pid, _ in processes:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, number)


class Stop:
    """Ends the processes below this one: asked first, then without asking, which a second Ctrl-C hastens."""

    def __init__(self) -> None:
        self._now = False

    def end(self, is_over: Callable[[], bool]) -> None:
        """Return when none of them runs any more."""
        numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
        before = {number: signal.signal(number, self._hasten) for number in numbers}
        try:
            self._end(is_over)
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _hasten(self, number: int, frame: FrameType | None) -> None:  # noqa: ARG002 - handlers of signals get it
        self._now = True

    def _end(self, is_over: Callable[[], bool]) -> None:
        seen = descendants(os.getpid())
        # ansible-playbook hands it on to its workers.
        _send(seen, signal.SIGINT)
        deadline = time.monotonic() + _GENTLE_SECONDS
        while time.monotonic() < deadline and not self._now:
            seen |= descendants(os.getpid())
            if not _alive(seen) and is_over():
                return
            time.sleep(_LOOK_SECONDS)
        while left := _alive(seen | descendants(os.getpid())):
            seen |= left
            _send(left, signal.SIGKILL)
            time.sleep(_LOOK_SECONDS)


def end_masters(folder: Path) -> None:
    """End the connections that ssh keeps for the next run, which are nobody's children."""
    for socket in folder.glob("*") if folder.is_dir() else ():
        argv = ["ssh", "-o", f"ControlPath={socket}", "-O", "exit", "host"]
        with contextlib.suppress(OSError, subprocess.TimeoutExpired):
            subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, timeout=3, check=False)
