# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Answers of the gateway itself."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from aiohttp import web

from hybrid_cluster.gateway import errors
from hybrid_cluster.gateway.kinds import Dialect, Form

if TYPE_CHECKING:
    from hybrid_cluster.gateway.errors import Failure
    from hybrid_cluster.gateway.exchange import Exchange

NDJSON = frozenset({Form.OLLAMA_CHAT, Form.OLLAMA_GENERATE})
"""Streams that have no comments."""


def value(found: dict[str, Any], exchange: Exchange, status: int = 200) -> web.Response:
    """Return an object."""
    return text(json.dumps(found, ensure_ascii=False).encode("utf-8", "replace"), exchange, status)


def text(found: bytes, exchange: Exchange, status: int = 200, content_type: str = "application/json") -> web.Response:
    """Return a text; one of the clients takes JSON of any other type for no more than that."""
    return web.Response(status=status, body=found, headers={"Content-Type": content_type, **identity(exchange)})


def refusal(failure: Failure, exchange: Exchange) -> web.Response:
    """Return an error in the words of the API that was asked."""
    exchange.failed(failure)
    found = text(errors.body(failure, exchange.dialect, exchange.request_id), exchange, failure.status)
    found.headers.update(failure.headers())
    if failure.status == 401:
        found.headers["WWW-Authenticate"] = "Bearer"
    return found


def stream(form: Form, exchange: Exchange) -> web.StreamResponse:
    """Return the beginning of a stream, which nobody on the way is to keep or to collect."""
    kind = "application/x-ndjson" if form in NDJSON else "text/event-stream"
    headers = {"Content-Type": kind, "Cache-Control": "no-cache", "X-Accel-Buffering": "no"}
    return web.StreamResponse(headers=headers | identity(exchange))


def identity(exchange: Exchange) -> dict[str, str]:
    """Return the headers that name a request, as each API has them."""
    name = "request-id" if exchange.dialect is Dialect.ANTHROPIC else "X-Request-Id"
    return {name: exchange.request_id}
