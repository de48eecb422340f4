# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""One control group per host in every hierarchy, so that a host can be killed and frozen whole.

On hybrid machines every version 1 hierarchy gets one, also those the lab does not use: a host's systemd takes what it
sees for the root, and would otherwise write into this machine's own control groups.
"""

from __future__ import annotations

import contextlib
import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from lab import names
from lab.errors import LabError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_KILL_SECONDS = 10.0
_WEIGHT = 8
"""What all labs together have of the processors, in shares of one process outside of them: else some twenty workers of
Ansible on this machine leave the hosts that they wait for a twentieth."""


@dataclass(frozen=True)
class Hierarchy:
    """A mounted cgroup file system."""

    mount: Path
    controllers: frozenset[str]
    unified: bool


def parse_mounts(text: str) -> list[Hierarchy]:
    """Read the hierarchies from /proc/self/mounts, each once."""
    found: dict[str, Hierarchy] = {}
    for line in text.splitlines():
        _, mount, kind, options, *_ = line.split()
        if kind == "cgroup2":
            found[mount] = Hierarchy(Path(mount), frozenset(), unified=True)
        elif kind == "cgroup":
            found[mount] = Hierarchy(Path(mount), frozenset(options.split(",")), unified=False)
    # A hierarchy mounted twice (a container's view, a bind mount) has one tree.
    unique: dict[tuple[bool, frozenset[str]], Hierarchy] = {}
    for hierarchy in found.values():
        unique.setdefault((hierarchy.unified, hierarchy.controllers), hierarchy)
    return list(unique.values())


def hierarchies() -> list[Hierarchy]:
    """Return this machine's hierarchies."""
    found = parse_mounts(Path("/proc/self/mounts").read_text(encoding="utf-8"))
    if not found:
        raise LabError("No control groups are mounted on this machine; mount them at /sys/fs/cgroup.")
    return found


def tracking(found: Iterable[Hierarchy]) -> Hierarchy:
    """Return the hierarchy that holds every process of a host and can freeze it."""
    found = list(found)
    for hierarchy in found:
        if "freezer" in hierarchy.controllers:
            return hierarchy
    return next(hierarchy for hierarchy in found if hierarchy.unified)


def wrap(directories: Sequence[Path], argv: Sequence[str]) -> list[str]:
    """Return a command that enters control groups first and then becomes the given one."""
    enter = 'for group in $0; do echo $$ > "$group/cgroup.procs" || exit 125; done; exec "$@"'
    return ["/bin/sh", "-c", enter, " ".join(str(directory) for directory in directories), *argv]


def create(lab: str, *parts: str) -> list[Path]:
    """Make the control group of a host, or a part of it, in every hierarchy, and return its directories."""
    made = []
    for hierarchy in hierarchies():
        directory = hierarchy.mount
        for part in (names.CGROUP, lab, *parts):
            if hierarchy.unified:
                _delegate(directory)
            directory /= part
            directory.mkdir(exist_ok=True)
            if "cpuset" in hierarchy.controllers:
                _inherit_cpuset(directory)
            if part == names.CGROUP:
                _weigh(directory)
        made.append(directory)
    return made


def _delegate(directory: Path) -> None:
    # Best effort: without controllers a host's systemd only lacks limits; the top level is systemd's to decide.
    available = (directory / "cgroup.controllers").read_text(encoding="ascii").split()
    for controller in available:
        with contextlib.suppress(OSError):
            (directory / "cgroup.subtree_control").write_text(f"+{controller}", encoding="ascii")


def _weigh(directory: Path) -> None:
    for name, usual in (("cpu.shares", 1024), ("cpu.weight", 100)):
        # Version 1 and 2; a hierarchy without the controller has neither.
        if (directory / name).exists():
            (directory / name).write_text(str(_WEIGHT * usual), encoding="ascii")


def _inherit_cpuset(directory: Path) -> None:
    for name in ("cpuset.cpus", "cpuset.mems"):
        if not (directory / name).read_text(encoding="ascii").strip():
            (directory / name).write_text((directory.parent / name).read_text(encoding="ascii"), encoding="ascii")


def processes(lab: str, *parts: str) -> list[int]:
    """Return every process in a control group and below."""
    directory = tracking(hierarchies()).mount.joinpath(names.CGROUP, lab, *parts)
    return _processes(directory)


