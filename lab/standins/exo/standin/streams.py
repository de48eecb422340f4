# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""How an answer goes out while it is made: Anthropic's events, OpenAI's newer ones, and Ollama's lines."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from itertools import count
from typing import TYPE_CHECKING, Any

from . import clock, shapes

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator

    Chunks = AsyncIterator[tuple[str, dict[str, Any]]]

KEEP_ALIVE = b": keep-alive\n\n"
KEEP_ALIVE_SECONDS = 10.0


def dump(value: Any) -> str:
    """Return JSON as exo writes it."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


async def kept_alive(pieces: AsyncGenerator[bytes, None]) -> AsyncIterator[bytes]:
    """Yield a comment first, and another one whenever nothing has come for ten seconds."""
    yield KEEP_ALIVE
    waiting: asyncio.Future[bytes | None] = asyncio.ensure_future(anext(pieces, None))
    try:
        while True:
            done, _ = await asyncio.wait({waiting}, timeout=clock.network_timeout(KEEP_ALIVE_SECONDS))
            if not done:
                yield KEEP_ALIVE
                continue
            piece = waiting.result()
            if piece is None:
                return
            yield piece
            waiting = asyncio.ensure_future(anext(pieces, None))
    finally:
        waiting.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await waiting
        await pieces.aclose()


async def tokens(chunks: Chunks) -> AsyncIterator[dict[str, Any]]:
    """Yield the tokens up to an error, which ends these streams like an answer's end."""
    async for kind, chunk in chunks:
        if kind == "ErrorChunk":
            return
        if kind == "TokenChunk":
            yield chunk


def _event(content: dict[str, Any]) -> bytes:
    return f"event: {content['type']}\ndata: {dump(content)}\n\n".encode()


async def messages(command_id: str, model: str, chunks: Chunks) -> AsyncGenerator[bytes, None]:
    """Yield Anthropic's events: one delta for each token."""
    head = shapes.message_head(command_id, model)
    yield _event({"type": "message_start", "message": head})
    block = {"index": 0, "content_block": {"type": "text", "text": ""}}
    last: dict[str, Any] = {}
    async for chunk in tokens(chunks):
        if not last:
            yield _event({"type": "content_block_start", **block})
        last = chunk
        delta = {"type": "text_delta", "text": chunk["text"]}
        yield _event({"type": "content_block_delta", "index": 0, "delta": delta})
    if not last:
        yield _event({"type": "content_block_start", **block})
    yield _event({"type": "content_block_stop", "index": 0})
    reason = shapes.STOP_REASONS.get(str(last.get("finishReason")))
    usage = {"output_tokens": (last.get("usage") or {}).get("completionTokens", 0)}
    delta = {"stop_reason": reason, "stop_sequence": None}
    yield _event({"type": "message_delta", "delta": delta, "usage": usage})
    yield _event({"type": "message_stop"})


async def responses(command_id: str, model: str, chunks: Chunks) -> AsyncGenerator[bytes, None]:
    """Yield the events of OpenAI's response, numbered from one."""
    numbers = count(1)
    created = int(time.time())

    def event(kind: str, **content: Any) -> bytes:
        return _event({"type": f"response.{kind}", "sequence_number": next(numbers), **content})

    begun = shapes.response_of(command_id, model, created, None, None)
    yield event("created", response=begun)
    yield event("in_progress", response=begun)
    item = {"item_id": f"item_{command_id}", "output_index": 0, "content_index": 0}
    yield_opening = [
        ("output_item.added", {"output_index": 0, "item": shapes.response_item(command_id, "", "in_progress")}),
        ("content_part.added", {**item, "part": shapes.response_text("")}),
    ]
    text, last = "", {}
    async for chunk in tokens(chunks):
        for kind, content in yield_opening:
            yield event(kind, **content)
        yield_opening = []
        text, last = text + chunk["text"], chunk
        yield event("output_text.delta", **item, delta=chunk["text"])
    for kind, content in yield_opening:
        yield event(kind, **content)
    yield event("output_text.done", **item, text=text)
    yield event("content_part.done", **item, part=shapes.response_text(text))
    yield event("output_item.done", output_index=0, item=shapes.response_item(command_id, text, "completed"))
    ended = shapes.response_of(command_id, model, created, text, last.get("usage"))
    yield event("completed", response=ended)


async def ollama(field: str, chunks: Chunks) -> AsyncGenerator[bytes, None]:
    """Yield one object for each token; the last one has its text too, and how it ended."""
    async for kind, chunk in chunks:
        if kind == "PrefillProgressChunk":
            continue
        failed = kind == "ErrorChunk"
        text = chunk["errorMessage"] if failed and field == "messages" else "" if failed else chunk["text"]
        line = shapes.ollama(field, chunk["model"], text, chunk)
        yield f"{dump(line)}\n".encode()
        if line["done"]:
            return
