# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What a lab remembers about itself while it runs: /run/hybrid-lab/<lab>/lab.json."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lab import cgroups, names, sleep_state
from lab.errors import NotUpError
from lab.topology import Topology

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True)
class State:
    """A lab's topology as it is now, cables that were moved included."""

    lab: str
    inventory: str
    topology: Topology

    def save(self) -> None:
        """Write the state; a reader sees the old or the new one."""
        path = names.runtime(self.lab) / "lab.json"
        partial = path.with_suffix(f".{os.getpid()}")
        data = {"lab": self.lab, "inventory": self.inventory, **self.topology.to_json()}
        partial.write_text(json.dumps(data, indent=1) + "\n", encoding="utf-8")
        partial.rename(path)


def load(lab: str) -> State:
    """Return the state of a lab that is up."""
    try:
        data = json.loads((names.runtime(lab) / "lab.json").read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise NotUpError(f"The lab {lab} is not up; start it with `lab --name {lab} up`.") from error
    return State(data["lab"], data["inventory"], Topology.from_json(data))


def load_or_none(lab: str) -> State | None:
    """Return the state of a lab, or nothing if it is not up or its state is damaged."""
    try:
        return load(lab)
    except (NotUpError, ValueError, KeyError, TypeError):
        return None


def powered(lab: str, topology: Topology) -> set[str]:
    """Return the hosts that have power and are switched on."""
    return {host.name for host in topology.hosts if cgroups.processes(lab, host.name)}


def awake(lab: str, topology: Topology) -> set[str]:
    """Return those of them that do not sleep."""
    return {host for host in powered(lab, topology) if sleep_state.phase(lab, host) is None}


@contextlib.contextmanager
def locked(lab: str) -> Iterator[None]:
    """Let one command at a time change a lab; a second one waits."""
    path = names.lock_file(lab)
    while True:
        names.RUNTIME.mkdir(mode=0o755, exist_ok=True)
        try:
            file = path.open("w")
        except FileNotFoundError:  # a `down` removed the directory just now
            continue
        with file:
            fcntl.flock(file, fcntl.LOCK_EX)
            # The one before us may have been a `down`, which removes the file: then another one counts.
            if path.exists() and path.stat().st_ino == os.fstat(file.fileno()).st_ino:
                yield
                return


def remove_lock(lab: str) -> None:
    """Remove the lock of a lab that is down, by the command that holds it, and the directory after the last lab."""
    names.lock_file(lab).unlink(missing_ok=True)
    for directory in (names.RUNTIME, names.DISKS):
        with contextlib.suppress(OSError):
            directory.rmdir()
