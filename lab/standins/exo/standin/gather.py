# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What a node tells about itself: memory, disk, addresses, identity; on a Mac also Thunderbolt."""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import clock, interfaces, mac
from .paths import is_mac

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from .log import Log
    from .paths import Paths
    from .state import Event

_DISK_INTERVAL = 30.0
_IDENTITY_INTERVAL = 60.0
_WHERE = "exo.utils.info_gatherer.info_gatherer:run:1"


def memory(total: int, available: int, swap_total: int = 0, swap_available: int = 0) -> dict[str, Any]:
    """Return a memory report."""
    values = {
        "ramTotal": total,
        "ramAvailable": available,
        "swapTotal": swap_total,
        "swapAvailable": swap_available,
    }
    return {name: {"inBytes": value} for name, value in values.items()}


def linux_memory(free: int | None = None) -> dict[str, Any]:
    """Return the kernel's figures; OVERRIDE_MEMORY_MB or a figure of ours replaces what is available."""
    with Path("/proc/meminfo").open(encoding="ascii") as stream:
        values = {line.split(":")[0]: int(line.split()[1]) * 1024 for line in stream}
    available = values["MemAvailable"]
    override = os.environ.get("OVERRIDE_MEMORY_MB")
    if override:
        available = int(override) * 1024 * 1024
    if free is not None:
        available = free
    return memory(values["MemTotal"], available, values["SwapTotal"], values["SwapFree"])


class Gatherer:
    """Send this node's information until cancelled."""

    def __init__(self, node_id: str, paths: Paths, log: Log, emit: Callable[[Event], None]) -> None:
        self._node_id, self._paths, self._log, self._emit = node_id, paths, log, emit

    @property
    def free_memory(self) -> int | None:
        """Return what this node is told to have free."""
        return self._paths.free_memory

    def send(self, kind: str, info: dict[str, Any]) -> None:
        """Emit one piece of information."""
        self._emit({"NodeGatheredInfo": {"nodeId": self._node_id, "when": clock.timestamp(), "info": {kind: info}}})

    async def run(self) -> None:
        """Run every monitor."""
        monitors: list[Awaitable[None]] = [
            self._every(_DISK_INTERVAL, self._disk, "disk usage"),
            self._every(_IDENTITY_INTERVAL, self._identity, "static node info"),
            self._every(clock.INTERFACE_INTERVAL, self._interfaces, "network interfaces"),
        ]
        if is_mac():
            monitors += [mac.monitor_memory(self, self._log), mac.monitor_hardware(self, self._log)]
        else:
            monitors.append(self._every(clock.MEMORY_INTERVAL, self._memory, "memory usage"))
        config = self._paths.config / "config.toml"
        config.parent.mkdir(parents=True, exist_ok=True)
        config.touch()
        if config.read_text(encoding="utf-8", errors="replace").strip():
            self._log.warning("Invalid config file, skipping...", where=_WHERE)
        await asyncio.gather(*monitors)

    async def _every(self, interval: float, work: Callable[[], Awaitable[None]], what: str) -> None:
        """Repeat one monitor; its failure is a warning."""
        while True:
            try:
                await work()
            except (OSError, ValueError, KeyError) as error:
                self._log.warning(f"Error gathering {what}\n{type(error).__name__}: {error}", where=_WHERE)
            await clock.sleep(interval)

    async def _memory(self) -> None:
        self.send("MemoryUsage", linux_memory(self._paths.free_memory))

    async def _disk(self) -> None:
        usage = shutil.disk_usage(self._paths.models)
        status = {"total": {"inBytes": usage.total}, "available": {"inBytes": usage.free}}
        self.send("NodeDiskUsage", {"diskUsage": status})

    async def _interfaces(self) -> None:
        kinds = await mac.interface_types() if is_mac() else {}
        addresses = [
            {
                "name": "lo0" if item.interface == "lo" and is_mac() else item.interface,
                "ipAddress": item.address,
                "interfaceType": kinds.get(item.interface, "unknown"),
            }
            for item in interfaces.everything()
        ]
        self.send("NodeNetworkInterfaces", {"ifaces": addresses})

    async def _identity(self) -> None:
        if is_mac():
            static, name = await mac.identity()
        else:
            static = {
                "model": "Unknown Model",
                "chip": "Unknown Chip",
                "osVersion": "Linux",
                "osBuildVersion": "Unknown",
            }
            name = socket.gethostname()
        self.send("StaticNodeInformation", static)
        self.send("MiscData", {"friendlyName": name})
