# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""How much of the memory the bodies of all requests may take together."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from hybrid_cluster.gateway.errors import Failure

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


class Room:
    """A number of bytes that all requests share, so that many long bodies do not take what the host needs."""

    def __init__(self, size: int) -> None:
        self._size = size
        self.taken = 0

    @contextlib.contextmanager
    def share(self) -> Iterator[Callable[[int], None]]:
        """Give a request what it takes, piece by piece, until it ends."""
        mine = 0

        def take(count: int) -> None:
            nonlocal mine
            if self.taken + count > self._size:
                raise Failure(503, "Too many long requests are being answered.", code="bodies_full", retry_after=5)
            mine += count
            self.taken += count

        try:
            yield take
        finally:
            self.taken -= mine
