# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""How much of the memory the bodies of all requests may take together."""

from __future__ import annotations

import contextlib
from collections import Counter
from typing import TYPE_CHECKING

from hybrid_cluster.gateway.errors import Failure

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


class Room:
    """A number of bytes that all requests share, so that many long bodies do not take what the host needs.

    Several requests of one key take half of it at most, so that some is left for the others.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._of: Counter[str] = Counter()

    @property
    def taken(self) -> int:
        """Return how much is taken."""
        return self._of.total()

    @contextlib.contextmanager
    def share(self, key: str) -> Iterator[Callable[[int], None]]:
        """Give a request of a key what it takes, piece by piece, until it ends."""
        mine = 0

        def take(count: int) -> None:
            nonlocal mine
            others = self._of[key] - mine
            if others and others + mine + count > self._size // 2:
                sentence = f"The key {key!r} has too many long requests at once."
                raise Failure(429, sentence, code="bodies_of_key_full", retry_after=5)
            if self.taken + count > self._size:
                raise Failure(503, "Too many long requests are being answered.", code="bodies_full", retry_after=5)
            mine += count
            self._of[key] += count

        try:
            yield take
        finally:
            self._of[key] -= mine
            if not self._of[key]:
                del self._of[key]
