# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""A well-behaved client that goes on asking, and remembers how it fared."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import aiohttp

from tests.sleeping_site.host import WORDS
from tests.sleeping_site.site import CHAT, STEADY, asks, session, words_of

if TYPE_CHECKING:
    from tests.sleeping_site.site import Site


@dataclass
class Neighbour:
    """It asks for a short stream again and again."""

    site: Site
    secret: str
    longest: float = 0.0
    """The longest that it waited for anything, in seconds."""
    answers: int = 0
    failures: list[str] = field(default_factory=list)
    _end: bool = False

    async def ask(self) -> None:
        """Ask until told to stop."""
        async with session(self.secret) as client:
            while not self._end:
                try:
                    await self._once(client)
                except (aiohttp.ClientError, AssertionError, TimeoutError) as error:
                    self.failures.append(f"{type(error).__name__}: {error}"[:300])
                await asyncio.sleep(0.05)

    async def _once(self, client: aiohttp.ClientSession) -> None:
        began, raw = time.monotonic(), b""
        async with asyncio.timeout(30), client.post(self.site.url + CHAT, json=asks(STEADY, stream=True)) as answer:
            async for part in answer.content.iter_any():
                self.longest, began = max(self.longest, time.monotonic() - began), time.monotonic()
                raw += part
            if answer.status != 200 or words_of(raw) != "".join(WORDS):
                raise AssertionError(answer.status, raw[-300:])
        self.answers += 1

    def stop(self) -> None:
        """Ask no more."""
        self._end = True
