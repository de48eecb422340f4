# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""A loaded job: when it runs, when it runs again, how it is stopped."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from datetime import datetime
from typing import TYPE_CHECKING

from .calendar import next_time
from .process import SpawnError, start

if TYPE_CHECKING:
    from collections.abc import Callable

    from .definition import Definition

EX_CONFIG = 78
PATH_POLL_SECONDS = 1.0


class Job:
    """One job in one domain. Times are monotonic seconds."""

    def __init__(
        self,
        definition: Definition,
        path: str,
        *,
        user: str | None = None,
        spawn: Callable[[Definition, str | None], int] = start,
        kill: Callable[[int, int], None] = os.kill,
        clock: Callable[[], float] = time.monotonic,
        log: Callable[[str], None] = lambda _text: None,
    ) -> None:
        self.definition = definition
        self.path = path
        self.pid: int | None = None
        self.runs = 0
        self.last_status: int | None = None
        self.removing = False
        self._user = user
        self._spawn = spawn
        self._kill = kill
        self._clock = clock
        self._log = log
        self._started: float | None = None
        self._start_at: float | None = None
        self._kill_at: float | None = None
        self._interval_at: float | None = None
        self._poll_at: float | None = None
        self._again = False

    @property
    def label(self) -> str:
        """The job's label."""
        return self.definition.label

    @property
    def state(self) -> str:
        """The word ``launchctl print`` has for it."""
        if self.pid is not None:
            return "running"
        return "spawn scheduled" if self._start_at is not None else "not running"

    def load(self) -> None:
        """Begin: run now if loading is a reason to, and set the timers."""
        self._set_interval()
        if self.definition.watched_paths:
            self._poll_at = self._clock()
        if self.definition.starts_at_load:
            self.run()

    def run(self) -> None:
        """Run at once, whatever the launch conditions say."""
        self._start_at = None
        if self.pid is not None or self.removing:
            return
        self.runs += 1
        self._started = self._clock()
        try:
            self.pid = self._spawn(self.definition, self._user)
        except SpawnError as error:
            self._log(f"{self.label}: could not be started: {error}")
            self._ended(EX_CONFIG)

    def restart(self) -> None:
        """End the running process and start another (``kickstart -k``)."""
        if self.pid is None:
            self.run()
        else:
            self._again = True
            self._terminate()

    def remove(self) -> None:
        """Stop for good; the job is gone when no process is left."""
        self.removing = True
        self._again = False
        self._start_at = self._interval_at = self._poll_at = None
        if self.pid is not None and self._kill_at is None:
            self._terminate()

    def signal(self, number: int) -> None:
        """Send a signal to the process, if there is one."""
        if self.pid is not None:
            self._kill(self.pid, number)

    def exited(self, status: int) -> None:
        """Take note that the process ended (negative: by a signal)."""
        process, self.pid, self._kill_at = self.pid, None, None
        if process and not self.definition.abandon_group:
            with contextlib.suppress(ProcessLookupError):
                self._kill(-process, signal.SIGTERM)
        self._ended(status)

    def _ended(self, status: int) -> None:
        self.last_status = status
        if self.removing:
            return
        if self._again:
            self._again = False
            self.run()
        elif self.definition.restarts_after(status) or self._paths_want():
            self._schedule()

    def _schedule(self) -> None:
        self._start_at = self._clock() if self._started is None else self._started + self.definition.throttle

    def _terminate(self) -> None:
        self.signal(signal.SIGTERM)
        self._kill_at = self._clock() + self.definition.exit_timeout

    def _paths_want(self) -> bool:
        return any(os.path.exists(path) is wanted for path, wanted in self.definition.watched_paths.items())

    def _set_interval(self) -> None:
        now = self._clock()
        due = []
        if self.definition.start_interval:
            due.append(now + self.definition.start_interval)
        if self.definition.calendar:
            present = datetime.now().astimezone()
            if moment := next_time(self.definition.calendar, present):
                due.append(now + (moment - present).total_seconds())
        self._interval_at = min(due, default=None)

    def deadline(self) -> float | None:
        """When this job needs attention next."""
        times = (self._start_at, self._kill_at, self._interval_at, self._poll_at)
        return min((moment for moment in times if moment is not None), default=None)

    def tick(self) -> None:
        """Do what is due."""
        now = self._clock()
        if self._kill_at is not None and now >= self._kill_at:
            self._kill_at = None
            self._log(f"{self.label}: did not end {self.definition.exit_timeout} s after SIGTERM, killed")
            self.signal(signal.SIGKILL)
        if self._poll_at is not None and now >= self._poll_at:
            self._poll_at = now + PATH_POLL_SECONDS
            if self.pid is None and self._start_at is None and self._paths_want():
                self._schedule()
        if self._interval_at is not None and now >= self._interval_at:
            self._set_interval()
            self.run()
        if self._start_at is not None and now >= self._start_at:
            self.run()
