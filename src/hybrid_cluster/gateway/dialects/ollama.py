# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Ollama's chat and generate over OpenAI's chat completions."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, ClassVar

from hybrid_cluster.gateway.calls import Calls, named
from hybrid_cluster.gateway.dialects import shapes
from hybrid_cluster.gateway.errors import Failure
from hybrid_cluster.gateway.kinds import Form
from hybrid_cluster.gateway.streams.chat import ChatReader

if TYPE_CHECKING:
    from hybrid_cluster.gateway.streams.relay import About

_OPTIONS = {
    "num_predict": "max_tokens",
    "temperature": "temperature",
    "top_p": "top_p",
    "top_k": "top_k",
    "min_p": "min_p",
    "seed": "seed",
    "stop": "stop",
    "presence_penalty": "presence_penalty",
    "frequency_penalty": "frequency_penalty",
    "repeat_penalty": "repetition_penalty",
}
# How images begin in base64.
_IMAGES = {"iVBOR": "png", "/9j/": "jpeg", "UklGR": "webp", "R0lGOD": "gif"}
_AT_ONCE = {"0", "0s", "0m", "0h"}


def load_answer(fields: dict[str, Any], form: Form, model: str) -> dict[str, Any] | None:
    """Return the answer to a request that says nothing, which loads or ends a model; None for every other one.

    Nothing is loaded for it: the first request that says something does that.
    """
    said = ("messages",) if form is Form.OLLAMA_CHAT else ("prompt", "images", "suffix")
    if any(fields.get(key) for key in said):
        return None
    keep = fields.get("keep_alive")
    if str(keep) in _AT_ONCE and keep is not False:
        raise Failure(403, "Others use the model too, so it is not unloaded.", code="refused")
    return {**_head(model), **_content(form, "", {}), "done": True, "done_reason": "load"}


def to_chat(fields: dict[str, Any], form: Form) -> dict[str, Any]:
    """Return the request for chat completions that asks the same."""
    found: dict[str, Any] = {"model": fields["model"], "stream": fields.get("stream") is not False}
    options = shapes.mapping(fields, "options")
    found |= {ours: options[theirs] for theirs, ours in _OPTIONS.items() if options.get(theirs) is not None}
    if isinstance(found.get("max_tokens"), int) and found["max_tokens"] < 0:
        # No limit, which the other API says by saying nothing.
        del found["max_tokens"]
    wanted = fields.get("format")
    if wanted == "json":
        found["response_format"] = {"type": "json_object"}
    elif isinstance(wanted, dict):
        found["response_format"] = {"type": "json_schema", "json_schema": {"name": "answer", "schema": wanted}}
    elif wanted:
        shapes.refuse("'format' is \"json\" or a schema.", "format")
    think = fields.get("think")
    if isinstance(think, bool):
        found["chat_template_kwargs"] = {"enable_thinking": think}
    elif isinstance(think, str):
        found["reasoning_effort"] = think
    if tools := shapes.listed(fields, "tools"):
        found["tools"] = tools
    found["messages"] = _prompt(fields) if form is Form.OLLAMA_GENERATE else _messages(fields)
    return found


def _prompt(fields: dict[str, Any]) -> list[dict[str, Any]]:
    if fields.get("suffix") or fields.get("raw"):
        shapes.refuse(
            "The model's backend knows neither 'suffix' nor 'raw'.", "suffix" if fields.get("suffix") else "raw"
        )
    system = fields.get("system")
    found = [{"role": "system", "content": shapes.text(system, "system")}] if system else []
    return [*found, _with_images("user", shapes.text(fields.get("prompt") or "", "prompt"), fields.get("images"))]


def _messages(fields: dict[str, Any]) -> list[dict[str, Any]]:
    found, open_calls, number = [], list[tuple[str, str]](), 0
    for message in shapes.listed(fields, "messages"):
        role = message.get("role")
        content = shapes.text(message.get("content") or "", "messages")
        if role == "tool":
            found.append({"role": "tool", "tool_call_id": _answered(message, open_calls), "content": content})
            continue
        if role not in ("system", "user", "assistant"):
            shapes.refuse("The role of a message is 'system', 'user', 'assistant' or 'tool'.", "messages")
        said = _with_images(role, content, message.get("images"))
        calls = []
        for call in shapes.listed(message, "tool_calls"):
            function = shapes.mapping(call, "function")
            name, identity = shapes.text(function.get("name"), "messages"), call.get("id") or f"call_{number}"
            number += 1
            open_calls.append((str(identity), name))
            arguments = json.dumps(function.get("arguments") or {}, ensure_ascii=False)
            calls.append({"id": str(identity), "type": "function", "function": {"name": name, "arguments": arguments}})
        found.append(said | ({"tool_calls": calls} if calls else {}))
    return found


