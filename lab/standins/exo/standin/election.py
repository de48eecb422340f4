# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Who is master: a campaign after each change of the connections, won by clock, seniority, commands, node id."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from . import clock

if TYPE_CHECKING:
    from collections.abc import Callable

FORCED_SENIORITY = 1_000_000


class Session(NamedTuple):
    """One reign of one master."""

    master: str
    clock: int


class Candidate(NamedTuple):
    """A candidate's claim; the greatest wins."""

    clock: int
    seniority: int
    commands_seen: int
    master: str
    session_clock: int


@dataclass(frozen=True)
class Result:
    """The end of a campaign."""

    session: Session
    won_clock: int
    is_new_master: bool
    seniority: int


class Election:
    """One node's part in the elections."""

    def __init__(
        self,
        node_id: str,
        seniority: int,
        *,
        send: Callable[[dict[str, Any]], None],
        elected: Callable[[Result], None],
    ) -> None:
        self._node_id, self._seniority = node_id, seniority
        self._send, self._elected = send, elected
        self._clock = self.commands_seen = 0
        self.session = Session(node_id, 0)
        self._candidates: list[Candidate] = []
        self._campaign_task: asyncio.Task[None] | None = None
        self._settle_task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Elect oneself: every node begins as the master of its own cluster."""
        self._finish([self._claim()])

    def stop(self) -> None:
        """Leave a running campaign."""
        for task in (self._campaign_task, self._settle_task):
            if task is not None:
                task.cancel()

    def connections_changed(self) -> None:
        """Call an election once both ends have had the time to notice."""
        if self._settle_task is None or self._settle_task.done():
            self._settle_task = asyncio.create_task(self._settle())

    async def _settle(self) -> None:
        await clock.sleep(clock.CONNECTION_SETTLE)
        self._clock += 1
        self._campaign([])

    def receive(self, message: dict[str, Any]) -> int:
        """Take part in the round a claim belongs to; return its clock."""
        candidate = Candidate(**message)
        if candidate.master == self._node_id:
            return 0
        if candidate.clock > self._clock:
            self._clock = candidate.clock
            self._campaign([candidate])
        elif candidate.clock == self._clock:
            self._candidates.append(candidate)
        return candidate.clock

    def _claim(self) -> Candidate:
        """Return this node's claim: its own reign if it has one, else a new one."""
        session_clock = self.session.clock if self.session.master == self._node_id else self._clock
        return Candidate(self._clock, self._seniority, self.commands_seen, self._node_id, session_clock)

    def _campaign(self, candidates: list[Candidate]) -> None:
        """Start a round; an unfinished one is given up."""
        if self._campaign_task is not None:
            self._campaign_task.cancel()
        self._candidates = candidates
        self._campaign_task = asyncio.create_task(self._run_campaign(candidates))

    async def _run_campaign(self, candidates: list[Candidate]) -> None:
        claim = self._claim()
        candidates.append(claim)
        self._send(claim._asdict())
        await clock.sleep(clock.CAMPAIGN)
        self._send(claim._asdict())
        self._finish(candidates)

    def _finish(self, candidates: list[Candidate]) -> None:
        """Bow to the greatest claim; a winner grows with the number of those who stood."""
        winner = max(candidates)
        if winner.master == self._node_id:
            self._seniority = max(self._seniority, len(candidates))
        session = Session(winner.master, winner.session_clock)
        is_new = session != self.session
        self.session = session
        self._elected(Result(session, winner.clock, is_new, winner.seniority))
