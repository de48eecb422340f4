# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Streams of chat and text completions, each backend's made alike."""

from __future__ import annotations

import json
from abc import abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar

from hybrid_cluster.gateway import errors, upstream_errors
from hybrid_cluster.gateway.errors import Failure
from hybrid_cluster.gateway.kinds import Form
from hybrid_cluster.gateway.streams.relay import About, EventRelay, Usage

if TYPE_CHECKING:
    from hybrid_cluster.gateway.streams.framing import Event

# Every other reason, "abort" and "error" among them, is the end of an answer that failed.
FINISHED = frozenset({"stop", "length", "tool_calls", "content_filter", "function_call"})


def both_reasonings(message: dict[str, Any]) -> None:
    """Give what a model thinks both of the names that clients know."""
    for one, other in (("reasoning", "reasoning_content"), ("reasoning_content", "reasoning")):
        if message.get(one) is not None and message.get(other) is None:
            message[other] = message[one]


class ChatReader(EventRelay):
    """Reads a stream of chunks; what becomes of them is the subclass's."""

    def __init__(self, about: About) -> None:
        super().__init__(about)
        self._finish: dict[int, str | None] = {}
        self._calls: dict[int, list[str | None]] = {}
        self._raw_usage: dict[str, Any] | None = None

    @property
    def whole(self) -> bool:
        """Return whether every choice has a reason for its end."""
        return bool(self._finish) and all(self._finish.values())

    def _event(self, event: Event) -> bytes:
        if event.data.strip() == "[DONE]":
            return self._conclude()
        try:
            value = json.loads(event.data)
        except (ValueError, RecursionError):
            return self._unreadable()
        if not isinstance(value, dict):
            return self._unreadable()
        if value.get("error"):
            return self.fail(upstream_errors.from_error(value["error"], self.about.backend))
        if isinstance(value.get("usage"), dict):
            self._raw_usage = value["usage"]
            self.usage = Usage.read(value["usage"])
        choices = value.get("choices")
        if not isinstance(choices, list):
            # An event without choices is a sign of life, in the form of some backends.
            return self._alive()
        if not all(isinstance(choice, dict) for choice in choices):
            return self._unreadable()
        for choice in choices:
            if (reason := self._read(choice)) is not None:
                sentence = f"{self.about.backend} ended the answer with {reason[:40]!r}."
                return self.fail(Failure(502, sentence, code="answer_cut"))
        return self._chunk(value) if choices else b""

    def _read(self, choice: dict[str, Any]) -> str | None:
        """Note what a choice says and fill in what its backend leaves out; return a reason that is none."""
        index = choice["index"] = choice["index"] if isinstance(choice.get("index"), int) else 0
        reason = choice.get("finish_reason")
        delta = choice["delta"] if isinstance(choice.get("delta"), dict) else {}
        self._said(choice.get("text"))
        self._said(delta.get("content"))
        both_reasonings(delta)
        self._said(delta.get("reasoning_content"))
        for call in delta.get("tool_calls") or ():
            self._number(index, call)
            self.token = True
        if self.form is not Form.COMPLETION:
            if index not in self._finish:
                # llama.cpp loses its first chunk where that ends within a character.
                delta = {"role": "assistant", **{key: value for key, value in delta.items() if key != "role"}}
            choice["delta"] = delta
        if reason is None:
            self._finish.setdefault(index, None)
            return None
        if reason not in FINISHED:
            return str(reason)
        self._finish[index] = str(reason)
        return None

    def _number(self, choice: int, call: dict[str, Any]) -> None:
        """Give a piece of a call its index, without which clients lose the call."""
        known = self._calls.setdefault(choice, [])
        if not isinstance(call.get("index"), int):
            if call.get("id") is None and known:
                call["index"] = len(known) - 1
            elif call.get("id") in known:
                call["index"] = known.index(call["id"])
            else:
                call["index"] = len(known)
        while len(known) <= min(call["index"], 1000):
            known.append(call.get("id"))

    @abstractmethod
    def _chunk(self, value: dict[str, Any]) -> bytes:
        """Return what goes to the client for a chunk with choices."""


class ChatRelay(ChatReader):
    """A stream of chat completions for a client that asked for one."""

    form: ClassVar[Form] = Form.CHAT
    _object = "chat.completion.chunk"

    def __init__(self, about: About) -> None:
        super().__init__(about)
        self._head: dict[str, Any] = {}

    def _chunk(self, value: dict[str, Any]) -> bytes:
        # exo names its chunks "chat.completion", which a helper of OpenAI's client drops.
        value["object"] = self._object
        value["model"] = self.about.model
        value.pop("usage", None)
        self._head = {key: value[key] for key in ("id", "object", "created", "model") if key in value}
        self.began = True
        return errors.event(None, value)

    def _close(self) -> bytes:
        out = b""
        if self.about.include_usage and self._raw_usage is not None:
            out = errors.event(None, {**self._head, "choices": [], "usage": self._raw_usage})
        return out + b"data: [DONE]\n\n"


class CompletionRelay(ChatRelay):
    """A stream of text completions for a client that asked for one."""

    form: ClassVar[Form] = Form.COMPLETION
    _object = "text_completion"
