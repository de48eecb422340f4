# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Streams of Anthropic's API from backends that have it, each made as its clients need it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, ClassVar

from hybrid_cluster.gateway import errors, upstream_errors
from hybrid_cluster.gateway.kinds import Form
from hybrid_cluster.gateway.streams.relay import About, EventRelay, Usage

if TYPE_CHECKING:
    from hybrid_cluster.gateway.streams.framing import Event

STOPPED = frozenset(
    ("end_turn", "max_tokens", "stop_sequence", "tool_use", "pause_turn", "refusal", "model_context_window_exceeded")
)
_EMPTY: dict[str, dict[str, Any]] = {
    "text_delta": {"type": "text", "text": ""},
    "thinking_delta": {"type": "thinking", "thinking": ""},
    "signature_delta": {"type": "thinking", "thinking": ""},
}


class MessageWriter:
    """Writes the events of a message: one start, blocks numbered without gaps, one open at a time."""

    def __init__(self, about: About) -> None:
        self._about = about
        self.started = False
        self._index = -1
        self._open = False

    def start(self, message: dict[str, Any] | None = None) -> bytes:
        """Return the beginning, or nothing where it was written before."""
        if self.started:
            return b""
        self.started = True
        given = message or {}
        usage = given.get("usage") if isinstance(given.get("usage"), dict) else None
        identity = given.get("id") if isinstance(given.get("id"), str) else ""
        return _event(
            "message_start",
            message={
                "id": identity if identity and identity.startswith("msg_") else f"msg_{self._about.request_id}",
                "type": "message",
                "role": "assistant",
                "model": self._about.model,
                "content": [],
                "stop_reason": None,
                "stop_sequence": None,
                "usage": {"input_tokens": 0, "output_tokens": 0, **(usage or {})},
            },
        )

    def block(self, block: dict[str, Any]) -> bytes:
        """Return the start of a block, after the end of the one before."""
        out = self.start() + self.end_block()
        self._index += 1
        self._open = True
        if block.get("type") == "tool_use":
            block = {"input": {}, **block}
        return out + _event("content_block_start", index=self._index, content_block=block)

    def delta(self, delta: dict[str, Any]) -> bytes:
        """Return a piece of the block that is open."""
        return _event("content_block_delta", index=self._index, delta=delta)

    def end_block(self) -> bytes:
        """Return the end of the block that is open, or nothing where none is."""
        if not self._open:
            return b""
        self._open = False
        return _event("content_block_stop", index=self._index)

    def end_message(self, delta: dict[str, Any], usage: dict[str, Any]) -> bytes:
        """Return why the message ends, and what it cost."""
        out = self.start() + self.end_block()
        return out + _event("message_delta", delta=delta, usage={"output_tokens": 0, **usage})


def stop() -> bytes:
    """Return the mark of a whole message."""
    return _event("message_stop")


def _event(name: str, **data: Any) -> bytes:
    return errors.event(name, {"type": name, **data})


class MessageRelay(EventRelay):
    """A stream of a backend that speaks the API, with what it leaves out or mixes up put right."""

    form: ClassVar[Form] = Form.MESSAGES

    def __init__(self, about: About) -> None:
        super().__init__(about)
        self._writer = MessageWriter(about)
        self._blocks: dict[int, dict[str, Any]] = {}
        self._current: int | None = None
        self._stop_reason: str | None = None
        self._input: dict[str, Any] = {}

    @property
    def whole(self) -> bool:
        """Return whether a reason for the end came: exo ends a failed answer without one."""
        return self._stop_reason in STOPPED

    def _event(self, event: Event) -> bytes:
        try:
            value = json.loads(event.data)
        except (ValueError, RecursionError):
            # OpenAI's mark of the end, which some send here too.
            return b"" if event.data.strip() == "[DONE]" else self._unreadable()
        if not isinstance(value, dict):
            return self._unreadable()
        # Clients pass over an event without a name.
        name = value["type"] if isinstance(value.get("type"), str) and event.name != "error" else event.name
        if name == "error" or value.get("error"):
            # llama.cpp sends the error without its wrapping.
            return self.fail(upstream_errors.from_error(value.get("error") or value, self.about.backend))
        handler = {
            "message_start": self._message_start,
            "content_block_start": self._block_start,
            "content_block_delta": self._block_delta,
            "content_block_stop": self._block_stop,
            "message_delta": self._message_delta,
        }.get(name)
        if name == "message_stop":
            return self._conclude()
        if handler is None:
            return errors.event("ping", {"type": "ping"})
        out = handler(value)
        self.began = self.began or bool(out)
        return out

    def _message_start(self, value: dict[str, Any]) -> bytes:
        message = value["message"] if isinstance(value.get("message"), dict) else {}
        if isinstance(message.get("usage"), dict):
            self._input = message["usage"]
        return self._writer.start(message)

    def _block_start(self, value: dict[str, Any]) -> bytes:
        block = value.get("content_block")
        if not isinstance(block, dict) or not isinstance(value.get("index"), int):
            return self._unreadable()
        self._current = value["index"]
        self._blocks[self._current] = block
        self.token = self.token or block.get("type") == "tool_use"
        return self._writer.block(block)

    def _block_delta(self, value: dict[str, Any]) -> bytes:
        delta, index = value.get("delta"), value.get("index")
        if not isinstance(delta, dict) or not isinstance(index, int):
            return self._unreadable()
        for key in ("text", "thinking", "partial_json"):
            self._said(delta.get(key))
        out = b""
        if index != self._current:
            # The start of the first block goes with the start of the message where llama.cpp loses that.
            block = _EMPTY.get(str(delta.get("type")))
            if block is None:
                return self._unreadable()
            self._current = index
            out = self._writer.block(block)
        return out + self._writer.delta(delta)

    def _block_stop(self, value: dict[str, Any]) -> bytes:
        if value.get("index") != self._current:
            # It ended when the next one began.
            return b""
        self._current = None
        return self._writer.end_block()

    def _message_delta(self, value: dict[str, Any]) -> bytes:
        delta = value["delta"] if isinstance(value.get("delta"), dict) else {}
        usage = value["usage"] if isinstance(value.get("usage"), dict) else {}
        self.usage = Usage.read({**self._input, **usage})
        reason = delta.get("stop_reason")
        if reason not in STOPPED:
            return b""
        self._stop_reason = reason
        return self._writer.end_message({"stop_sequence": None, **delta}, usage)

    def _close(self) -> bytes:
        return stop()
