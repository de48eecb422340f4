# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""A gateway before several hosts that can be taken away, and clients that ask it all the time and count."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import aiohttp
from aiohttp import web

from tests.unit.command.threads import SECOND, in_thread
from tests.unit.gateway.fakes import CHAT, Backend, Running, chunk, running, served, sse

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator
    from pathlib import Path

ANSWER = ["one ", "two ", "three"]
_STREAM = sse(*(chunk({"content": word}) for word in ANSWER), chunk({}, "stop"), "[DONE]")


@dataclass
class Node:
    """A host with a backend, which may be taken away from under its requests."""

    name: str
    backend: Backend = field(default_factory=lambda: Backend(None))
    is_away: Callable[[], bool] = lambda: False
    """Whether it is being worked at."""
    cut: int = 0
    """How many requests came to it, or ran there, while it was away."""
    answered: int = 0
    seconds: float = 0.1
    """How long an answer takes."""

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """Answer in pieces, and break off where the host is away."""
        if request.method == "GET":
            return web.Response(text="llamacpp:requests_processing 0\n")
        fields = self.backend.asked[-1].fields
        if not fields.get("stream"):
            await asyncio.sleep(self.seconds)
            return self._gone(request) or web.json_response(CHAT)
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        for part in _STREAM:
            await asyncio.sleep(self.seconds / len(_STREAM))
            if self._gone(request):
                break
            await response.write(part)
        else:
            self.answered += 1
        return response

    def _gone(self, request: web.Request) -> web.Response | None:
        if not self.is_away():
            return None
        self.cut += 1
        assert request.transport is not None
        request.transport.abort()
        return web.Response()


@dataclass
class Load:
    """What clients have asked, and what became of it."""

    sent: int = 0
    whole: int = 0
    lost: list[str] = field(default_factory=list)
    stop: asyncio.Event = field(default_factory=asyncio.Event)

    async def ask(self, gate: Running, model: str, *, stream: bool) -> None:
        """Ask one question after the other, and look whether each has its whole answer."""
        asks = {"model": model, "messages": [{"role": "user", "content": "?"}], "stream": stream}
        while not self.stop.is_set():
            self.sent += 1
            try:
                async with gate.ask(
                    "/v1/chat/completions", asks, headers={"Authorization": f"Bearer {SECOND}"}
                ) as response:
                    raw = (await response.read()).decode()
                    end = "data: [DONE]" if stream else '"finish_reason": "stop"'
                    if response.status == 200 and end in raw and '"error"' not in raw:
                        self.whole += 1
                    else:
                        self.lost.append(f"{model}: {response.status}: {raw[-300:]}")
            except (aiohttp.ClientError, TimeoutError) as error:
                self.lost.append(f"{model}: {error!r}")
            await asyncio.sleep(0.01)


@dataclass
class Site:
    """A gateway that runs in a thread, its hosts, and its keys in files."""

    url: str
    gate: Running
    loop: asyncio.AbstractEventLoop
    nodes: dict[str, Node]

    def call(self, work: Any) -> Any:
        """Run a coroutine in the gateway's thread and return its result."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(60)

    @contextlib.contextmanager
    def load(self, *models: str) -> Iterator[Load]:
        """Have clients ask these models all the time: each by two streams and two whole answers at once."""

        async def begin() -> tuple[Load, asyncio.Task[Any]]:
            load = Load()
            asking = [load.ask(self.gate, model, stream=stream) for model in models for stream in (True, False) * 2]
            return load, asyncio.create_task(asyncio.wait([asyncio.create_task(one) for one in asking]))

        load, task = self.call(begin())
        try:
            yield load
        finally:

            async def end() -> None:
                load.stop.set()
                await task

            self.call(end())

    def drained(self) -> list[str]:
        """Return the hosts that are out of rotation."""

        async def look() -> list[str]:
            return [one["host"] for one in (await self.gate.administer("state"))[1]["drains"]]

        found: list[str] = self.call(look())
        return found


@contextlib.contextmanager
def site(folder: Path, models: dict[str, list[str]], *, secrets: Path | None = None) -> Iterator[Site]:
    """Run a gateway for models, each on the hosts it names."""
    nodes = {name: Node(name) for names in models.values() for name in names}
    for node in nodes.values():
        node.backend.answer = node.answer
    state = folder / ".gateway"
    state.mkdir()
    kept = secrets or folder / ".secrets"
    with in_thread(
        _gateway(state, models, nodes), kept, lambda gate, loop: Site(gate.address, gate, loop, nodes)
    ) as made:
        yield made


@contextlib.asynccontextmanager
async def _gateway(folder: Path, models: dict[str, list[str]], nodes: dict[str, Node]) -> AsyncIterator[Running]:
    async with contextlib.AsyncExitStack() as stack:
        places = {name: await stack.enter_async_context(served(node.backend)) for name, node in nodes.items()}
        members = {
            model: [
                {"backend": "llama_cpp", "address": places[name], "model": model, "hosts": [name]} for name in names
            ]
            for model, names in models.items()
        }
        told = [{"name": model, "members": members[model], "sticky": False} for model in models]
        yield await stack.enter_async_context(running(folder, configuration={"models": told}))
