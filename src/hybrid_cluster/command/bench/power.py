# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What hosts draw while something is measured, from Prometheus: nothing where not all of them are measured."""

from __future__ import annotations

import statistics
import threading
from typing import TYPE_CHECKING, Any

from hybrid_cluster.command.watts import CARDS, MAC, MAC_PARTS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hybrid_cluster.command.measured import Source

WATTS = f"({MAC}) or ({MAC_PARTS}) or ({CARDS})"
EVERY = 2.0
LEAST_SECONDS = 20.0
"""Prometheus collects every 15 seconds: of less, nothing is known."""


class Meter:
    """Looks at the power again and again while the block runs."""

    def __init__(self, source: Source, hosts: Sequence[str]) -> None:
        self._source, self._hosts = source, list(hosts)
        self._watts: list[float] = []
        self._end = threading.Event()
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Meter:
        """Begin, unless it is known that nobody measures."""
        if self._look():
            # What was drawn before is none of it.
            self._watts.clear()
            self._thread = threading.Thread(target=self._watch, daemon=True)
            self._thread.start()
        return self

    def __exit__(self, *_: Any) -> None:
        """End, with a last look."""
        self._end.set()
        if self._thread:
            self._thread.join()
            self._look()

    def _watch(self) -> None:
        while not self._end.wait(EVERY):
            self._look()

    def _look(self) -> bool:
        measured = self._source.measure(("up",), watts=WATTS)
        watts = [measured.one("watts", instance=host) for host in self._hosts]
        known = [value for value in watts if value is not None]
        if len(known) == len(watts) and known:
            self._watts.append(sum(known))
            return True
        return False

    def joules(self, seconds: float) -> float | None:
        """Return what was drawn in so many seconds; None where that is not known."""
        if not self._watts or seconds < LEAST_SECONDS:
            return None
        return statistics.fmean(self._watts) * seconds
