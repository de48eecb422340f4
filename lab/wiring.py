# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Keep cables alive as hosts come and go, and tell the Macs what they are connected to."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from lab import cables, cgroups, names, state
from lab.errors import LabError

if TYPE_CHECKING:
    from collections.abc import Collection

    from lab.topology import Topology


def refresh(lab: str, topology: Topology, powered: Collection[str] | None = None) -> None:
    """Make carriers, and what each running Mac sees of its cables, follow what is plugged in and switched on."""
    on = state.awake(lab, topology) if powered is None else powered
    cables.apply(lab, topology, on)
    for host in topology.hosts:
        if host.kind == "macos" and host.name in on:
            write_inside(lab, host.name, "cables.json", cables.seen_by(topology, host.name, on))


def write_inside(lab: str, host: str, name: str, text: str) -> None:
    """Write a file of the simulator on a running Mac."""
    leader = cgroups.leader(lab, host)
    if leader is None:  # still starting: the keeper writes the file before PID 1 runs
        return
    directory = Path(f"/proc/{leader}/root") / names.SIMULATOR_DATABASE
    partial = directory / f"{name}.part"
    try:
        partial.write_text(text, encoding="utf-8")
        partial.rename(directory / name)
    except OSError as error:
        if cgroups.leader(lab, host) == leader:
            raise LabError(f"The file {name} of {host} cannot be written: {error.strerror}.") from error
