# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Collects what the page shows, once for all who look at it, and only while somebody does."""

from __future__ import annotations

import asyncio
import contextlib
import json
import traceback
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence

    from hybrid_cluster.gateway.page.subjects import Subject

QUIET = 15.0
"""After how many seconds without news those who look are told so, and a connection that is dead is noticed."""
_BROKEN = "This could not be found out; the log of the gateway says why."


class Look:
    """The newest document of each subject, and those who wait for the next one."""

    def __init__(
        self,
        subjects: Sequence[Subject],
        told: Callable[[], Awaitable[dict[str, Any]]],
        log: Callable[[str], None],
        quiet: float = QUIET,
    ) -> None:
        self._subjects = subjects
        self._told = told
        self._log = log
        self._quiet = quiet
        self._newest: dict[str, tuple[int, dict[str, Any]]] = {}
        self._count = 0
        self._news = asyncio.Event()
        self._wanted = {subject.name: asyncio.Event() for subject in subjects}
        self._watchers = 0
        self._doing: list[asyncio.Task[None]] = []
        self._pool = ThreadPoolExecutor(len(subjects), thread_name_prefix="page")
        self._closed = False

    def poke(self) -> None:
        """Have what may just have changed collected at once."""
        self._wanted["status"].set()

    async def watch(self) -> AsyncGenerator[tuple[str, dict[str, Any]] | None]:
        """Yield each subject with its newest document whenever there is one, and None after a while without news."""
        seen: dict[str, int] = {}
        self._enter()
        try:
            while not self._closed:
                news = self._news
                for name, (number, document) in list(self._newest.items()):
                    if seen.get(name) != number:
                        seen[name] = number
                        yield name, document
                try:
                    async with asyncio.timeout(self._quiet):
                        await news.wait()
                except TimeoutError:
                    yield None
        finally:
            self._leave()

    async def close(self) -> None:
        """Let all who look go, and collect no more."""
        self._closed = True
        self._tell()
        for task in self._doing:
            task.cancel()
        for task in self._doing:
            with contextlib.suppress(asyncio.CancelledError):
                await task
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _enter(self) -> None:
        self._watchers += 1
        if self._watchers == 1 and not self._closed:
            self._doing = [asyncio.create_task(self._collect(subject)) for subject in self._subjects]

    def _leave(self) -> None:
        self._watchers -= 1
        if not self._watchers:
            for task in self._doing:
                task.cancel()
            # Whoever comes next is shown nothing of before.
            self._newest.clear()

    async def _collect(self, subject: Subject) -> None:
        wanted = self._wanted[subject.name]
        while True:
            wanted.clear()
            document = await self._document(subject)
            self._count += 1
            self._newest[subject.name] = (self._count, document)
            self._tell()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(subject.every):
                    await wanted.wait()

    async def _document(self, subject: Subject) -> dict[str, Any]:
        loop = asyncio.get_running_loop()
        try:
            told = await self._told()
            return await loop.run_in_executor(self._pool, subject.collect, told)
        except Exception as error:
            # The page goes on with what else there is.
            trace = traceback.format_tb(error.__traceback__)
            self._log(json.dumps({"mistake": f"page: {subject.name}: {type(error).__name__}: {error}", "trace": trace}))
            return {"error": _BROKEN}

    def _tell(self) -> None:
        before, self._news = self._news, asyncio.Event()
        before.set()
