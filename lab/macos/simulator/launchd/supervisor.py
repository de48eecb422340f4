# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""All loaded jobs and what may be done with them; answers are error numbers of macOS."""

from __future__ import annotations

import os
import stat
import time
from typing import TYPE_CHECKING, Any

from .definition import Definition, InvalidPlistError, parse
from .job import Job
from .process import environment_of, start

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..state import State

DAEMON_DIRECTORIES = ("/System/Library/LaunchDaemons", "/Library/LaunchDaemons")
# Remote Login may be switched off although it is Apple's own; everything else of Apple's is protected.
UNPROTECTED = frozenset({"com.openssh.sshd"})

OK = 0
EPERM = 1
ESRCH = 3
EIO = 5
EINPROGRESS = 36
EALREADY = 37
NOT_FOUND = 113
NO_SUCH_DOMAIN = 125
PROTECTED = 150

Answer = dict[str, Any]


class Supervisor:
    """The jobs of every domain (``system``, ``user/<uid>``)."""

    def __init__(
        self,
        state: State,
        *,
        spawn: Callable[[Definition, str | None], int] = start,
        kill: Callable[[int, int], None] = os.kill,
        clock: Callable[[], float] = time.monotonic,
        log: Callable[[str], None] = lambda _text: None,
    ) -> None:
        self.jobs: dict[tuple[str, str], Job] = {}
        self._state = state
        self._ways: dict[str, Any] = {"spawn": spawn, "kill": kill, "clock": clock, "log": log}
        self._log = log

    # What the main loop does.

    def load_daemons(self) -> None:
        """Load what belongs to the system, Apple's daemons first."""
        for directory in DAEMON_DIRECTORIES:
            real = self._state.path(directory)
            for name in sorted(os.listdir(real)) if os.path.isdir(real) else ():
                if name.endswith(".plist"):
                    self.bootstrap("system", f"{directory}/{name}", uid=0)

    def reaped(self, pid: int, status: int) -> None:
        """Take note of a process that ended; most belong to no job."""
        for job in list(self.jobs.values()):
            if job.pid == pid:
                job.exited(status)
        self._sweep()

    def tick(self) -> None:
        """Do what is due for every job."""
        for job in list(self.jobs.values()):
            job.tick()
        self._sweep()

    def deadline(self) -> float | None:
        """When something is due next."""
        return min((moment for job in self.jobs.values() if (moment := job.deadline()) is not None), default=None)

    def remove_all(self) -> None:
        """Begin to stop everything."""
        for job in list(self.jobs.values()):
            job.remove()
        self._sweep()

    def _sweep(self) -> None:
        for key, job in list(self.jobs.items()):
            if job.removing and job.pid is None:
                del self.jobs[key]

    # What launchctl asks for.

    def bootstrap(self, domain: str, path: str, uid: int) -> int:
        """Load the job of a property list."""
        if error := self.domain_error(domain):
            return error
        if not _may(domain, uid):
            return EIO
        try:
            definition = self._read(path, uid)
        except (OSError, InvalidPlistError) as error:
            self._log(f"{path}: {error}")
            return EIO
        existing = self.jobs.get((domain, definition.label))
        if existing:
            return EALREADY if existing.removing else EIO
        if self.is_disabled(domain, definition):
            return EIO
        job = Job(definition, path, user=_user_of(domain), **self._ways)
        self.jobs[domain, definition.label] = job
        job.load()
        return OK

    def bootout(self, domain: str, label: str, uid: int) -> int:
        """Unload a job; EINPROGRESS while its process still runs."""
        if error := self.domain_error(domain):
            return error
        if not _may(domain, uid):
            return EPERM
        job = self.jobs.get((domain, label))
        if not job:
            return ESRCH
        if self._is_protected(job):
            return PROTECTED
        job.remove()
        self._sweep()
        return EINPROGRESS if (domain, label) in self.jobs else OK

    def kickstart(self, domain: str, label: str, uid: int, *, kill: bool = False) -> Answer:
        """Run a job now; with ``kill`` end the running process first."""
        if error := self.domain_error(domain):
            return {"error": error}
        job = self.jobs.get((domain, label))
        if not job or job.removing:
            return {"error": NOT_FOUND}
        if not _may(domain, uid):
            return {"error": EPERM}
        if kill and self._is_protected(job):
            return {"error": PROTECTED}
        if kill:
            job.restart()
        else:
            job.run()
        return {"error": OK, "pid": job.pid}

    def signal(self, domain: str, label: str, uid: int, number: int) -> int:
        """Send a signal to a job's process."""
        job = self.jobs.get((domain, label))
        if not job:
            return NOT_FOUND
        if not _may(domain, uid):
            return EPERM
        if self._is_protected(job):
            return PROTECTED
        if job.pid is None:
            return ESRCH
        job.signal(number)
        return OK

    def enable(self, domain: str, label: str, uid: int, *, enabled: bool) -> int:
        """Store whether a label may be loaded; whether it exists does not matter."""
        if error := self.domain_error(domain):
            return error
        if not _may(domain, uid):
            return EPERM
        with self._state.edit("launchd") as data:
            data.setdefault("disabled", {}).setdefault(domain, {})[label] = not enabled
        return OK

    def disabled(self, domain: str) -> dict[str, bool]:
        """Return the stored overrides: label -> disabled."""
        return dict(self._state.read("launchd").get("disabled", {}).get(domain, {}))

    def is_disabled(self, domain: str, definition: Definition) -> bool:
        """Whether a job may not be loaded: the override counts, then the property list."""
        return self.disabled(domain).get(definition.label, definition.disabled)

    def describe(self, domain: str, label: str) -> Answer:
        """Return what ``launchctl print`` shows of a job."""
        if error := self.domain_error(domain):
            return {"error": error}
        job = self.jobs.get((domain, label))
        if not job:
            return {"error": NOT_FOUND}
        definition = job.definition
        return {
            "error": OK,
            "label": label,
            "path": job.path,
            "state": job.state,
            "program": definition.program,
            "arguments": list(definition.arguments),
            "environment": environment_of(definition),
            "directory": definition.directory,
            "standard_out": definition.standard_out,
            "standard_error": definition.standard_error,
            "user": definition.user,
            "runs": job.runs,
            "pid": job.pid,
            "last_status": job.last_status,
        }

    def overview(self, domain: str) -> list[Answer]:
        """Return pid, last status and label of every job in a domain."""
        return [
            {"label": label, "pid": job.pid, "last_status": job.last_status}
            for (job_domain, label), job in sorted(self.jobs.items())
            if job_domain == domain
        ]

    def domain_error(self, domain: str) -> int:
        """Whether a domain exists."""
        kind, _, number = domain.partition("/")
        if domain == "system" or (kind == "user" and number.isdigit()):
            return OK
        # gui/<uid> and login/<asid> need a session at the screen, which nobody has on a headless Mac.
        return NO_SUCH_DOMAIN

    def _read(self, path: str, uid: int) -> Definition:
        """Read a property list as strictly as launchd: nobody but the owner may be able to write it."""
        with open(self._state.path(path), "rb") as file:
            status = os.fstat(file.fileno())
            if status.st_uid not in {0, uid} or status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
                raise InvalidPlistError("bad owner or mode")
            return parse(file.read())

    @staticmethod
    def _is_protected(job: Job) -> bool:
        return job.path.startswith("/System/") and job.label not in UNPROTECTED


def _may(domain: str, uid: int) -> bool:
    return uid == 0 or domain == f"user/{uid}"


def _user_of(domain: str) -> str | None:
    if domain == "system":
        return None
    import pwd

    return pwd.getpwuid(int(domain.partition("/")[2])).pw_name
