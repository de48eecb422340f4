# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""A runner as its node sees it: the process, its status and what it was last told."""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import clock
from .state import tag

if TYPE_CHECKING:
    from collections.abc import Callable

_PROGRAM = Path(__file__).resolve().parent / "runner.py"


class Supervisor:
    """One runner process of one instance."""

    def __init__(self, instance: dict[str, Any], node_id: str, reported: Callable[[Supervisor, str], None]) -> None:
        _, self.content = tag(instance)
        self.instance, self.node_id, self._reported = instance, node_id, reported
        assignments = self.content["shardAssignments"]
        self.runner_id: str = assignments["nodeToRunner"][node_id]
        _, self.shard = tag(assignments["runnerToShard"][self.runner_id])
        self.status = ""
        self.busy: str | None = None
        self.ending = False
        self._process: asyncio.subprocess.Process | None = None
        self._reader: asyncio.Task[None] | None = None

    @property
    def instance_id(self) -> str:
        """Return the instance this runner is part of."""
        return str(self.content["instanceId"])

    @property
    def others(self) -> list[str]:
        """Return the runners of the other ranks."""
        return [runner for runner in self.content["shardAssignments"]["runnerToShard"] if runner != self.runner_id]

    @property
    def is_last(self) -> bool:
        """Return whether this is the rank that connects when all others accept."""
        return bool(self.shard["deviceRank"] == self.shard["worldSize"] - 1)

    async def start(self) -> None:
        """Start the process and read its reports."""
        configuration = {
            "rank": self.shard["deviceRank"],
            "hosts": self.content.get("hostsByNode", {}).get(self.node_id, [{"ip": "127.0.0.1", "port": 0}]),
            "start": clock.scaled(clock.RUNNER_START),
            "connect": clock.scaled(clock.RUNNER_CONNECT),
            "load": clock.scaled(clock.RUNNER_LOAD),
            "warm": clock.scaled(clock.RUNNER_WARM),
        }
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-IS",
            str(_PROGRAM),
            json.dumps(configuration),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )
        self._reader = asyncio.create_task(self._read())

    async def _read(self) -> None:
        """Pass on what the process reports; its end is a failure unless it was wanted."""
        if self._process is None or self._process.stdout is None:
            return
        async for line in self._process.stdout:
            self.busy = None
            self._reported(self, line.decode().strip())
        code = await self._process.wait()
        if not self.ending:
            self._reported(self, f"fail Terminated (signal={-code})" if code < 0 else f"fail exit code {code}")

    def tell(self, command: str) -> None:
        """Give the process its next order."""
        self.busy = command.split(" ", 1)[0]
        if self._process is not None and self._process.stdin is not None:
            with contextlib.suppress(OSError, RuntimeError):
                self._process.stdin.write(f"{command}\n".encode())

    def crash(self) -> None:
        """End the process by an accident."""
        self.busy = "crash"
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()

    def end(self) -> None:
        """End the process."""
        self.ending = True
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()
