# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Models that people have loaded before anybody asks them, and unloaded."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from hybrid_cluster.gateway.errors import Failure
from hybrid_cluster.gateway.states import State

if TYPE_CHECKING:
    from hybrid_cluster.gateway.outside import Outside
    from hybrid_cluster.gateway.rotation import Rotation
    from hybrid_cluster.gateway.routes import Member, Model
    from hybrid_cluster.gateway.waking import Waking

# As long as a model of a host that sleeps may take.
_WITHIN = 600.0


class Result(StrEnum):
    """What became of a member that was to load its model."""

    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


@dataclass
class Load:
    """One member that loads, or has."""

    result: Result = Result.RUNNING
    why: str = ""
    """Why it failed."""


class Loading:
    """Loads and unloads models, and remembers of each member what became of it the last time."""

    def __init__(self, waking: Waking, rotation: Rotation, outside: Outside) -> None:
        self._waking = waking
        self._rotation = rotation
        self._outside = outside
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self.loads: dict[str, Load] = {}
        """By the member's key of the model."""

    def first(self, model: Model) -> Member:
        """Return the member that would answer the next request."""
        return self._rotation.order(model.members, None, self._waking.rank)[0]

    def begin(self, member: Member, model: Model, *, anew: bool = False) -> None:
        """Wake a member's hosts and have it answer a token, in the background; one that is being loaded goes on.

        `anew` has it answer although it was seen to answer before.
        """
        before = self._tasks.get(member.key_of_model)
        if before is None or before.done():
            if anew and member.group is not None:
                self._waking.told(member.group, self._waking.groups[member.group].silent(member.key_of_model))
            self.loads[member.key_of_model] = load = Load()
            self._tasks[member.key_of_model] = asyncio.create_task(self._load(member, model, load))

    async def _load(self, member: Member, model: Model, load: Load) -> None:
        try:
            if member.group is None:
                load.why = await self._outside.complaint(member, model, 0, _WITHIN)
            else:
                # As a person does it, at any time of the day; a request would not in quiet hours.
                self._waking.told(member.group, self._waking.groups[member.group].wake())
                async with self._waking.awake(member):
                    pass
        except Failure as failure:
            load.why = failure.message
        except BaseException:
            load.why = "the gateway gave it up"
            raise
        finally:
            load.result = Result.FAILED if load.why else Result.DONE

    async def unload(self, member: Member) -> str:
        """Have a member let go of its model, and return why it did not; a host that sleeps is not woken for it."""
        if running := self._rotation.running(member):
            return f"it answers {running} request{'s' if running > 1 else ''}"
        group = self._waking.groups[member.group] if member.group is not None else None
        if group is not None and group.state not in {State.READY, State.DRAINING}:
            return f"{group.name} is {group.state}"
        why = await self._outside.unload(member)
        if not why:
            self.loads.pop(member.key_of_model, None)
            if group is not None:
                self._waking.told(group.name, group.silent(member.key_of_model))
        return why

    async def close(self) -> None:
        """End what is being loaded."""
        for task in self._tasks.values():
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)
