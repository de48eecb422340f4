# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Anthropic's messages over OpenAI's chat completions."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, ClassVar

from hybrid_cluster.gateway.calls import named
from hybrid_cluster.gateway.dialects import shapes
from hybrid_cluster.gateway.kinds import Form
from hybrid_cluster.gateway.streams.chat import ChatReader
from hybrid_cluster.gateway.streams.messages import MessageWriter, stop

if TYPE_CHECKING:
    from hybrid_cluster.gateway.streams.relay import About

_KEPT = ("model", "stream", "temperature", "top_p", "top_k")
_CHOICES = {"auto": "auto", "any": "required", "none": "none"}
_REASONS = {
    "stop": "end_turn",
    "length": "max_tokens",
    "tool_calls": "tool_use",
    "function_call": "tool_use",
    "content_filter": "refusal",
}


def to_chat(fields: dict[str, Any]) -> dict[str, Any]:
    """Return the request for chat completions that asks the same."""
    found = {key: fields[key] for key in _KEPT if fields.get(key) is not None}
    if not isinstance(fields.get("max_tokens"), int):
        shapes.refuse("'max_tokens' must be a number.", "max_tokens")
    found["max_tokens"] = fields["max_tokens"]
    found["messages"] = _system(fields.get("system"))
    messages = shapes.listed(fields, "messages")
    if not messages:
        shapes.refuse("'messages' is empty.", "messages")
    for message in messages:
        found["messages"] += _message(message)
    if fields.get("stop_sequences"):
        found["stop"] = fields["stop_sequences"]
    thinking = shapes.mapping(fields, "thinking").get("type")
    if thinking in ("enabled", "adaptive", "disabled"):
        found["chat_template_kwargs"] = {"enable_thinking": thinking != "disabled"}
    return found | _tools(fields)


def _system(system: object) -> list[dict[str, Any]]:
    if not system:
        return []
    if isinstance(system, str):
        return [{"role": "system", "content": system}]
    blocks = shapes.listed({"system": system}, "system")
    return [{"role": "system", "content": "\n".join(shapes.text(block.get("text"), "system") for block in blocks)}]


