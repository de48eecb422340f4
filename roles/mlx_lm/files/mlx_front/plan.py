# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What the keeper does next, as a pure function of what it sees."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .settings import Revision

START = "start"
START_BESIDE = "start_beside"
TAKE_OVER = "take_over"
DRAIN = "drain"
GIVE_UP = "give_up"
WAIT = "wait"
REST = "rest"
NOTHING = "nothing"


@dataclass(frozen=True)
class View:
    """What the keeper sees. Times are seconds of a clock that only runs forward."""

    now: float
    wanted: Revision | None
    """The revision that is there whole."""
    before: Revision | None
    """The one that was served before, while its files are there."""
    serving: str | None = None
    candidate: str | None = None
    candidate_ready: bool = False
    candidate_late: bool = False
    leaving: bool = False
    """Whether a worker that serves no more still has its model."""
    fits: bool = False
    """Whether the wanted model fits into memory beside what is loaded."""
    refused: frozenset[str] = field(default_factory=frozenset)
    """Revisions that failed before they had answered."""
    rests_until: float = 0.0
    starts_at: float = 0.0


def next_step(view: View) -> tuple[str, Revision | None]:
    """Return what to do, and with which revision."""
    if view.candidate is not None:
        if view.candidate_ready:
            return TAKE_OVER, None
        return (GIVE_UP, None) if view.candidate_late else (NOTHING, None)
    if view.serving is not None:
        new = view.wanted is not None and view.wanted.name not in {view.serving, *view.refused}
        if not new or view.leaving:
            return NOTHING, None
        return (START_BESIDE, view.wanted) if view.fits else (DRAIN, None)
    if view.now < view.rests_until:
        return REST, None
    revision = choose(view.wanted, view.before, view.refused)
    if revision is None or view.now < view.starts_at:
        return WAIT, None
    # The memory of the one before is needed first.
    return (NOTHING, None) if view.leaving and not view.fits else (START, revision)


def choose(wanted: Revision | None, before: Revision | None, refused: frozenset[str]) -> Revision | None:
    """Return the revision to start where none serves: the wanted one, or the one before where that one failed."""
    if wanted is None:
        return None
    return before if wanted.name in refused and before is not None else wanted


def rests(failures: list[float], now: float, starts: int, seconds: float) -> bool:
    """Tell whether too many starts failed in too short a time."""
    return sum(1 for moment in failures if now - moment <= seconds) >= starts


def backoff(failures: list[float], now: float, seconds: float) -> float:
    """Return for how many seconds the next start waits."""
    recent = sum(1 for moment in failures if now - moment <= seconds)
    return min(2.0**recent, 30.0) if recent else 0.0
