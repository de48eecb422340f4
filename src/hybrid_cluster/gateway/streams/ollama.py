# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Streams of Ollama's own API."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, ClassVar

from hybrid_cluster.gateway import upstream_errors
from hybrid_cluster.gateway.kinds import Form
from hybrid_cluster.gateway.streams.framing import Lines
from hybrid_cluster.gateway.streams.relay import About, Relay, Usage

if TYPE_CHECKING:
    from collections.abc import Iterable


class OllamaRelay(Relay):
    """A stream of Ollama for a client that speaks its API."""

    form: ClassVar[Form] = Form.OLLAMA_CHAT

    def __init__(self, about: About) -> None:
        super().__init__(about)
        self._lines = Lines()
        self._done = False

    @property
    def whole(self) -> bool:
        """Return whether the last line came."""
        return self._done

    def _cut(self, chunk: bytes) -> Iterable[bytes]:
        return self._lines.feed(chunk)

    def _flush(self) -> Iterable[bytes]:
        return self._lines.end()

    def _one(self, item: bytes) -> bytes:
        try:
            value = json.loads(item)
        except (ValueError, RecursionError):
            return self._unreadable()
        if not isinstance(value, dict):
            return self._unreadable()
        if value.get("error"):
            return self.fail(upstream_errors.from_error(value["error"], self.about.backend))
        value["model"] = self.about.model
        message = value["message"] if isinstance(value.get("message"), dict) else {}
        for text in (message.get("content"), message.get("thinking"), value.get("response"), value.get("thinking")):
            self._said(text)
        self.token = self.token or bool(message.get("tool_calls"))
        self.began = True
        if value.get("done") is True:
            self._done = self.ended = True
            self.usage = Usage.read(value)
        return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace") + b"\n"

    def _close(self) -> bytes:
        return b""
