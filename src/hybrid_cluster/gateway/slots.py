# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Places for requests that a model answers at once, and a line before them that has an end."""

from __future__ import annotations

import asyncio
import contextlib
from collections import OrderedDict, deque
from typing import TYPE_CHECKING

from hybrid_cluster.gateway.errors import Failure

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


class Slots:
    """The places of one model; None means no limit.

    Keys take turns, each with a line of its own, and where all of them together are too long, the end of the longest
    one is refused: however much one key asks, the others wait for one of its requests at a time.
    """

    def __init__(self, size: int | None, queue: int) -> None:
        self._free = size
        self._queue = queue
        self._lines: OrderedDict[str, deque[asyncio.Future[None]]] = OrderedDict()

    @property
    def waiting(self) -> int:
        """Return how many requests wait."""
        return sum(map(len, self._lines.values()))

    @contextlib.asynccontextmanager
    async def taken(self, key: str) -> AsyncIterator[None]:
        """Keep a place for a request of a key; who leaves the line gives its place up."""
        if self._free is None:
            yield
            return
        if self._free:
            self._free -= 1
        else:
            await self._wait(key)
        try:
            yield
        finally:
            self._pass_on()

    async def _wait(self, key: str) -> None:
        if self.waiting >= self._queue:
            self._make_room(key)
        turn = asyncio.get_running_loop().create_future()
        self._lines.setdefault(key, deque()).append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled() and turn.exception() is None:
                # It was given a place at the moment in which it left.
                self._pass_on()
            raise
        finally:
            with contextlib.suppress(KeyError, ValueError):
                self._lines[key].remove(turn)
                self._forget_empty(key)

    def _pass_on(self) -> None:
        """Give a place to the first one of the key whose turn it is."""
        while self._lines:
            key = next(iter(self._lines))
            turn = self._lines[key].popleft()
            self._lines.move_to_end(key)
            self._forget_empty(key)
            if not turn.done():
                turn.set_result(None)
                return
        assert self._free is not None  # noqa: S101 - places are given where there are some
        self._free += 1

    def _make_room(self, key: str) -> None:
        """Refuse who came last of the key with most, or this one where that is its own."""
        longest = max(self._lines, key=lambda one: len(self._lines[one]), default=key)
        if len(self._lines.get(longest, ())) <= len(self._lines.get(key, ())) + 1:
            raise _full()
        last = self._lines[longest].pop()
        if not last.done():
            last.set_exception(_full())

    def _forget_empty(self, key: str) -> None:
        if not self._lines[key]:
            del self._lines[key]


def _full() -> Failure:
    return Failure(429, "The model is busy and its queue is full.", code="queue_full", retry_after=10)
