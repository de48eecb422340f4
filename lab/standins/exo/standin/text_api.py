# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The text routes: OpenAI's, Anthropic's and Ollama's ways of asking the same model."""

from __future__ import annotations

import asyncio
import json
import time
from typing import TYPE_CHECKING, Any

from . import clock, generation, shapes, streams, validate
from .http import HttpError, InvalidRequestError, Request, Response, as_json
from .identity import new_id
from .state import download_model, tag

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator

    from .http import Server
    from .node import Node
    from .state import Event

_EVENTS = "text/event-stream; charset=utf-8"
_OLLAMA_STREAM = "application/x-ndjson"
_BROKEN = "Internal server error"
_TEXT = "TextGeneration"
_STREAM_HEADERS = (("cache-control", "no-cache"), ("x-accel-buffering", "no"))
_ROLES = ("system", "user", "assistant", "developer", "tool", "function")
_ANTHROPIC_ROLES = ("user", "assistant")
_OLLAMA_ROLES = ("system", "user", "assistant", "tool")


class TextApi:
    """Requests for text and the chunks that answer them."""

    def __init__(self, node: Node, server: Server) -> None:
        self._node = node
        self._queues: dict[str, asyncio.Queue[tuple[str, dict[str, Any]] | None]] = {}
        server.route("POST", "/v1/chat/completions", self._chat)
        server.route("POST", "/bench/chat/completions", self._bench)
        server.route("POST", "/v1/images/generations", self._image)
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
            if kind in generation.REQUESTS and instance_id in (None, content["instanceId"]):
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

    async def _begin(
        self, model: str, prompt: str, maximum: Any, *, unbearable: bool = False, kind: str = _TEXT
    ) -> str:
        """Send the request to the master; without an instance of the model there is nobody to answer.

        One that is `unbearable` ends the runner that gets it.
        """
        instances = self._node.replica.state.data["instances"].values()
        if all(tag(instance)[1]["shardAssignments"]["modelId"] != model for instance in instances):
            raise HttpError(404, f"No instance found for model {model}")
        command_id = new_id()
        self._queues[command_id] = asyncio.Queue()
        parameters = {"model": model, "prompt": prompt, "maxOutputTokens": maximum}
        if unbearable:
            parameters["unbearable"] = True
        await self._node.send_command({kind: {"commandId": command_id, "taskParams": parameters}})
        return command_id

    async def _image(self, request: Request) -> Response:
        """Ask for an image: a text model's runner ends at it, and again each time it is back, until it is given up."""
        fields = validate.Fields(validate.body(request))
        model = fields.string("model")
        fields.string("prompt")
        fields.finish()
        if self._node.catalogue.find(model) is None:
            await clock.sleep(clock.PLACEMENT_HUB_TIMEOUT)
            raise OSError("no such model")
        command_id = await self._begin(model, "", None, unbearable=True, kind="ImageGeneration")
        async for _ in self._chunks(command_id):
            break
        return Response(b"Internal Server Error", 500, "text/plain; charset=utf-8")

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
                raise HttpError(500, chunk["errorMessage"] or _BROKEN)
            if kind == "TokenChunk":
                texts.append(chunk["text"])
                last = chunk
        if not last:
            raise HttpError(500, _BROKEN)
        return shapes.Answer(command_id, last["model"], "".join(texts), last)

    async def _chat_request(self, request: Request) -> tuple[dict[str, Any], str]:
        values = validate.body(request)
        fields = validate.Fields(values)
        model, messages = fields.string("model"), fields.messages("messages", _ROLES)
        fields.finish()
        maximum = values.get("max_tokens", values.get("max_completion_tokens"))
        return values, await self._begin(model, _text(messages), maximum, unbearable=not messages)

    async def _chat(self, request: Request) -> Response:
        values, command_id = await self._chat_request(request)
        if values.get("stream"):
            return _events(self._chat_stream(command_id))
        try:
            return as_json(shapes.completion(await self._collect(command_id)))
        except HttpError:
            return Response()  # its head has gone out before anything is known

    async def _chat_stream(self, command_id: str) -> AsyncGenerator[bytes, None]:
        """Yield the stream: comments about its progress between the data."""
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
        fields = validate.Fields(values)
        model, maximum = fields.string("model"), fields.required_integer("max_tokens")
        messages = fields.messages("messages", _ANTHROPIC_ROLES, content=True)
        fields.finish()
        command_id = await self._begin(model, _text(messages), maximum)
        if values.get("stream"):
            return _events(streams.messages(command_id, model, self._chunks(command_id)))
        return as_json(shapes.message(await self._collect(command_id)))

    async def _responses(self, request: Request) -> Response:
        values = validate.body(request)
        fields = validate.Fields(values)
        model = fields.string("model")
        fields.present("input")
        fields.finish()
        prompt = values["input"]
        text = prompt if isinstance(prompt, str) else _text(prompt)
        command_id = await self._begin(model, text, values.get("max_output_tokens"))
        if values.get("stream"):
            return _events(streams.responses(command_id, model, self._chunks(command_id)))
        return as_json(shapes.response(await self._collect(command_id)))

    async def _cancel(self, request: Request) -> Response:
        command_id = request.groups["command_id"]
        queue = self._queues.get(command_id)
        if queue is None:
            raise HttpError(404, "Command not found or already completed")
        queue.put_nowait(None)
        return as_json({"message": "Command cancelled.", "command_id": command_id})

    async def _ollama_chat(self, request: Request) -> Response:
        return await self._ollama(request, "messages")

    async def _ollama_generate(self, request: Request) -> Response:
        return await self._ollama(request, "prompt")

    async def _ollama(self, request: Request, field: str) -> Response:
        """Answer either of Ollama's two questions; it streams unless told not to."""
        try:
            values = validate.body(request)
            fields = validate.Fields(values)
            model = fields.string("model")
            asked = fields.messages(field, _OLLAMA_ROLES) if field == "messages" else values.get(field, "")
            fields.finish()
        except InvalidRequestError:
            # It reads these bodies by itself, so that nobody makes a sentence of what is wrong with one.
            return Response(b"Internal Server Error", 500, "text/plain; charset=utf-8")
        text = asked if isinstance(asked, str) else _text(asked)
        command_id = await self._begin(model, text, (values.get("options") or {}).get("num_predict"))
        if values.get("stream", True):
            stream = streams.ollama(field, self._chunks(command_id))
            return Response(content_type=_OLLAMA_STREAM, stream=stream, headers=_STREAM_HEADERS)
        answer = await self._collect(command_id)
        return as_json(shapes.ollama(field, answer.model, answer.text, answer.last))

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


def _events(pieces: AsyncGenerator[bytes, None]) -> Response:
    """Return a stream that is kept alive."""
    return Response(content_type=_EVENTS, stream=streams.kept_alive(pieces), headers=_STREAM_HEADERS)


def _text(messages: list[Any]) -> str:
    """Return the prompt's text."""
    parts = []
    for message in messages:
        content = message.get("content", "") if isinstance(message, dict) else message
        if isinstance(content, list):
            content = "".join(str(part.get("text", "")) for part in content if isinstance(part, dict))
        parts.append(str(content))
    return "".join(parts)


def _comment(name: str, value: Any) -> bytes:
    return f": {name} {streams.dump(value)}\n\n".encode()


def _data(value: Any) -> bytes:
    return f"data: {streams.dump(value)}\n\n".encode()
