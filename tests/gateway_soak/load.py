# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Clients that ask now and then, and what became of each request."""

from __future__ import annotations

import asyncio
import json
import random
import time
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

import aiohttp

from tests.sleeping_site.host import SLOW, WORDS
from tests.sleeping_site.site import CHAT, SLEEPING, STEADY, asks, words_of

if TYPE_CHECKING:
    from tests.sleeping_site.site import Site

TEXT = "".join(WORDS)
# Longer than a wake, and than it takes to find out that a host is gone in the middle of an answer.
LONGEST = 90.0


class End(StrEnum):
    """How a request ended."""

    WHOLE = "whole"
    LEFT = "left"
    """By its client, as was meant."""
    REFUSED = "refused"
    """With a status and a reason."""
    FAILED = "failed"
    """In the middle of a stream, with a reason."""
    CUT = "cut"
    """The connection broke."""
    LOST = "lost"
    """Nothing came, or something that looks whole and is not."""


@dataclass
class Request:
    """A request and its end; times are monotonic."""

    model: str
    began: float
    ended: float = 0.0
    end: End = End.LOST
    said: str = ""


@dataclass
class Load:
    """Clients, each of which asks, waits and asks again."""

    site: Site
    secret: str
    clients: int
    seed: int
    done: list[Request] = field(default_factory=list)
    running: int = 0
    paused: bool = False
    over: bool = False

    async def run(self) -> None:
        """Ask until told that it is over, and let what runs end."""
        await asyncio.gather(*(self._client(random.Random(f"{self.seed} {number}")) for number in range(self.clients)))

    async def _client(self, drawn: random.Random) -> None:
        while not self.over:
            if not self.paused:
                # Now and then a host has nothing to do for long enough to fall asleep.
                for _ in range(drawn.randint(1, 4)):
                    await self._ask(drawn)
            await asyncio.sleep(drawn.choice((0.2, 1, 8, 12)))

    async def _ask(self, drawn: random.Random) -> None:
        model = drawn.choice((*SLEEPING.values(), STEADY))
        request = Request(model, time.monotonic())
        self.running += 1
        try:
            async with asyncio.timeout(LONGEST):
                request.end, request.said = await self._answered(model, drawn)
        except TimeoutError:
            request.said = "nothing came in time"
        except (aiohttp.ClientError, ConnectionError) as error:
            request.end, request.said = End.CUT, f"{type(error).__name__}: {error}"
        finally:
            self.running -= 1
            request.ended = time.monotonic()
            self.done.append(request)

    async def _answered(self, model: str, drawn: random.Random) -> tuple[End, str]:
        stream, leaves = drawn.random() < 0.6, drawn.random() < 0.1
        # Some streams take longer than a host may be idle.
        fields = asks(model, SLOW if drawn.random() < 0.3 else "hi", stream=stream)
        headers = {"Authorization": f"Bearer {self.secret}"}
        # A connection for each, so that none is left when nobody asks.
        async with (
            aiohttp.ClientSession(headers=headers, connector=aiohttp.TCPConnector(force_close=True)) as client,
            client.post(self.site.url + CHAT, json=fields) as answer,
        ):
            if answer.status != 200:
                return refused(answer.status, await answer.read())
            if leaves and stream:
                await answer.content.readany()
                return End.LEFT, ""
            raw = await answer.read()
        if not stream:
            found = json.loads(raw)["choices"][0]["message"]["content"]
            return (End.WHOLE, "") if found == TEXT else (End.LOST, found)
        if b'data: {"error"' in raw and b"[DONE]" not in raw:
            return End.FAILED, raw[-300:].decode()
        try:
            found = words_of(raw)
        except AssertionError:
            return End.LOST, raw[-300:].decode()
        return (End.WHOLE, "") if found == TEXT else (End.LOST, found)


def refused(status: int, raw: bytes) -> tuple[End, str]:
    """Return what a refusal is: one that says why, with a status that means to come again."""
    try:
        said = f"{status} {json.loads(raw)['error']['code']}"
    except (ValueError, KeyError, TypeError):
        return End.LOST, f"{status} {raw[:200]!r}"
    return (End.REFUSED if status in {502, 503} else End.LOST), said
