# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""How many tokens a second all models together have answered of late."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

WINDOW = 60.0
"""Over how many seconds that is told."""


class Throughput:
    """Counts the tokens of answers that have ended, spread evenly over the time that each took."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._answers: deque[tuple[float, float, int]] = deque()

    def add(self, seconds: float, tokens: int) -> None:
        """Take an answer that ends now, and how long it took."""
        if tokens:
            now = self._clock()
            self._answers.append((now - seconds, now, tokens))
        self._forget()

    @property
    def tokens_per_second(self) -> float:
        """Return the tokens of the last minute, by the second."""
        self._forget()
        begin = self._clock() - WINDOW
        return sum(tokens * _share(first, last, begin) for first, last, tokens in self._answers) / WINDOW

    def _forget(self) -> None:
        while self._answers and self._answers[0][1] < self._clock() - WINDOW:
            self._answers.popleft()


def _share(first: float, last: float, begin: float) -> float:
    """Return which part of an answer was after the beginning."""
    return 1.0 if first >= begin or last <= first else (last - begin) / (last - first)
