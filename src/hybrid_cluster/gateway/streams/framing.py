# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Server-sent events and lines of JSON, cut out of chunks that end anywhere."""

from __future__ import annotations

from dataclasses import dataclass

# The longest event that is waited for: a backend that never ends one must not fill the memory.
LONGEST = 32 * 1024 * 1024


class TooLong(Exception):  # noqa: N818 - it is caught where it becomes an answer
    """An event is longer than any answer."""


@dataclass(frozen=True)
class Event:
    """A server-sent event."""

    name: str
    data: str


@dataclass(frozen=True)
class Comment:
    """A line that says no more than that the backend is alive."""


class _Pieces:
    """What came since the last line end, in pieces, so that a long line costs no more than its length."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []
        self._size = 0

    def keep(self, piece: bytes) -> None:
        self._pieces.append(piece)
        self._size += len(piece)
        if self._size > LONGEST:
            raise TooLong

    def take(self) -> bytes:
        found = b"".join(self._pieces)
        self._pieces.clear()
        self._size = 0
        return found


class Events:
    """Cuts server-sent events out of a stream."""

    def __init__(self) -> None:
        self._rest = _Pieces()
        self._name = ""
        self._data: list[str] = []
        self._size = 0
        self._half = False
        """Whether a line end came of which the second half may follow."""

    def feed(self, chunk: bytes) -> list[Event | Comment]:
        """Return what a chunk completes."""
        if self._half and chunk:
            chunk = chunk.removeprefix(b"\n")
            self._half = False
        if b"\n" not in chunk and b"\r" not in chunk:
            self._rest.keep(chunk)
            return []
        self._half = chunk.endswith(b"\r")
        text = self._rest.take() + chunk
        *lines, rest = text.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
        self._rest.keep(rest)
        return [found for line in lines if (found := self._line(line.decode("utf-8", "replace"))) is not None]

    def end(self) -> list[Event | Comment]:
        """Return what is complete but for its last line ends."""
        return self.feed(b"\n\n")

    def _line(self, line: str) -> Event | Comment | None:
        if not line:
            found = Event(self._name, "\n".join(self._data)) if self._data else None
            self._name, self._data, self._size = "", [], 0
            return found
        if line.startswith(":"):
            return Comment()
        key, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if key == "data":
            self._data.append(value)
            self._size += len(value)
            if self._size > LONGEST:
                raise TooLong
        elif key == "event":
            self._name = value
        return None


class Lines:
    """Cuts lines of JSON out of a stream; blank ones, which clients stumble over, are left out."""

    def __init__(self) -> None:
        self._rest = _Pieces()

    def feed(self, chunk: bytes) -> list[bytes]:
        """Return the lines that a chunk completes."""
        if b"\n" not in chunk:
            self._rest.keep(chunk)
            return []
        *lines, rest = (self._rest.take() + chunk).split(b"\n")
        self._rest.keep(rest)
        return [line for line in lines if line.strip()]

    def end(self) -> list[bytes]:
        """Return a last line without its end."""
        return self.feed(b"\n")
