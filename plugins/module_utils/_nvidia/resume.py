# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Cards that do not compute after a suspend: their unified memory is set up anew by loading its module again.

It can only be unloaded while no program has it open, so those are stopped and started again. What is not a service
would not come back, so it is left alone.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import ClusterError
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._nvidia import busy

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import Commands

MODULE = "nvidia_uvm"
_DEVICE = re.compile(r"/dev/nvidia-uvm$")
_STOP_SECONDS = 120


class ResumeError(ClusterError):
    """The module could not be loaded again."""


@dataclass(frozen=True)
class Users:
    """Who has the unified memory open."""

    units: tuple[str, ...]
    others: tuple[str, ...]


def users() -> Users:
    """Find them."""
    found = list(busy.processes(_DEVICE))
    units = sorted({process.unit for process in found if process.unit.endswith(".service")})
    others = [f"{one.name} (pid {one.pid}) of {one.user}" for one in found if not one.unit.endswith(".service")]
    return Users(tuple(units), tuple(others))


def reload(commands: Commands, units: Sequence[str]) -> None:
    """Stop the services, load the module again, and start the services, whatever came of it."""
    stopped: list[str] = []
    try:
        for unit in units:
            stopped.append(unit)
            commands.check_output(["systemctl", "stop", unit], timeout=_STOP_SECONDS)
        commands.check_output(["modprobe", "--remove", MODULE])
        commands.check_output(["modprobe", MODULE])
    finally:
        failed = [unit for unit in stopped if commands.run(["systemctl", "start", unit], timeout=_STOP_SECONDS).rc != 0]
    if failed:
        raise ResumeError(f"{' and '.join(failed)} did not start again; see `journalctl -u {failed[0]}`.")
