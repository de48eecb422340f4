# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The text routes: OpenAI's, Anthropic's and Ollama's ways of asking the same model."""

from __future__ import annotations

import asyncio
import json
import time
from typing import TYPE_CHECKING, Any

from . import shapes, validate
from .http import HttpError, Request, Response, as_json
from .identity import new_id
from .state import download_model, tag

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from .http import Server
    from .node import Node
    from .state import Event

_EVENTS = "text/event-stream"
_OLLAMA_STREAM = "application/x-ndjson"
_STREAM_HEADERS = (("cache-control", "no-cache"), ("x-accel-buffering", "no"))


class TextApi:
    """Requests for text and the chunks that answer them."""

    def __init__(self, node: Node, server: Server) -> None:
        self._node = node
        self._queues: dict[str, asyncio.Queue[tuple[str, dict[str, Any]] | None]] = {}
        server.route("POST", "/v1/chat/completions", self._chat)
        server.route("POST", "/bench/chat/completions", self._bench)
        server.route("POST", "/v1/messages", self._messages)
        server.route("POST", "/v1/responses", self._responses)
        server.route("POST", "/v1/cancel/{command_id}", self._cancel)
        for prefix in ("/ollama/api", "/ollama/api/api", "/ollama/api/v1"):
            server.route("POST", f"{prefix}/chat", self._ollama_chat)
            server.route("GET", f"{prefix}/tags", self._ollama_tags)
        server.route("POST", "/ollama/api/generate", self._ollama_generate)
        server.route("POST", "/ollama/api/show", self._ollama_show)
        server.route("GET", "/ollama/api/ps", self._ollama_ps)
        for method, path in (("GET", "/ollama/api/version"), ("HEAD", "/ollama/api/version"), ("HEAD", "/ollama/")):
            server.route(method, path, self._ollama_version)

    def deliver(self, event: Event) -> None:
        """Pass a chunk to the request that waits for it."""
        content = event["ChunkGenerated"]
        queue = self._queues.get(content["commandId"])
        if queue is not None:
            queue.put_nowait(tag(content["chunk"]))

    def abandon(self, instance_id: str | None = None) -> None:
        """End the requests of an instance that was deleted, or all of them."""
        for task in list(self._node.replica.state.data["tasks"].values()):
            kind, content = tag(task)
            if kind == "TextGeneration" and instance_id in (None, content["instanceId"]):
                queue = self._queues.get(content["commandId"])
                if queue is not None:
                    queue.put_nowait(None)

    def downloaded(self) -> set[str]:
        """Return the models at least one node holds."""
        return {
            download_model(progress)
            for entries in self._node.replica.state.data["downloads"].values()
            for progress in entries
            if "DownloadCompleted" in progress
        }

    async def _begin(self, model: str, prompt: str, maximum: Any) -> str:
        """Send the request to the master; without an instance of the model there is nobody to answer."""
        instances = self._node.replica.state.data["instances"].values()
        if all(tag(instance)[1]["shardAssignments"]["modelId"] != model for instance in instances):
            raise HttpError(404, f"No instance found for model {model}")
        command_id = new_id()
        self._queues[command_id] = asyncio.Queue()
        parameters = {"model": model, "prompt": prompt, "maxOutputTokens": maximum}
        await self._node.send_command({"TextGeneration": {"commandId": command_id, "taskParams": parameters}})
        return command_id

    async def _chunks(self, command_id: str) -> AsyncIterator[tuple[str, dict[str, Any]]]:
        """Yield the chunks of a request until the last one."""
        try:
            while (item := await self._queues[command_id].get()) is not None:
                yield item
                if item[1].get("finishReason") is not None:
                    return
        finally:
            self._queues.pop(command_id, None)
            await self._node.send_command({"TaskFinished": {"commandId": command_id}})

    async def _collect(self, command_id: str) -> shapes.Answer:
        """Return the whole answer."""
        texts: list[str] = []
        last: dict[str, Any] = {}
        async for kind, chunk in self._chunks(command_id):
            if kind == "ErrorChunk":
                raise HttpError(500, chunk["errorMessage"])
            if kind == "TokenChunk":
                texts.append(chunk["text"])
                last = chunk
        if not last:
            raise HttpError(500, "Internal server error")
        return shapes.Answer(command_id, last["model"], "".join(texts), last)

    async def _chat_request(self, request: Request) -> tuple[dict[str, Any], str]:
        values = validate.body(request)
        fields = validate.Fields(values)
        model, messages = fields.string("model"), fields.items("messages")
        fields.finish()
        maximum = values.get("max_tokens", values.get("max_completion_tokens"))
        return values, await self._begin(model, _text(messages), maximum)

    async def _chat(self, request: Request) -> Response:
        values, command_id = await self._chat_request(request)
        if values.get("stream"):
            return Response(content_type=_EVENTS, stream=self._chat_stream(command_id), headers=_STREAM_HEADERS)
        return as_json(shapes.completion(await self._collect(command_id)))

    async def _chat_stream(self, command_id: str) -> AsyncIterator[bytes]:
        """Yield the stream: comments about its progress between the data."""
        yield b": keep-alive\n\n"
        async for kind, chunk in self._chunks(command_id):
            if kind == "PrefillProgressChunk":
                yield _comment("prefill_progress", {kind: shapes.prefill(chunk)})
            elif kind == "ErrorChunk":
                yield _data(json.loads(shapes.stream_error(chunk["errorMessage"])))
            else:
                yield _data(shapes.delta(command_id, chunk))
                if chunk["stats"] is not None:
                    yield _comment("generation_stats", shapes.stream_stats(chunk["stats"]))
        yield b"data: [DONE]\n\n"

    async def _bench(self, request: Request) -> Response:
        _, command_id = await self._chat_request(request)
        began = time.monotonic()
        answer = await self._collect(command_id)
        systems = self._node.replica.state.data["nodeSystem"]
        return as_json(shapes.bench(answer, time.monotonic() - began, systems))

    async def _messages(self, request: Request) -> Response:
        values = validate.body(request)
        model = _model(values)
        command_id = await self._begin(model, _text(values.get("messages", [])), values.get("max_tokens"))
        answer = shapes.message(await self._collect(command_id))
        if values.get("stream"):
            return Response(content_type=_EVENTS, stream=_named_events(shapes.message_events(answer)))
        return as_json(answer)

    async def _responses(self, request: Request) -> Response:
        values = validate.body(request)
        model = _model(values)
        prompt = values.get("input", "")
        text = prompt if isinstance(prompt, str) else _text(prompt)
        command_id = await self._begin(model, text, values.get("max_output_tokens"))
        answer = shapes.response(await self._collect(command_id))
        if values.get("stream"):
            return Response(content_type=_EVENTS, stream=_named_events(shapes.response_events(answer)))
        return as_json(answer)

    async def _cancel(self, request: Request) -> Response:
        command_id = request.groups["command_id"]
        queue = self._queues.get(command_id)
        if queue is None:
            raise HttpError(404, "Command not found or already completed")
        queue.put_nowait(None)
        return as_json({"message": "Command cancelled.", "command_id": command_id})

    async def _ollama_chat(self, request: Request) -> Response:
        return await self._ollama(request, "messages", shapes.ollama_chat)

    async def _ollama_generate(self, request: Request) -> Response:
        return await self._ollama(request, "prompt", shapes.ollama_generate)

    async def _ollama(self, request: Request, field: str, shape: Callable[[shapes.Answer], dict[str, Any]]) -> Response:
        """Answer either of Ollama's two questions; it streams unless told not to."""
        values = validate.body(request)
        model = _model(values)
        prompt = values.get(field, "")
        text = prompt if isinstance(prompt, str) else _text(prompt)
        command_id = await self._begin(model, text, (values.get("options") or {}).get("num_predict"))
        answer = shape(await self._collect(command_id))
        if values.get("stream", True):
            return Response(content_type=_OLLAMA_STREAM, stream=_lines(shapes.ollama_lines(answer)))
        return as_json(answer)

    async def _ollama_tags(self, _: Request) -> Response:
        downloaded = self.downloaded()
        found = [card for card in self._node.catalogue.all() if card["modelId"] in downloaded]
        return as_json({"models": [shapes.ollama_tag(card) for card in found]})

    async def _ollama_show(self, request: Request) -> Response:
        values = validate.body(request)
        name = values.get("name") or values.get("model")
        if not name:
            raise HttpError(400, "name or model is required")
        card = self._node.catalogue.find(name)
        if card is None:
            raise HttpError(404, f"Model not found: {name}")
        return as_json(shapes.ollama_show(card))

    async def _ollama_ps(self, _: Request) -> Response:
        instances = self._node.replica.state.data["instances"].values()
        models = dict.fromkeys(tag(instance)[1]["shardAssignments"]["modelId"] for instance in instances)
        return as_json({"models": [shapes.ollama_running(model) for model in models]})

    async def _ollama_version(self, _: Request) -> Response:
        return as_json({"version": "exo v1.0"})


def _model(values: dict[str, Any]) -> str:
    """Return the model a body names."""
    fields = validate.Fields(values)
    model = fields.string("model")
    fields.finish()
    return model


def _text(messages: list[Any]) -> str:
    """Return the prompt's text."""
    parts = []
    for message in messages:
        content = message.get("content", "") if isinstance(message, dict) else message
        if isinstance(content, list):
            content = "".join(str(part.get("text", "")) for part in content if isinstance(part, dict))
        parts.append(str(content))
    return "".join(parts)


def _dump(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _comment(name: str, value: Any) -> bytes:
    return f": {name} {_dump(value)}\n\n".encode()


def _data(value: Any) -> bytes:
    return f"data: {_dump(value)}\n\n".encode()


async def _named_events(events: list[dict[str, Any]]) -> AsyncIterator[bytes]:
    for event in events:
        yield f"event: {event['type']}\ndata: {_dump(event)}\n\n".encode()


async def _lines(values: list[dict[str, Any]]) -> AsyncIterator[bytes]:
    for value in values:
        yield f"{_dump(value)}\n".encode()
