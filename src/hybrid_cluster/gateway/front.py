# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The HAProxy before the gateway, told and asked at the socket of its master.

It has a worker that takes requests, and after a reload those before it, which have answers to end.
"""

from __future__ import annotations

import asyncio
import csv
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_SECONDS = 5.0
# HAProxy reads an order into one buffer.
_BATCH = 200
_ALL_BUT_FRONTENDS = "show stat -1 2 -1"


class FrontError(Exception):
    """HAProxy did not answer, or does not do what it was told."""


@dataclass(frozen=True)
class Count:
    """Requests at one of its backends."""

    running: int
    begun: int
    """Since each worker was started."""


class Front:
    """The HAProxy of a socket; everything raises FrontError where it does not answer."""

    def __init__(self, path: Path) -> None:
        self._path = path

    async def workers(self) -> list[int]:
        """Return the process that takes requests, and after it those that only end what they have."""
        found: list[int] = []
        for line in (await self._ask("show proc")).splitlines():
            words = line.split()
            if len(words) > 1 and words[1] == "worker":
                found.append(int(words[0]))
        if not found:
            raise FrontError("HAProxy has no worker.")
        return found

    async def replace(self, worker: int, name: str, entries: Mapping[str, str]) -> None:
        """Put other entries in the place of all those of a map, at one moment."""
        answer = await self._ask(f"@!{worker} prepare map {name}")
        version = answer.rpartition(":")[2].strip()
        if not version.isdigit():
            raise FrontError(f"HAProxy does not prepare {name}: {answer.strip()}")
        lines = [f"{key} {value}\n" for key, value in entries.items()]
        for first in range(0, len(lines), _BATCH):
            some = "".join(lines[first : first + _BATCH])
            await self._do(f"@!{worker} add map @{version} {name} <<\n{some}")
        await self._do(f"@!{worker} commit map @{version} {name}")

    async def change(self, worker: int, name: str, before: Mapping[str, str], after: Mapping[str, str]) -> None:
        """Make a map that has some entries have others."""
        # What is closed comes first.
        for key in before.keys() - after.keys():
            await self._do(f"@!{worker} del map {name} {key}")
        for key, value in after.items():
            if key not in before:
                await self._do(f"@!{worker} add map {name} {key} {value}")
            elif before[key] != value:
                await self._do(f"@!{worker} set map {name} {key} {value}")

    async def counts(self) -> dict[str, Count]:
        """Return the requests at each backend, of all workers together."""
        found: dict[str, Count] = {}
        for worker in await self.workers():
            text = await self._ask(f"@!{worker} {_ALL_BUT_FRONTENDS}")
            rows = csv.DictReader(text.removeprefix("# ").splitlines())
            try:
                for row in rows:
                    before = found.get(row["pxname"], Count(0, 0))
                    running, begun = int(row["scur"]), int(row["stot"])
                    found[row["pxname"]] = Count(before.running + running, before.begun + begun)
            except (KeyError, TypeError, ValueError) as error:
                raise FrontError(f"HAProxy's worker {worker} does not say what it runs.") from error
            if not text.startswith("# pxname"):
                raise FrontError(f"HAProxy's worker {worker} does not say what it runs.")
        return found

    async def _do(self, order: str) -> None:
        if answer := (await self._ask(order)).strip():
            raise FrontError(f"HAProxy refuses an order: {answer[:200]}")

    async def _ask(self, order: str) -> str:
        try:
            async with asyncio.timeout(_SECONDS):
                reader, writer = await asyncio.open_unix_connection(str(self._path))
                try:
                    writer.write(order.encode() + b"\n")
                    # It ends the connection after its answer.
                    writer.write_eof()
                    return (await reader.read()).decode("utf-8", "replace")
                finally:
                    writer.close()
        except (OSError, TimeoutError) as error:
            raise FrontError(f"HAProxy does not answer at {self._path}.") from error
