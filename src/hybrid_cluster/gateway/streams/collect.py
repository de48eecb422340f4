# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""A stream put together for a client that asked for none.

mlx_lm goes on to the end of an answer that is not a stream when nobody waits for it any more: it is asked for streams.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from hybrid_cluster.gateway.calls import Calls
from hybrid_cluster.gateway.kinds import Form
from hybrid_cluster.gateway.streams.chat import ChatReader

if TYPE_CHECKING:
    from hybrid_cluster.gateway.streams.relay import About


class Collector(ChatReader):
    """Keeps what a stream says."""

    form: ClassVar[Form] = Form.CHAT

    def __init__(self, about: About) -> None:
        super().__init__(about)
        self._texts: dict[int, dict[str, str]] = {}
        self._tools: dict[int, Calls] = {}
        self._head: dict[str, Any] = {}

    def answer(self) -> dict[str, Any]:
        """Return the answer, whose stream has ended whole."""
        return {**self._head, "choices": [self._choice(index) for index in sorted(self._finish)], **self._used()}

    def _used(self) -> dict[str, Any]:
        return {} if self._raw_usage is None else {"usage": self._raw_usage}

    def _choice(self, index: int) -> dict[str, Any]:
        texts = self._texts.get(index, {})
        found: dict[str, Any] = {"index": index, "finish_reason": self._finish[index]}
        if "text" in texts:
            return {**found, "text": texts["text"]}
        message: dict[str, Any] = {"role": "assistant", "content": texts.get("content", "")}
        if "reasoning_content" in texts:
            message["reasoning_content"] = texts["reasoning_content"]
        if index in self._tools:
            message["tool_calls"] = self._tools[index].all()
            message["content"] = message["content"] or None
        return {**found, "message": message}

    def _chunk(self, value: dict[str, Any]) -> bytes:
        self._head.update({key: value[key] for key in ("id", "created") if key in value})
        for choice in value["choices"]:
            texts = self._texts.setdefault(choice["index"], {})
            for place, key in ((choice, "text"), (choice["delta"], "content"), (choice["delta"], "reasoning_content")):
                if isinstance(place.get(key), str):
                    texts[key] = texts.get(key, "") + place[key]
            for call in choice["delta"].get("tool_calls") or ():
                self._tools.setdefault(choice["index"], Calls()).add(call)
        return b""

    def _alive(self) -> bytes:
        return b""

    def _close(self) -> bytes:
        return b""
