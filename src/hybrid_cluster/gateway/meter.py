# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What keys have used of what they may."""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from hybrid_cluster.gateway.errors import Failure

if TYPE_CHECKING:
    from collections.abc import Callable

    from hybrid_cluster.gateway.keys import Key

_MINUTE = 60.0


@dataclass
class _Used:
    begun: deque[float] = field(default_factory=deque)
    """When the requests of the last minute began."""
    running: int = 0
    day: str = ""
    tokens: int = 0


class Meter:
    """Counts requests and tokens by the names of keys, so that a rotation begins nothing anew."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic, now: Callable[[], float] = time.time) -> None:
        self._monotonic = monotonic
        self._now = now
        self._used: dict[str, _Used] = {}

    def begin(self, key: Key) -> None:
        """Count a request that begins, or refuse it; each one that is counted must end."""
        used, limits, now = self._of(key.name), key.limits, self._monotonic()
        while used.begun and now - used.begun[0] >= _MINUTE:
            used.begun.popleft()
        if limits.tokens_per_day is not None and used.tokens >= limits.tokens_per_day:
            sentence = f"The key {key.name!r} has used its {limits.tokens_per_day} tokens of today (UTC)."
            raise Failure(429, sentence, code="tokens_exhausted", final=True)
        if limits.concurrent_requests is not None and used.running >= limits.concurrent_requests:
            sentence = f"The key {key.name!r} may have {limits.concurrent_requests} requests running at once."
            raise Failure(429, sentence, code="too_many_at_once", retry_after=2)
        if limits.requests_per_minute is not None and len(used.begun) >= limits.requests_per_minute:
            sentence = f"The key {key.name!r} may make {limits.requests_per_minute} requests a minute."
            wait = _MINUTE - (now - used.begun[0]) if used.begun else _MINUTE
            raise Failure(429, sentence, code="too_many_a_minute", retry_after=wait)
        used.running += 1
        if limits.requests_per_minute is not None:
            used.begun.append(now)

    def end(self, name: str, tokens: int) -> None:
        """Count the end of a request, and what it cost."""
        used = self._of(name)
        used.running -= 1
        used.tokens += tokens

    def tokens(self, name: str) -> int:
        """Return how many tokens a key has used today."""
        return self._of(name).tokens

    def snapshot(self) -> dict[str, Any]:
        """Return what has to outlive a restart."""
        return {
            name: {"day": used.day, "tokens": used.tokens}
            for name in list(self._used)
            if (used := self._of(name)).tokens
        }

    def restore(self, saved: dict[str, Any]) -> None:
        """Take up what was used before a restart; what is not understood counts as nothing used."""
        for name, value in saved.items():
            if isinstance(value, dict) and isinstance(value.get("tokens"), int) and value.get("day") == self._day():
                used = self._of(name)
                used.tokens = max(used.tokens, value["tokens"])

    def _of(self, name: str) -> _Used:
        used = self._used.setdefault(name, _Used())
        if used.day != self._day():
            used.day, used.tokens = self._day(), 0
        return used

    def _day(self) -> str:
        return datetime.fromtimestamp(self._now(), UTC).date().isoformat()
