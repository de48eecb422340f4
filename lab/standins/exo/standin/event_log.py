# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""events.bin: every event of a session, appended while it lasts, compressed when it ends."""

from __future__ import annotations

import gzip
import json
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    from .state import Event

_KEPT = 5
_CAMEL = re.compile(r"[a-z][a-z0-9]*([A-Z][a-z0-9]*)+")


class EventLog:
    """One file of events; losing it (somebody wiped the directory) loses the history, nothing else."""

    def __init__(self, directory: Path) -> None:
        self._path = directory / "events.bin"
        directory.mkdir(parents=True, exist_ok=True)
        self._path.unlink(missing_ok=True)
        self._stream = self._path.open("ab")

    def append(self, event: Event) -> None:
        """Add one event."""
        self._stream.write(json.dumps(event, separators=(",", ":")).encode() + b"\n")

    def read(self) -> list[Event]:
        """Return every event so far, in the casing /events uses."""
        self._stream.flush()
        try:
            lines = self._path.read_bytes().splitlines()
        except OSError:
            return []
        return [snake_case(json.loads(line)) for line in lines]

    def close(self) -> None:
        """Compress the file and keep the last five of its kind."""
        self._stream.close()
        stamp = datetime.now(tz=UTC).strftime("%Y%m%d%H%M%S%f")
        try:
            self._path.with_suffix(f".{stamp}.bin.gz").write_bytes(gzip.compress(self._path.read_bytes(), 1))
            self._path.unlink()
        except OSError:
            return
        for old in sorted(self._path.parent.glob("events.*.bin.gz"))[:-_KEPT]:
            old.unlink()


def snake_case(value: Any) -> Any:
    """Return a value with its field names in snake case; ids and tags are left alone."""
    if isinstance(value, dict):
        return {_snake(key): snake_case(item) for key, item in value.items()}
    if isinstance(value, list):
        return [snake_case(item) for item in value]
    return value


def _snake(name: str) -> str:
    if not _CAMEL.fullmatch(name):
        return name
    return re.sub(r"[A-Z]", lambda match: f"_{match.group().lower()}", name)