def _processes(directory: Path) -> list[int]:
    found: list[int] = []
    for inner, _, _ in os.walk(directory):
        with contextlib.suppress(OSError):
            found += map(int, Path(inner, "cgroup.procs").read_text(encoding="ascii").split())
    return found


def cpu_seconds(lab: str, *parts: str) -> float:
    """Return the CPU seconds that a control group's processes have used, those that have ended included."""
    for hierarchy in hierarchies():
        directory = hierarchy.mount.joinpath(names.CGROUP, lab, *parts)
        if "cpuacct" in hierarchy.controllers:
            return int((directory / "cpuacct.usage").read_text(encoding="ascii")) / 1e9
    statistics = directory / "cpu.stat"  # of the unified hierarchy, the only one where there is no cpuacct
    lines = statistics.read_text(encoding="ascii").splitlines()
    return int(dict(line.split() for line in lines)["usage_usec"]) / 1e6


def freeze(lab: str, host: str, *, frozen: bool) -> None:
    """Stop or continue every process of a host at once."""
    hierarchy = tracking(hierarchies())
    directory = hierarchy.mount / names.CGROUP / lab / host
    if hierarchy.unified:
        (directory / "cgroup.freeze").write_text(str(int(frozen)), encoding="ascii")
    else:
        (directory / "freezer.state").write_text("FROZEN" if frozen else "THAWED", encoding="ascii")


def is_frozen(lab: str, host: str) -> bool:
    """Tell whether a host is frozen."""
    hierarchy = tracking(hierarchies())
    directory = hierarchy.mount / names.CGROUP / lab / host
    name = "cgroup.freeze" if hierarchy.unified else "freezer.state"
    try:
        return (directory / name).read_text(encoding="ascii").strip() in {"1", "FROZEN", "FREEZING"}
    except OSError:
        return False


def kill(lab: str, *parts: str) -> None:
    """Kill every process of a control group and remove it from every hierarchy."""
    found = hierarchies()
    deadline = time.monotonic() + _KILL_SECONDS
    _end_frozen(tracking(found), (lab, *parts))
    for hierarchy in found:
        top = hierarchy.mount.joinpath(names.CGROUP, lab, *parts)
        while top.is_dir():
            _kill_processes(top)
            if _remove_tree(top):
                break
            if time.monotonic() > deadline:
                raise LabError(f"Processes of {'/'.join((lab, *parts))} cannot be killed; see {top}/cgroup.procs.")
            time.sleep(0.02)


def _kill_processes(top: Path) -> None:
    if (top / "cgroup.kill").exists():
        with contextlib.suppress(OSError):
            (top / "cgroup.kill").write_text("1", encoding="ascii")
    for process in _processes(top):
        with contextlib.suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)


def _end_frozen(hierarchy: Hierarchy, parts: Sequence[str]) -> None:
    """Have what is frozen die; in version 1 it does so when it is thawed, whichever of its groups was frozen."""
    top = hierarchy.mount.joinpath(names.CGROUP, *parts)
    if hierarchy.unified or not top.is_dir():
        return
    _kill_processes(top)
    for inner, _, _ in os.walk(top):
        with contextlib.suppress(OSError):
            Path(inner, "freezer.state").write_text("THAWED", encoding="ascii")


def _remove_tree(top: Path) -> bool:
    for inner, _, _ in os.walk(top, topdown=False):
        try:
            Path(inner).rmdir()
        except FileNotFoundError:
            continue
        except OSError:
            return False
    return True


def remove_parent() -> None:
    """Remove the common parent of all labs' control groups once no lab is left in it."""
    for hierarchy in hierarchies():
        with contextlib.suppress(OSError):
            (hierarchy.mount / names.CGROUP).rmdir()


def leader(lab: str, host: str) -> int | None:
    """Return the host's PID 1 as this machine sees it, if the host is running."""
    found: dict[int, int] = {}
    for process in processes(lab, host):
        with contextlib.suppress(OSError):
            depth = pid_one_depth(Path(f"/proc/{process}/status").read_text(encoding="ascii", errors="replace"))
            if depth:
                found[depth] = process
    # A container inside the host has a PID 1 as well, one namespace deeper.
    return found[min(found)] if found else None


def pid_one_depth(status: str) -> int:
    """Return how many PID namespaces down a process is number 1, from its /proc status; 0 if it is not."""
    for line in status.splitlines():
        if line.startswith("NSpid:"):
            numbers = line.split()[1:]
            return len(numbers) - 1 if numbers[-1] == "1" else 0
    return 0
