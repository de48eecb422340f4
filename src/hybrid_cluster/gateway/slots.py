# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Places for requests that a model answers at once, and a line before them that has an end."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

from hybrid_cluster.gateway.errors import Failure

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


class Slots:
    """The places of one model; None means no limit."""

    def __init__(self, size: int | None, queue: int) -> None:
        self._free = asyncio.Semaphore(size) if size is not None else None
        self._queue = queue
        self.waiting = 0

    @contextlib.asynccontextmanager
    async def taken(self) -> AsyncIterator[None]:
        """Keep a place, in the order in which it was asked for; who leaves the line gives its place up."""
        if self._free is None:
            yield
            return
        if self._free.locked() and self.waiting >= self._queue:
            raise Failure(429, "The model is busy and its queue is full.", code="queue_full", retry_after=10)
        self.waiting += 1
        try:
            await self._free.acquire()
        finally:
            self.waiting -= 1
        try:
            yield
        finally:
            self._free.release()
