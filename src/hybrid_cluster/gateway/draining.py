# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What people are told of a host that they take out of rotation: what runs there still, and what waits for it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from hybrid_cluster.gateway.errors import Failure
from hybrid_cluster.gateway.routes import Member

if TYPE_CHECKING:
    from hybrid_cluster.gateway.drains import Drains
    from hybrid_cluster.gateway.routes import Configuration
    from hybrid_cluster.gateway.waking import Waking

Busy = Callable[[Member], Awaitable[int | None]]
"""Asks a backend how many requests it runs, whoever sent them; None where it does not say."""


class Draining:
    """Takes hosts out of rotation and puts them back."""

    def __init__(self, configuration: Configuration, drains: Drains, waking: Waking, busy: Busy) -> None:
        self._models = configuration.models
        self._drains = drains
        self._waking = waking
        self._busy = busy

    async def drain(self, host: str, owner: str, seconds: float) -> dict[str, Any]:
        """Take a host out for some seconds, or for longer, and return what is known of it then.

        `in_flight` are the gateway's own requests, `elsewhere` what backends there run besides (None where they do not
        say, or the gateway's own run still), `held_models` the models that no host in rotation serves.

        :raises Failure: no model is on this host, somebody else took it out, or the order cannot be kept
        """
        self._check(host)
        self._drains.order(host, owner, seconds)
        found = self._drains.told(host)
        # What backends count has the gateway's own requests too.
        elsewhere = None if found["in_flight"] else await self._elsewhere(host)
        held = [model.name for model in self._models if all(map(self._drains.has, model.members))]
        return {**found, "elsewhere": elsewhere, "held_models": held}

    def put_back(self, host: str, owner: str | None) -> dict[str, Any]:
        """Put a host back, whoever took it out or only where this owner did; `was_out` says whether that was so.

        :raises Failure: no model is on this host, or that cannot be kept
        """
        self._check(host)
        was_out = self._drains.end(host, owner)
        return {**self._drains.told(host), "was_out": was_out}

    async def _elsewhere(self, host: str) -> int | None:
        members = {one.key_of_model: one for model in self._models for one in model.members if host in one.hosts}
        awake = [member for member in members.values() if self._waking.serves(member)]
        counts = [count for count in await asyncio.gather(*map(self._busy, awake)) if count is not None]
        return sum(counts) if counts else None

    def _check(self, host: str) -> None:
        known = {name for model in self._models for member in model.members for name in member.hosts}
        # One that was taken out may serve nothing any more.
        if host not in known and self._drains.find(host) is None:
            there = f"; there are {', '.join(sorted(known))}" if known else ""
            raise Failure(404, f"No model of the gateway's is on a host {host[:100]!r}{there}.", code="host_not_found")
