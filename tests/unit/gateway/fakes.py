# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""A gateway and the backends behind it, on loopback."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import functools
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import aiohttp
from aiohttp import web

from hybrid_cluster.gateway import routes
from hybrid_cluster.gateway.keys import KeyFile, KeyKind, Limits
from hybrid_cluster.gateway.outside import Outside
from hybrid_cluster.gateway.server import Gateway

if TYPE_CHECKING:
    from pathlib import Path

# A wait that only a fault reaches.
LONG = 30


@dataclass
class Asked:
    """A request that reached a backend."""

    path: str
    headers: dict
    raw: bytes
    peer: tuple

    @property
    def fields(self):
        return json.loads(self.raw)


@dataclass
class Backend:
    """A server that says what it is told to."""

    answer: object
    """An object, bytes, a list of bytes to send one by one, or a function of the request that answers it."""
    status: int = 200
    content_type: str = "application/json"
    asked: list[Asked] = field(default_factory=list)
    left: asyncio.Event = field(default_factory=asyncio.Event)
    """Whether somebody left before the answer was whole."""
    said: int = 0
    """How many parts it has sent."""
    port: int = 0

    async def handle(self, request):
        raw = await request.read()
        self.asked.append(Asked(request.path, dict(request.headers), raw, request.transport.get_extra_info("peername")))
        try:
            if callable(self.answer):
                return await self.answer(request)
            if isinstance(self.answer, list):
                return await self._stream(request)
        except (asyncio.CancelledError, ConnectionError):
            self.left.set()
            raise
        body = self.answer if isinstance(self.answer, bytes) else json.dumps(self.answer).encode()
        return web.Response(status=self.status, body=body, headers={"Content-Type": self.content_type})

    async def _stream(self, request):
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        for part in self.answer:
            if part is CUT:
                request.transport.abort()
                return response
            if part is SILENT:
                await asyncio.sleep(LONG)
            await response.write(part)
            self.said += 1
            # Each part is a chunk of its own.
            await asyncio.sleep(0)
        return response


CUT = object()
SILENT = object()


def sse(*values):
    """Return events of a stream."""
    return [f"data: {value if isinstance(value, str) else json.dumps(value)}\n\n".encode() for value in values]


def chunk(delta, reason=None):
    return {"id": "c", "choices": [{"index": 0, "delta": delta, "finish_reason": reason}]}


