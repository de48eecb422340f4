# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""How far the work is, in a file that others read, and in the log."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from ansible_collections.hybrid_ai.cluster.plugins.module_utils._models import job

if TYPE_CHECKING:
    from pathlib import Path

INTERVAL = 1.0
"""Seconds between two writings of the file, at least."""


class Progress:
    """Counts bytes and writes them down."""

    def __init__(self, path: Path, name: str) -> None:
        self._path = path
        self._state = job.State(job=name, state=job.RUNNING)
        self._written = float("-inf")

    @property
    def received(self) -> int:
        """Bytes that came over the network."""
        return self._state.received

    def begin(self) -> None:
        """Say that the work has begun."""
        self._write()

    def expect(self, total: int) -> None:
        """Say how many bytes are missing in all."""
        self._state.total += total
        self._write()

    def folder(self, name: str) -> None:
        """Say which folder comes now."""
        self._state.folder = name
        self.note("")

    def note(self, text: str) -> None:
        """Say what is being waited for, or nothing."""
        if text:
            print(text, flush=True)
        if text != self._state.note:
            self._state.note = text
        self._write()

    def took(self, count: int, *, network: bool = True) -> None:
        """Count bytes that are there now; a negative number takes some back."""
        self._state.done += count
        if network and count > 0:
            self._state.received += count
        if time.monotonic() - self._written >= INTERVAL:
            self._state.note = ""
            self._write()

    def end(self, sentences: list[str]) -> None:
        """Say how the work ended."""
        self._state.state = job.FAILED if sentences else job.DONE
        self._state.sentences = sentences
        self._state.note = ""
        self._write()

    def _write(self) -> None:
        self._written = time.monotonic()
        self._state.write(self._path)
