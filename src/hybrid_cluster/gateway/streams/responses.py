# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Streams of OpenAI's responses API, with the numbers that backends leave out."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, ClassVar

from hybrid_cluster.gateway import errors, upstream_errors
from hybrid_cluster.gateway.kinds import Form
from hybrid_cluster.gateway.streams.relay import About, EventRelay, Usage

if TYPE_CHECKING:
    from hybrid_cluster.gateway.errors import Failure
    from hybrid_cluster.gateway.streams.framing import Event

_PARTS = ("response.content_part.", "response.output_text.", "response.refusal.", "response.reasoning_text.")

_ENDS = {"response.completed": "completed", "response.incomplete": "incomplete"}


class ResponseRelay(EventRelay):
    """A stream of a backend that has the API."""

    form: ClassVar[Form] = Form.RESPONSES

    def __init__(self, about: About) -> None:
        super().__init__(about)
        self._sequence = 0
        self._items: dict[str, int] = {}
        self._last = -1
        self._completed = False

    @property
    def whole(self) -> bool:
        """Return whether the backend said how the answer ended."""
        return self._completed

    def _event(self, event: Event) -> bytes:
        if event.data.strip() == "[DONE]":
            return b""
        try:
            value = json.loads(event.data)
        except (ValueError, RecursionError):
            return self._unreadable()
        if not isinstance(value, dict):
            return self._unreadable()
        name = value["type"] if isinstance(value.get("type"), str) else event.name
        if name in {"error", "response.failed"} or not name:
            response = value.get("response")
            error = response.get("error") if isinstance(response, dict) else value.get("error")
            return self.fail(upstream_errors.from_error(error or value, self.about.backend))
        if isinstance(value.get("response"), dict):
            if failed := self._response(name, value["response"]):
                return failed
        elif name in _ENDS:
            return self._conclude()
        self._indices(name, value)
        self._said(value.get("delta"))
        value["sequence_number"] = self._sequence
        self._sequence += 1
        self.began = True
        out = errors.event(name, {**value, "type": name})
        if self._completed:
            self.ended = True
        return out

    def _response(self, name: str, response: dict[str, Any]) -> bytes:
        response["model"] = self.about.model
        self.usage = Usage.read(response.get("usage")) or self.usage
        if response.get("error"):
            return self.fail(upstream_errors.from_error(response["error"], self.about.backend))
        if name in _ENDS:
            if response.get("status") != _ENDS[name]:
                return self._conclude()
            self._completed = True
        return b""

    def _indices(self, name: str, value: dict[str, Any]) -> None:
        item = value["item"].get("id") if isinstance(value.get("item"), dict) else value.get("item_id")
        if name == "response.output_item.added":
            self._last += 1
            if isinstance(item, str):
                self._items.setdefault(item, self._last)
        if item is not None or name.startswith(_PARTS):
            value.setdefault("output_index", self._items.get(str(item), max(self._last, 0)))
        if name.startswith(_PARTS):
            value.setdefault("content_index", 0)

    def fail(self, failure: Failure) -> bytes:
        """Return the end of an answer that failed, with its number."""
        self.ended = True
        self.failure = failure
        return errors.in_stream(failure, self.form, self.about.request_id, self._sequence)

    def _close(self) -> bytes:
        return b""
