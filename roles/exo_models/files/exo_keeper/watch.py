# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What the keeper remembers from one look to the next. Times are those of the views."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .exo_placed import ABSENT, Advance, marks_of, state_of
from .exo_state import tagged

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .exo_placed import Placed
    from .settings import Settings
    from .view import View

ENDED = frozenset({"RunnerShuttingDown", "RunnerFailed"})
"""What stays of a runner that has let its node go."""
LONGEST_PAUSE = 600.0
RECORD_SECONDS = 60.0


@dataclass
class Failures:
    """What went wrong with a model since it last answered."""

    count: int = 0
    error: str = ""
    until: float = float("-inf")
    """When it is tried again."""
    enough: int = 0
    """So many bytes have to be free for a try before that; 0 where memory was not what was missing."""
    shortages: int = 0
    """How many of the last were for want of memory."""

    def add(self, error: str, now: float, pause: float, enough: int = 0) -> None:
        """Count one more, and wait twice as long as after the one before, which was `pause` for the first."""
        self.count += 1
        self.error, self.enough = error, enough
        self.shortages = self.shortages + 1 if enough else 0
        self.until = now + min(max(LONGEST_PAUSE, pause), pause * 2 ** min(self.count - 1, 16))


@dataclass
class OwnRunner:
    """A runner of this node, while its instance is there and for a while after it."""

    runner: str
    model: str
    since: float
    seen: bool = False
    gone: float | None = None


@dataclass
class Watch:
    """All of it."""

    advances: dict[str, Advance] = field(default_factory=dict)
    placed: dict[str, Placed] = field(default_factory=dict)
    missing: dict[str, float] = field(default_factory=dict)
    """Since when a model of the table has no instance."""
    unready: dict[str, float] = field(default_factory=dict)
    """Since when a model of the table cannot answer."""
    failures: dict[str, Failures] = field(default_factory=dict)
    deleted: dict[str, float] = field(default_factory=dict)
    """Instances that this keeper ended itself, and when it last said so."""
    waits: dict[str, str] = field(default_factory=dict)
    """What keeps a model from being placed and will come by itself."""
    records: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Of each instance that a keeper placed: its revision, and why it is on so many nodes."""
    own: dict[str, OwnRunner] = field(default_factory=dict)
    picture: tuple[Any, ...] = ()
    held: float = 0.0
    """Since when the picture is the same."""
    crowded: set[str] = field(default_factory=set)
    """Models of which a second copy did not fit beside the first."""
    read: dict[str, float] = field(default_factory=dict)
    """When exo was last told to read the card of a model."""
    restarted: float = float("-inf")
    _node: str | None = None
    _noted: dict[str, float] = field(default_factory=dict)

    def failure(self, model: str) -> Failures:
        """Return what went wrong with a model."""
        return self.failures.setdefault(model, Failures())

    def stalled(self, placed: Placed, now: float) -> float:
        """Return for how long an instance has come no nearer to answering."""
        advance = self.advances.get(placed.identity)
        return now - advance.since if advance is not None else 0.0

    def see(self, settings: Settings, view: View) -> None:
        """Take a look."""
        if view.node_id is None:
            return
        picture = view.nodes, view.edges, frozenset(view.names.items())
        if picture != self.picture:
            self.picture, self.held = picture, view.now
        present = {placed.identity for placed in view.instances}
        for peer in view.peers.values():
            self.records.update({key: dict(value) for key, value in peer.records.items() if key in present})
        self._see_vanished(settings, view)
        self._see_progress(view)
        self._see_own(view)
        for model in settings.models:
            instances = view.of_model(model.name)
            ready = any(placed.is_ready(view.runners, view.nodes) for placed in instances)
            _since(self.missing, model.name, view.now, bool(instances))
            _since(self.unready, model.name, view.now, ready)
            if ready:
                self.failures.pop(model.name, None)
                self.waits.pop(model.name, None)
        self.placed = {placed.identity: placed for placed in view.instances}
        self.deleted = {identity: when for identity, when in self.deleted.items() if identity in self.placed}
        self._forget_records(view.now)

    def _forget_records(self, now: float) -> None:
        """Drop what is told of instances that are gone; one that was just ordered may not be there yet."""
        for identity in self.records:
            self._noted.setdefault(identity, now)
        for identity, noted in list(self._noted.items()):
            if identity in self.placed:
                self._noted[identity] = now
            elif now - noted > RECORD_SECONDS:
                del self._noted[identity]
                self.records.pop(identity, None)

    def _see_vanished(self, settings: Settings, view: View) -> None:
        """Count instances that exo gave up: their nodes are there, and a new master would not know their runners."""
        present = {placed.identity for placed in view.instances}
        for identity, placed in self.placed.items():
            known = identity in present or identity in self.deleted or placed.model not in settings.names
            if not known and view.nodes.issuperset(placed.nodes) and placed.runners & set(view.runners):
                reason = _last_words(placed, view.runners) or "exo removed it without a reason"
                self.failure(placed.model).add(f"exo gave the placement up: {reason}", view.now, settings.pause)

    def _see_progress(self, view: View) -> None:
        advances = {}
        for placed in view.instances:
            advance = self.advances.get(placed.identity) or Advance(view.now)
            if placed.is_ready(view.runners, view.nodes):
                advance = Advance(view.now)
            else:
                advance.note(marks_of(placed, view.runners, view.downloads), view.now)
            advances[placed.identity] = advance
        self.advances = advances

    def _see_own(self, view: View) -> None:
        """Follow this node's runners, which should end soon after their instance."""
        if view.node_id != self._node:
            self.own, self._node = {}, view.node_id
        present = {placed.identity: placed for placed in view.instances}
        for identity, placed in present.items():
            runner = placed.nodes.get(str(view.node_id))
            if runner is not None:
                own = self.own.setdefault(identity, OwnRunner(runner, placed.model, view.now))
                own.seen = own.seen or state_of(view.runners, runner) != ABSENT
                own.gone = None
        for identity, own in list(self.own.items()):
            if identity in present:
                continue
            own.gone = view.now if own.gone is None else own.gone
            state = state_of(view.runners, own.runner)
            if state in ENDED or (state == ABSENT and own.seen):
                del self.own[identity]


def _since(times: dict[str, float], name: str, now: float, well: bool) -> None:
    if well:
        times.pop(name, None)
    else:
        times.setdefault(name, now)


def _last_words(placed: Placed, runners: Mapping[str, Any]) -> str:
    for runner in sorted(placed.runners):
        kind, content = tagged(runners.get(runner))
        if kind == "RunnerFailed":
            return " ".join(str(content.get("errorMessage") or "").split())[:200]
    return ""
