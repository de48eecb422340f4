# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Clients that wait: one with a stream is told now and then that it is not forgotten."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from hybrid_cluster.gateway.streams.relay import WAKING

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine

    Say = Callable[[bytes], Awaitable[None]]
    """Writes to a client that waits."""

T = TypeVar("T")


@dataclass(frozen=True)
class Patience:
    """When a client that waits is told so, in seconds."""

    first: float = 5.0
    """Until then an error can still have a status of its own."""
    every: float = 10.0


async def held(waiting: Coroutine[Any, Any, T], say: Say | None, patience: Patience) -> T:
    """Return what is waited for; who says nothing waits in silence, as Ollama's clients have to."""
    task = asyncio.ensure_future(waiting)
    try:
        wait = patience.first
        while say is not None and not (await asyncio.wait({task}, timeout=wait))[0]:
            await say(WAKING)
            wait = patience.every
        return await task
    finally:
        # The client left: nobody is to be given a place, or to be woken for, in its name.
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError, Exception):
            await task
