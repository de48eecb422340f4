# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Who is logged in over SSH, and which jobs run, from the list of processes.

The records of logins miss those without a terminal, such as Ansible's. sshd names its processes after them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

PROCESSES = ["ps", "-axo", "pid=,ppid=,uid=,time=,args="]
# What must not be cut off in the middle, whoever started it.
JOBS = frozenset(
    {
        *("slurmstepd", "torchrun", "mlx.launch", "rsync", "restic", "borg"),
        *("apt", "apt-get", "aptitude", "dpkg", "unattended-upgrade", "dnf", "fwupdmgr"),
        *("brew", "softwareupdate", "installer"),
    }
)
_LINE = re.compile(r"\s*(\d+)\s+(\d+)\s+(\d+)\s+(?:(\d+)-)?(?:(\d+):)?(\d+):(\d+(?:\.\d+)?)\s+(.+)")
_SESSION = re.compile(r"sshd(?:-session)?: ([^\s@\[]+)@(\S+)")
_INTERPRETERS = re.compile(r"(?:python[0-9.]*|ruby[0-9.]*|bash|sh|perl)")


@dataclass(frozen=True)
class Process:
    """A program that runs."""

    pid: int
    parent: int
    uid: int
    seconds: float
    """Of processors that it has used."""
    arguments: str

    @property
    def name(self) -> str:
        """Return what it is called: of a script the script's own name."""
        words = self.arguments.split()
        names = [word.rpartition("/")[2].rstrip(":") for word in words[:2] if not word.startswith("-")]
        return names[1] if len(names) == 2 and _INTERPRETERS.fullmatch(names[0]) else names[0] if names else ""


def parse(text: str) -> list[Process]:
    """Read what ps prints: minutes and seconds, with hours and days before them where there are any."""
    found = []
    for line in text.splitlines():
        match = _LINE.match(line)
        if match:
            pid, parent, uid, days, hours, minutes, seconds, arguments = match.groups()
            used = (int(days or 0) * 24 + int(hours or 0)) * 3600 + int(minutes) * 60 + float(seconds)
            found.append(Process(int(pid), int(parent), int(uid), used, arguments))
    return found


def logged_in(processes: Iterable[Process], mine: int, ours: Collection[str]) -> list[str]:
    """Return who is logged in over SSH, apart from the session that asks and those of users of ours."""
    known = {process.pid: process for process in processes}
    ancestors = set()
    while mine in known and mine not in ancestors:
        ancestors.add(mine)
        mine = known[mine].parent
    found = []
    for process in known.values():
        match = _SESSION.match(process.arguments)
        if match and process.pid not in ancestors and match[1] not in ours:
            where = "" if match[2] == "notty" else f" at {match[2]}"
            found.append(f"{match[1]} is logged in over SSH{where}")
    return sorted(set(found))


def jobs(processes: Iterable[Process]) -> list[str]:
    """Return which jobs run."""
    return [f"{process.name} (pid {process.pid}) runs" for process in processes if process.name in JOBS]


def used_by_services(before: Iterable[Process], after: Iterable[Process], uids: range, window: float) -> list[str]:
    """Return the programs of users that used a tenth of a processor between two lists."""
    earlier = {process.pid: process.seconds for process in before}
    return [
        f"{process.name} (pid {process.pid}) works"
        for process in after
        if process.uid in uids and process.seconds - earlier.get(process.pid, process.seconds) >= window / 10
    ]
