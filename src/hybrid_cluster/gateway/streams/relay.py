# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What every stream has in common: it ends once, whole or with an error."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from hybrid_cluster.gateway import errors
from hybrid_cluster.gateway.errors import Failure
from hybrid_cluster.gateway.streams.framing import Comment, Event, Events, TooLong

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hybrid_cluster.gateway.kinds import Form

# One line end only: with two, a client that minds the ids of events reads an empty event.
KEEP_ALIVE = b": keep-alive\n"
WAKING = b": waking\n"


@dataclass(frozen=True)
class About:
    """What a stream says of itself."""

    model: str
    """The public name, whatever the backend calls the model."""
    backend: str
    request_id: str
    include_usage: bool = False
    """Whether the client asked for the number of tokens in a chunk of its own."""


@dataclass(frozen=True)
class Usage:
    """The tokens that a request cost."""

    prompt: int
    completion: int
    cached: int = 0

    @classmethod
    def read(cls, value: object) -> Usage | None:
        """Return what an answer of any dialect says, or nothing where it says none."""
        if not isinstance(value, dict):
            return None
        prompt = _number(value, "prompt_tokens", "input_tokens", "prompt_eval_count")
        completion = _number(value, "completion_tokens", "output_tokens", "eval_count")
        if prompt is None and completion is None:
            return None
        details = value.get("prompt_tokens_details") or value.get("input_tokens_details")
        cached = _number(details, "cached_tokens") if isinstance(details, dict) else None
        return cls(prompt or 0, completion or 0, cached or _number(value, "cache_read_input_tokens") or 0)


def _number(value: dict[str, Any], *keys: str) -> int | None:
    for key in keys:
        found = value.get(key)
        if isinstance(found, int) and not isinstance(found, bool) and found >= 0:
            return found
    return None


class Relay(ABC):
    """Turns what comes from a backend into what goes to the client."""

    form: ClassVar[Form]
    """The form of what goes to the client."""

    def __init__(self, about: About) -> None:
        self.about = about
        self.began = False
        """Whether anything but comments went to the client: from then on nobody else can answer."""
        self.token = False
        """Whether the model said something; comments are no tokens."""
        self.ended = False
        self.failure: Failure | None = None
        self.usage: Usage | None = None
        self.characters = 0
        """How much text came, for where the tokens are not told."""

    @property
    @abstractmethod
    def whole(self) -> bool:
        """Return whether the backend said that the answer is complete."""

    def feed(self, chunk: bytes) -> bytes:
        """Return what goes to the client for a chunk of the backend."""
        if self.ended:
            return b""
        try:
            return self._all(self._cut(chunk))
        except TooLong:
            return self.fail(Failure(502, f"{self.about.backend} sent an event that does not end."))

    def finish(self, failure: Failure | None = None) -> bytes:
        """Return what goes to the client when the backend has ended, by itself or with a failure."""
        out = b"" if self.ended or failure is not None else self._all(self._flush())
        return out if self.ended else out + self._conclude(failure)

    def _conclude(self, failure: Failure | None = None) -> bytes:
        if self.whole:
            self.ended = True
            return self._close()
        sentence = f"{self.about.backend} ended before the answer was whole."
        return self.fail(failure or Failure(502, sentence, code="answer_cut"))

    def fail(self, failure: Failure) -> bytes:
        """Return the end of an answer that failed."""
        self.ended = True
        self.failure = failure
        return errors.in_stream(failure, self.form, self.about.request_id)

    @abstractmethod
    def _cut(self, chunk: bytes) -> Iterable[Any]:
        """Return the events that a chunk completes."""

    @abstractmethod
    def _flush(self) -> Iterable[Any]:
        """Return the events that the end completes."""

    @abstractmethod
    def _one(self, item: Any) -> bytes:
        """Return what goes to the client for an event."""

    @abstractmethod
    def _close(self) -> bytes:
        """Return the end of a whole answer."""

    def _all(self, items: Iterable[Any]) -> bytes:
        out = []
        for item in items:
            if self.ended:
                break
            try:
                out.append(self._one(item))
            except (AttributeError, KeyError, TypeError, ValueError):
                # A shape that nobody expects is not a valid answer, wherever it is odd.
                out.append(self._unreadable())
        return b"".join(out)

    def _unreadable(self) -> bytes:
        return self.fail(Failure(502, f"{self.about.backend} sent something that is not a valid answer."))

    def _said(self, text: object) -> None:
        if isinstance(text, str) and text:
            self.token = True
            self.characters += len(text)


class EventRelay(Relay):
    """A relay of what a backend sends as server-sent events."""

    def __init__(self, about: About) -> None:
        super().__init__(about)
        self._events = Events()

    def _cut(self, chunk: bytes) -> Iterable[Event | Comment]:
        return self._events.feed(chunk)

    def _flush(self) -> Iterable[Event | Comment]:
        return self._events.end()

    def _one(self, item: Event | Comment) -> bytes:
        if isinstance(item, Comment):
            return self._alive()
        return self._event(item) if item.data.strip() else b""

    def _alive(self) -> bytes:
        return KEEP_ALIVE

    @abstractmethod
    def _event(self, event: Event) -> bytes:
        """Return what goes to the client for an event with data."""
