# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""When something has ended so often in a short time that it rests."""

from __future__ import annotations

import contextlib
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

MOST = 3
WITHIN_SECONDS = 600.0
REST_SECONDS = 1800.0


def recent(moments: list[float], now: float) -> list[float]:
    """Return those that count; a clock that was set back leaves none of the future."""
    return [moment for moment in moments if 0 <= now - moment <= WITHIN_SECONDS]


@dataclass
class Failures:
    """The ends of each model since its settings changed. Times are those of a clock that only runs forward."""

    moments: dict[str, list[float]] = field(default_factory=dict)

    def add(self, name: str, now: float) -> bool:
        """Note an end; tell whether the model is to rest."""
        self.moments[name] = [*recent(self.moments.get(name, []), now), now]
        return len(self.moments[name]) >= MOST

    def forget(self, name: str | None = None) -> None:
        """Let a model, or all, begin anew."""
        if name is None:
            self.moments.clear()
        else:
            self.moments.pop(name, None)


class Starts:
    """The starts of the server that nobody ended, in a file: what is killed has no memory of its own.

    A restart of the machine forgets them, since it gives back what was held.
    """

    def __init__(self, path: Path, session: str) -> None:
        self._path, self._session = path, session
        self.moments: list[float] = []
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
            noted = json.loads(path.read_text(encoding="utf-8"))
            if noted["boot"] == session:
                self.moments = [float(moment) for moment in noted["starts"]]

    def rests_until(self, now: float) -> float:
        """Return until when the next start has to wait; 0 where it need not."""
        known = recent(self.moments, now)
        return max(known) + REST_SECONDS if len(known) >= MOST else 0.0

    def begin(self, now: float) -> None:
        """Note a start."""
        self.moments = [*recent(self.moments, now), now]
        with contextlib.suppress(OSError):
            self._path.write_text(json.dumps({"boot": self._session, "starts": self.moments}), encoding="utf-8")

    def forget(self) -> None:
        """Forget them: somebody ended the server, or it has rested."""
        self.moments = []
        with contextlib.suppress(OSError):
            self._path.unlink()