def _tools(fields: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    tools = []
    for tool in shapes.listed(fields, "tools"):
        if tool.get("type", "custom") != "custom":
            shapes.refuse(f"No backend here has the tool {str(tool['type'])[:50]!r}.", "tools")
        function = {"name": shapes.text(tool.get("name"), "tools"), "parameters": tool.get("input_schema") or {}}
        if tool.get("description"):
            function["description"] = tool["description"]
        tools.append({"type": "function", "function": function})
    if tools:
        found["tools"] = tools
    choice = shapes.mapping(fields, "tool_choice")
    kind = choice.get("type")
    if kind == "tool":
        name = shapes.text(choice.get("name"), "tool_choice")
        found["tool_choice"] = {"type": "function", "function": {"name": name}}
    elif isinstance(kind, str) and kind in _CHOICES:
        found["tool_choice"] = _CHOICES[kind]
    elif kind is not None:
        shapes.refuse("'tool_choice' has an unknown type.", "tool_choice")
    if choice.get("disable_parallel_tool_use"):
        found["parallel_tool_calls"] = False
    return found


def _message(message: dict[str, Any]) -> list[dict[str, Any]]:
    role, content = message.get("role"), message.get("content")
    if role not in ("user", "assistant"):
        shapes.refuse("The role of a message is 'user' or 'assistant'.", "messages")
    if isinstance(content, str):
        return [{"role": role, "content": content}]
    blocks = shapes.listed({"messages": content}, "messages")
    return _assistant(blocks) if role == "assistant" else _user(blocks)


def _assistant(blocks: list[dict[str, Any]]) -> list[dict[str, Any]]:
    texts, calls = [], []
    for block in blocks:
        kind = block.get("type")
        if kind == "text":
            texts.append(shapes.text(block.get("text"), "messages"))
        elif kind == "tool_use":
            name, identity = shapes.text(block.get("name"), "messages"), shapes.text(block.get("id"), "messages")
            arguments = json.dumps(block.get("input") or {}, ensure_ascii=False)
            calls.append({"id": identity, "type": "function", "function": {"name": name, "arguments": arguments}})
        elif kind not in ("thinking", "redacted_thinking"):
            _unknown(kind)
    found: dict[str, Any] = {"role": "assistant", "content": "".join(texts) or (None if calls else "")}
    return [found | ({"tool_calls": calls} if calls else {})]


def _user(blocks: list[dict[str, Any]]) -> list[dict[str, Any]]:
    results, parts = [], []
    for block in blocks:
        if block.get("type") == "tool_result":
            identity = shapes.text(block.get("tool_use_id"), "messages")
            said, images = _result(block.get("content"))
            results.append({"role": "tool", "tool_call_id": identity, "content": said})
            parts += images
        else:
            parts.append(_part(block))
    if not parts:
        return results
    if all(part["type"] == "text" for part in parts):
        return [*results, {"role": "user", "content": "\n".join(part["text"] for part in parts)}]
    return [*results, {"role": "user", "content": parts}]


def _result(content: object) -> tuple[str, list[dict[str, Any]]]:
    """Return the text of a tool's result, and its images, which go into the message after it."""
    if content is None or isinstance(content, str):
        return content or "", []
    parts = [_part(block) for block in shapes.listed({"messages": content}, "messages")]
    texts = [part["text"] for part in parts if part["type"] == "text"]
    return "\n".join(texts), [part for part in parts if part["type"] != "text"]


def _part(block: dict[str, Any]) -> dict[str, Any]:
    kind = block.get("type")
    if kind == "text":
        return {"type": "text", "text": shapes.text(block.get("text"), "messages")}
    if kind != "image":
        _unknown(kind)
    source = shapes.mapping(block, "source")
    if source.get("type") == "url":
        address = shapes.text(source.get("url"), "messages")
    else:
        media, data = shapes.text(source.get("media_type"), "messages"), shapes.text(source.get("data"), "messages")
        address = f"data:{media};base64,{data}"
    return {"type": "image_url", "image_url": {"url": address}}


def _unknown(kind: object) -> None:
    shapes.refuse(f"The model's backend cannot read content of the type {str(kind)[:50]!r}.", "messages")


def from_chat(answer: dict[str, Any], about: About) -> dict[str, Any]:
    """Return the message that a whole chat completion stands for."""
    choice = answer["choices"][0]
    message = choice["message"]
    content: list[dict[str, Any]] = []
    if message.get("reasoning_content"):
        content.append({"type": "thinking", "thinking": message["reasoning_content"], "signature": ""})
    if message.get("content"):
        content.append({"type": "text", "text": message["content"]})
    calls = message.get("tool_calls") or []
    content += [_tool_use(call, number, about) for number, call in enumerate(calls)]
    return {
        "id": f"msg_{about.request_id}",
        "type": "message",
        "role": "assistant",
        "model": about.model,
        "content": content,
        "stop_reason": "tool_use" if calls else _REASONS[choice["finish_reason"]],
        "stop_sequence": None,
        "usage": _usage(answer.get("usage")),
    }


def _tool_use(call: dict[str, Any], number: int, about: About) -> dict[str, Any]:
    name, given = named(call, about.backend)
    identity = call.get("id") or f"toolu_{about.request_id}_{number}"
    return {"type": "tool_use", "id": identity, "name": name, "input": given}


def _usage(usage: object) -> dict[str, int]:
    given = usage if isinstance(usage, dict) else {}
    return {
        "input_tokens": given.get("prompt_tokens") or 0,
        "output_tokens": given.get("completion_tokens") or 0,
    }


class MessageStream(ChatReader):
    """A stream of chat completions as the events of a message."""

    form: ClassVar[Form] = Form.MESSAGES

    def __init__(self, about: About) -> None:
        super().__init__(about)
        self._writer = MessageWriter(about)
        self._block: str | int | None = None
        """What the open block holds: thinking, text, or the call of a number."""
        self._called: set[int] = set()

    def _chunk(self, value: dict[str, Any]) -> bytes:
        out = b""
        for choice in value["choices"]:
            if choice["index"] != 0:
                continue
            delta = choice["delta"]
            if delta.get("reasoning_content"):
                out += self._text("thinking", delta["reasoning_content"])
            if delta.get("content"):
                out += self._text("text", delta["content"])
            for call in delta.get("tool_calls") or ():
                piece = self._call(call)
                if self.ended:
                    return out + piece
                out += piece
        self.began = self.began or bool(out)
        return out

    def _text(self, kind: str, text: str) -> bytes:
        out = b""
        if self._block != kind:
            out = self._leave() + self._writer.block({"type": kind, kind: ""})
            self._block = kind
        return out + self._writer.delta({"type": f"{kind}_delta", kind: text})

    def _call(self, call: dict[str, Any]) -> bytes:
        function = call["function"] if isinstance(call.get("function"), dict) else {}
        number, out = call["index"], b""
        if self._block != number:
            if number in self._called or not function.get("name"):
                return self._unreadable()
            self._called.add(number)
            identity = call.get("id") or f"toolu_{self.about.request_id}_{number}"
            out = self._leave() + self._writer.block({"type": "tool_use", "id": identity, "name": function["name"]})
            self._block = number
        if function.get("arguments"):
            out += self._writer.delta({"type": "input_json_delta", "partial_json": str(function["arguments"])})
        return out

    def _leave(self) -> bytes:
        if self._block == "thinking":
            return self._writer.delta({"type": "signature_delta", "signature": ""}) + self._writer.end_block()
        return self._writer.end_block()

    def _close(self) -> bytes:
        self.began = True
        reason = "tool_use" if self._called else _REASONS[self._finish.get(0) or "stop"]
        out = self._leave() if self._block is not None else b""
        end = self._writer.end_message({"stop_reason": reason, "stop_sequence": None}, _usage(self._raw_usage))
        return out + end + stop()
