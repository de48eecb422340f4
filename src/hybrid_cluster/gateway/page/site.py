# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The page's own HTTP: its files, what it is told, and what people do with it."""

from __future__ import annotations

import asyncio
import contextlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aiohttp import web

from hybrid_cluster.gateway import endpoints, replies, requests
from hybrid_cluster.gateway.endpoints import ADMINISTRATION
from hybrid_cluster.gateway.errors import Failure
from hybrid_cluster.gateway.page.guard import HEADERS, key_of_the_front, refuse_other_pages

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from hybrid_cluster.gateway.administration import Administration
    from hybrid_cluster.gateway.endpoints import Endpoint
    from hybrid_cluster.gateway.exchange import Exchange
    from hybrid_cluster.gateway.keys import Key, KeyFile
    from hybrid_cluster.gateway.page.look import Look

    Model = Callable[[web.BaseRequest, Endpoint, Key, Exchange], Awaitable[web.StreamResponse]]
    """Puts a request to a model, as the gateway does for its clients."""

READY = "/-/ready"
EVENTS = "/events"
CHAT = "/v1/chat/completions"
ACTIONS = "/do/"
WORDS = frozenset({"wake", "sleep", "hold", "release"})
"""What of the administration people do here."""
LONGEST = 900.0
"""After how many seconds a browser asks for events anew, so that the old process of a reloaded front can end."""
_SHORT_BODY = 64 * 1024
_KINDS = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}


class Page:
    """Answers what the web front passes on."""

    def __init__(self, keys: KeyFile, key: str, administration: Administration, look: Look, model: Model) -> None:
        self._keys = keys
        self._key = key
        self._administration = administration
        self._look = look
        self._model = model
        self._files = _files()

    async def answer(self, request: web.BaseRequest, exchange: Exchange) -> web.StreamResponse:
        """Answer a request, whatever it is."""
        path = request.raw_path.partition("?")[0]
        if path == READY:
            return web.Response(text="The page is here.\n", headers=HEADERS)
        key = key_of_the_front(request, self._keys, self._key)
        if path == CHAT or path.startswith(ACTIONS):
            if request.method != "POST":
                raise Failure(405, f"{path} takes POST only.", code="method_not_allowed", allow=("POST",))
            refuse_other_pages(request)
            return await (self._chat if path == CHAT else self._act)(request, key, exchange)
        if request.method not in {"GET", "HEAD"}:
            raise Failure(405, f"{path} takes GET only.", code="method_not_allowed", allow=("GET", "HEAD"))
        if path == EVENTS:
            return await self._events(request)
        if path not in self._files:
            raise Failure(404, "The page has no such part.", code="unknown_endpoint")
        body, kind = self._files[path]
        return web.Response(body=body, headers={**HEADERS, "Content-Type": kind})

    async def _chat(self, request: web.BaseRequest, key: Key, exchange: Exchange) -> web.StreamResponse:
        endpoint = endpoints.find("POST", CHAT).endpoint
        assert endpoint is not None  # noqa: S101 - it is in the table
        exchange.endpoint, exchange.key = endpoint.path, key.name
        return await self._model(request, endpoint, key, exchange)

    async def _act(self, request: web.BaseRequest, key: Key, exchange: Exchange) -> web.Response:
        word = request.raw_path.partition("?")[0].removeprefix(ACTIONS)
        if word not in WORDS:
            raise Failure(404, f"It can do {', '.join(sorted(WORDS))}, and nothing else.", code="unknown_endpoint")
        raw = await requests.read(request.content.iter_any(), request.headers, _SHORT_BODY)
        fields = requests.read_object(raw)
        done = replies.value(await self._administration.answer(f"{ADMINISTRATION}/{word}", fields, key), exchange)
        done.headers.update(HEADERS)
        self._look.poke()
        return done

    async def _events(self, request: web.BaseRequest) -> web.StreamResponse:
        """Tell what there is, and what changes, until somebody leaves."""
        headers = {**HEADERS, "Content-Type": "text/event-stream", "X-Accel-Buffering": "no"}
        reply = web.StreamResponse(headers=headers)
        await reply.prepare(request)
        if request.method == "HEAD":
            return reply
        # A browser that loses it asks again after that.
        await reply.write(b"retry: 1000\n\n")
        watched = self._look.watch()
        with contextlib.suppress(ConnectionResetError, TimeoutError):
            async with asyncio.timeout(LONGEST), contextlib.aclosing(watched):
                async for news in watched:
                    await reply.write(b": nothing new\n\n" if news is None else _event(*news))
        return reply


def _event(name: str, document: dict[str, Any]) -> bytes:
    return f"event: {name}\ndata: {json.dumps(document)}\n\n".encode()


def _files() -> dict[str, tuple[bytes, str]]:
    """Return what the page consists of, by path."""
    found = {
        f"/{path.name}": (path.read_bytes(), _KINDS[path.suffix])
        for path in sorted((Path(__file__).parent / "files").iterdir())
        if path.suffix in _KINDS
    }
    return {**found, "/": found["/index.html"]}