CHAT = {
    "id": "c",
    "object": "chat.completion",
    "model": "inner",
    "choices": [{"index": 0, "message": {"role": "assistant", "content": "hi"}, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 3, "completion_tokens": 2},
}
USED = {"choices": [], "usage": {"prompt_tokens": 3, "completion_tokens": 2}}
CHAT_STREAM = sse(chunk({"role": "assistant", "content": "hi"}), chunk({}, "stop"), USED, "[DONE]")


@dataclass
class Running:
    """A gateway that runs, with a key that may do everything."""

    gateway: Gateway
    session: aiohttp.ClientSession
    keys: KeyFile
    secret: str
    log: list[str]
    folder: Path

    @property
    def address(self):
        return "http://{}:{}".format(*self.gateway.addresses[0])

    async def administer(self, name, fields=None, secret=None):
        """Do something as an administrator: with fields it is a POST; return the status and what was answered."""
        secret = secret or self.administrator
        method = "GET" if fields is None else "POST"
        headers = {"Authorization": f"Bearer {secret}"}
        async with self.ask(f"/admin/v1/{name}", fields, method=method, headers=headers) as response:
            return response.status, json.loads(await response.read())

    @functools.cached_property
    def administrator(self):
        """The secret of an administrator's key, which it makes."""
        if any(key.name == "boss" for key in self.keys.all()):
            return self.keys.rotate("boss")
        return self.keys.create("boss", kind=KeyKind.ADMINISTRATOR)

    def ask(self, path, fields=None, method="POST", **more):
        headers = {"Authorization": f"Bearer {self.secret}"} | more.pop("headers", {})
        if fields is not None:
            more["json"] = fields
        return self.session.request(method, self.address + path, headers=headers, **more)

    async def post(self, path, fields, **more):
        async with self.ask(path, fields, **more) as response:
            return response, json.loads(await response.read())

    async def stream(self, path, fields, **more):
        async with self.ask(path, fields, **more) as response:
            return response, await response.read()

    async def figures(self):
        host, port = self.gateway.addresses[-1]
        async with self.session.get(f"http://{host}:{port}/metrics") as response:
            return await response.text()

    def lines(self):
        return [json.loads(line) for line in self.log]


@contextlib.asynccontextmanager
async def served(backend):
    """Run a backend."""
    runner = web.ServerRunner(web.Server(backend.handle, handler_cancellation=True), shutdown_timeout=0)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    backend.port = runner.addresses[0][1]
    try:
        yield f"http://127.0.0.1:{backend.port}"
    finally:
        await runner.cleanup()


@contextlib.asynccontextmanager
async def running(
    folder, *backends, limits=None, configuration=None, patience=None, outside=Outside, members=(), **model
):
    """Run a gateway with a model "public" that backends answer, given as pairs of a kind and a Backend."""
    more = members
    async with contextlib.AsyncExitStack() as stack:
        members = []
        for number, (kind, backend) in enumerate(backends):
            address = await stack.enter_async_context(served(backend)) if backend else "http://127.0.0.1:1"
            members.append({"backend": kind, "address": address, "model": "inner", "key": "backend-key"})
            members[-1] |= more[number] if more else {}
        value = {
            "listen": [{"host": "127.0.0.1", "port": 1}],
            "metrics": {"host": "127.0.0.1", "port": 1},
            "keys": "keys.json",
            "usage": "usage.json",
            "models": [{"name": "public", "aliases": ["alias"], "members": members, **model}],
            **(configuration or {}),
        }
        read = routes.read(value, folder)
        anywhere = routes.Address("127.0.0.1", 0)
        # Where a front has to find it again after a restart, the port is given.
        page = read.page and dataclasses.replace(read.page, port=0 if read.page.port == 1 else read.page.port)
        read = dataclasses.replace(read, listen=(anywhere,), metrics=anywhere, page=page)
        keys, log = KeyFile(read.keys), []
        secret = keys.create("test", limits or Limits()) if not read.keys.exists() else keys.rotate("test")
        gateway = Gateway(read, log.append, patience, outside)
        await gateway.start()
        stack.push_async_callback(gateway.stop)
        session = await stack.enter_async_context(aiohttp.ClientSession(auto_decompress=False))
        yield Running(gateway, session, keys, secret, log, folder)


def run(scenario):
    """Run a scenario to its end."""

    async def bounded():
        async with asyncio.timeout(LONG):
            return await scenario

    return asyncio.run(bounded())


CHAT_PATH = "/v1/chat/completions"


HI = [{"role": "user", "content": "a secret question"}]


ASK = {"model": "public", "messages": HI}


STREAM = {**ASK, "stream": True}


MESSAGE = {**ASK, "max_tokens": 64}


def events(raw):
    """Return the events of a stream that have an object."""
    return [json.loads(line[6:]) for line in raw.decode().splitlines() if line.startswith("data: {")]


def text_of(raw):
    return "".join(event["choices"][0]["delta"].get("content") or "" for event in events(raw) if event.get("choices"))


FIRST = sse(chunk({"role": "assistant", "content": "he"}))


def fake_response(body):
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return web.Response(body=raw, headers={"Content-Type": "application/json" if raw[:1] == b"{" else "audio/wav"})


async def by_hand(gate, raw):
    reader, writer = await asyncio.open_connection(*gate.gateway.addresses[0])
    writer.write(raw)
    found = await reader.read()
    writer.close()
    return found