def _answered(message: dict[str, Any], open_calls: list[tuple[str, str]]) -> str:
    """Return the id of the call that a result belongs to: the one it names, or the first open one of that tool."""
    if isinstance(message.get("tool_call_id"), str):
        wanted = message["tool_call_id"]
        open_calls[:] = [call for call in open_calls if call[0] != wanted]
        return str(wanted)
    name = message.get("tool_name") or message.get("name")
    call = next((call for call in open_calls if name in (None, call[1])), None)
    if call is None:
        shapes.refuse("A message of the role 'tool' answers no call.", "messages")
    open_calls.remove(call)
    return call[0]


def _with_images(role: str, content: str, images: object) -> dict[str, Any]:
    if not images:
        return {"role": role, "content": content}
    if not isinstance(images, list):
        shapes.refuse("'images' must be a list of texts.", "images")
    parts: list[dict[str, Any]] = [{"type": "text", "text": content}] if content else []
    for image in images:
        data = shapes.text(image, "images")
        kind = next((kind for start, kind in _IMAGES.items() if data.startswith(start)), None)
        if kind is None:
            shapes.refuse("An image is neither PNG, JPEG, WebP nor GIF in base64.", "images")
        parts.append({"type": "image_url", "image_url": {"url": f"data:image/{kind};base64,{data}"}})
    return {"role": role, "content": parts}


def from_chat(answer: dict[str, Any], form: Form, about: About, started: int) -> dict[str, Any]:
    """Return the answer that a whole chat completion stands for; it was asked for at a time of monotonic_ns."""
    choice = answer["choices"][0]
    message = choice["message"]
    more: dict[str, Any] = {}
    if message.get("reasoning_content"):
        more["thinking"] = message["reasoning_content"]
    if message.get("tool_calls"):
        more["tool_calls"] = _calls(message["tool_calls"], about)
    content = _content(form, message.get("content") or "", more)
    return {**_head(about.model), **content, **_end(choice["finish_reason"], answer.get("usage"), started)}


def _calls(calls: list[dict[str, Any]], about: About) -> list[dict[str, Any]]:
    """Return calls whose arguments are objects, which Ollama's clients insist on."""
    found = []
    for index, call in enumerate(calls):
        name, given = named(call, about.backend)
        function = {"index": index, "name": name, "arguments": given}
        found.append({"id": call.get("id") or f"call_{index}", "function": function})
    return found


def _head(model: str) -> dict[str, Any]:
    now = datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
    return {"model": model, "created_at": now}


def _content(form: Form, text: str, more: dict[str, Any]) -> dict[str, Any]:
    if form is Form.OLLAMA_GENERATE:
        return {"response": text, **{key: value for key, value in more.items() if key == "thinking"}}
    return {"message": {"role": "assistant", "content": text, **more}}


def _end(reason: str, usage: object, started: int) -> dict[str, Any]:
    given = usage if isinstance(usage, dict) else {}
    taken = time.monotonic_ns() - started
    return {
        "done": True,
        "done_reason": "length" if reason == "length" else "stop",
        "total_duration": taken,
        "load_duration": 0,
        "prompt_eval_count": given.get("prompt_tokens") or 0,
        "prompt_eval_duration": 0,
        "eval_count": given.get("completion_tokens") or 0,
        "eval_duration": taken,
    }


class OllamaStream(ChatReader):
    """A stream of chat completions as lines of Ollama's chat."""

    form: ClassVar[Form] = Form.OLLAMA_CHAT

    def __init__(self, about: About) -> None:
        super().__init__(about)
        self._started = time.monotonic_ns()
        self._tools = Calls()

    def _chunk(self, value: dict[str, Any]) -> bytes:
        out = b""
        for choice in value["choices"]:
            if choice["index"] != 0:
                continue
            delta = choice["delta"]
            for call in delta.get("tool_calls") or ():
                self._tools.add(call)
            if delta.get("reasoning_content"):
                out += self._line("", {"thinking": delta["reasoning_content"]})
            if delta.get("content"):
                out += self._line(delta["content"], {})
        self.began = self.began or bool(out)
        return out

    def _line(self, text: str, more: dict[str, Any], end: dict[str, Any] | None = None) -> bytes:
        value = {**_head(self.about.model), **_content(self.form, text, more), **(end or {"done": False})}
        return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace") + b"\n"

    def _alive(self) -> bytes:
        # Lines of JSON have no comments.
        return b""

    def _close(self) -> bytes:
        out = b""
        if calls := self._tools.all():
            try:
                out = self._line("", {"tool_calls": _calls(calls, self.about)})
            except Failure as failure:
                return self.fail(failure)
        self.began = True
        return out + self._line("", {}, _end(self._finish.get(0) or "stop", self._raw_usage, self._started))


class GenerateStream(OllamaStream):
    """A stream of chat completions as lines of Ollama's generate."""

    form: ClassVar[Form] = Form.OLLAMA_GENERATE
