# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
# Generated from plugins/module_utils/_nvidia/busy.py by `make generate`; change it there.
"""What a host does that a reboot would end.

Open connections say nothing: Prometheus and a gateway keep theirs while nobody asks anything. A service that answers
needs processors for it.
"""

from __future__ import annotations

import contextlib
import pwd
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hybrid_cluster.shared import _files, _names, _wait

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

WINDOW_SECONDS = 5.0
BUSY_SHARE = 0.1
"""A service that only waits uses less of a processor than this."""
CGROUPS = "/sys/fs/cgroup/system.slice"
SESSIONS = "/run/systemd/sessions"
_CARD = re.compile(r"/dev/nvidia(\d+|-uvm)$")
_OF_THE_SYSTEM = {
    "nvidia-persistenced",
    "nvidia-persiste",
    "Xorg",
    "Xwayland",
    "gnome-shell",
    "kwin_wayland",
    "nv-hostengine",
}


@dataclass(frozen=True)
class Process:
    """A program that has a card open, and the unit of systemd's that it belongs to."""

    pid: int
    name: str
    user: str
    unit: str


def reasons(window: float = WINDOW_SECONDS) -> list[str]:
    """Return what the host is doing, each as half a sentence; nothing where it is idle."""
    return [*_answering(window), *_computing(), *_sitting()]


def _answering(window: float) -> Iterator[str]:
    """Yield the services of ours that use processors."""
    before = _used()
    if not before:
        return
    _wait.sleep(window)
    after = _used()
    for unit, microseconds in sorted(before.items()):
        if (after.get(unit, microseconds) - microseconds) / 1e6 >= BUSY_SHARE * window:
            yield f"{unit} answers requests"


def _used() -> dict[str, int]:
    """Return the microseconds of processors that each service of ours has used."""
    found = {}
    folder = _files.real(CGROUPS)
    for path in folder.glob(f"{_names.UNIT_PREFIX}*.service/cpu.stat") if folder.is_dir() else ():
        with contextlib.suppress(OSError):
            counted = re.search(r"^usage_usec (\d+)$", path.read_text(encoding="ascii"), re.MULTILINE)
            if counted:
                found[path.parent.name] = int(counted.group(1))
    return found


def _computing() -> Iterator[str]:
    """Yield what else has a card open: of ours is known already whether they do anything."""
    for process in processes(_CARD):
        if process.name not in _OF_THE_SYSTEM and not process.unit.startswith(_names.UNIT_PREFIX):
            yield f"{process.name} (pid {process.pid}) of {process.user} uses a card"


def processes(device: re.Pattern[str]) -> Iterator[Process]:
    """Yield those that have a device open whose path matches."""
    root = _files.real("/proc")
    for folder in sorted(root.glob("[0-9]*"), key=lambda path: int(path.name)):
        with contextlib.suppress(OSError):
            if not any(device.match(str(link.readlink())) for link in (folder / "fd").iterdir()):
                continue
            name = (folder / "comm").read_text(encoding="utf-8", errors="replace").strip()
            cgroup = (folder / "cgroup").read_text(encoding="utf-8", errors="replace").strip()
            yield Process(int(folder.name), name, _user(folder), cgroup.rpartition("/")[2])


def _user(folder: Path) -> str:
    number = folder.stat().st_uid
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return str(number)


def _sitting() -> Iterator[str]:
    """Yield who is logged in at the screen of the host."""
    folder = _files.real(SESSIONS)
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        with contextlib.suppress(OSError):
            values = dict(re.findall(r"^(\w+)=(.*)$", path.read_text(encoding="utf-8", errors="replace"), re.MULTILINE))
            if values.get("SEAT") and values.get("CLASS") == "user":
                yield f"{values.get('USER', 'somebody')} is logged in at its screen"
