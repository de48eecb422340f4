# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Requests that go past the gateway: HAProxy is told which may, and asked how many do."""

from __future__ import annotations

import asyncio
import json
import time
from typing import TYPE_CHECKING

from hybrid_cluster.gateway import direct
from hybrid_cluster.gateway.front import Count, FrontError

if TYPE_CHECKING:
    from collections.abc import Callable

    from hybrid_cluster.gateway.front import Front
    from hybrid_cluster.gateway.keys import KeyFile
    from hybrid_cluster.gateway.metrics import Metrics
    from hybrid_cluster.gateway.routes import Configuration, Member
    from hybrid_cluster.gateway.waking import Waking

_EVERY = 0.5
# HAProxy looks a model up and counts its request in one go, which takes it no time that could be measured.
_ON_ITS_WAY = 0.1
_AGAIN = 0.2


class Past:
    """Keeps the tables of HAProxy as things are."""

    def __init__(
        self,
        front: Front,
        configuration: Configuration,
        keys: KeyFile,
        answers: Callable[[Member], bool],
        log: Callable[[str], None],
    ) -> None:
        self._front = front
        self._configuration = configuration
        self._keys = keys
        self._answers = answers
        self._log = log
        self._lock = asyncio.Lock()
        self._worker: int | None = None
        """The process that has what was told."""
        self._told: dict[str, dict[str, str]] = {}
        self._counts: dict[str, Count] = {}
        self._accounted: dict[str, Count] = {}
        self._problem = ""
        self._stamp: object = None
        self._of_keys: dict[str, dict[str, str]] = {}
        self._groups: dict[str, set[str]] = {}
        for model in configuration.models:
            group = model.members[0].group
            if model.direct is not None and group is not None:
                self._groups.setdefault(group, set()).add(model.direct)

    async def run(self, waking: Waking, metrics: Metrics) -> None:
        """Tell and ask until cancelled."""
        while True:
            known, before = await self._update(), self._accounted
            self._accounted = self._counts
            metrics.set("front_told", value=known)
            for model in self._configuration.models if known else ():
                if model.direct is not None:
                    more = _begun(self._counts, model.direct) - _begun(before, model.direct)
                    # Less is a worker that has ended.
                    metrics.add("passed_total", model.name, value=max(0, more))
                    metrics.set("passing", model.name, value=_running(self._counts, {model.direct}))
            for group, backends in self._groups.items():
                used = any(_begun(self._counts, name) != _begun(before, name) for name in backends)
                waking.passing(group, _running(self._counts, backends) if known else None, used=used)
            await asyncio.sleep(_EVERY)

    async def left(self, group: str) -> int | None:
        """Return how many requests of a group still go past the gateway, once no more begin; None is not known."""
        if group not in self._groups:
            return 0
        if not await self._update():
            return None
        await asyncio.sleep(_ON_ITS_WAY)
        try:
            return _running(await self._front.counts(), self._groups[group])
        except FrontError:
            return None

    async def _update(self) -> bool:
        """Tell HAProxy what has changed and ask what it does; return whether it answered."""
        async with self._lock:
            try:
                await self._tell()
                self._counts = await self._front.counts()
            except FrontError as error:
                self._worker = None
                self._say(str(error))
                return False
            self._say("")
            return True

    async def _tell(self) -> None:
        (worker, *_) = await self._front.workers()
        wanted = {
            # Models are closed before anything else.
            direct.MODELS: direct.models(self._configuration, self._answers),
            **self._tables_of_keys(),
            direct.STATE: {"until": str(int(time.time()) + direct.LASTS)},
        }
        fresh = worker != self._worker
        self._worker = None
        for name, entries in wanted.items():
            before = self._told.get(name, {})
            if not fresh and before is entries:
                continue
            if fresh or len(before.items() ^ entries.items()) > len(entries) // 2 + 100:
                await self._front.replace(worker, name, entries)
            else:
                await self._front.change(worker, name, before, entries)
        self._worker, self._told = worker, wanted

    def _tables_of_keys(self) -> dict[str, dict[str, str]]:
        """Return them anew where the keys have changed; that one expires HAProxy sees by itself."""
        stamp = self._keys.stamp
        if stamp != self._stamp or not self._of_keys:
            keys = self._keys.all()
            self._of_keys = {
                direct.KEYS: direct.keys(keys, time.time()),
                direct.LISTS: direct.lists(keys, self._configuration),
            }
            self._stamp = stamp
        return self._of_keys

    def _say(self, problem: str) -> None:
        if problem and problem != self._problem:
            self._log(json.dumps({"mistake": problem}))
        self._problem = problem


def _begun(counts: dict[str, Count], name: str) -> int:
    return counts[name].begun if name in counts else 0


def _running(counts: dict[str, Count], names: set[str]) -> int:
    return sum(counts[name].running for name in names if name in counts)
