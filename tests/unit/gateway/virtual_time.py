# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""An event loop whose time passes only while it has nothing to do: minutes take no time, and sockets are real."""

from __future__ import annotations

import asyncio
import selectors

# What is on its way over loopback arrives within it.
MOMENT = 0.002
# After so many moments without anything, nothing is on its way.
MOMENTS = 5


class _Selector(selectors.DefaultSelector):
    def __init__(self):
        super().__init__()
        self.now = 1000.0
        self.empty = 0

    def select(self, timeout=None):
        if timeout is None:
            return super().select(timeout)
        found = super().select(MOMENT if timeout > 0 and self.empty < MOMENTS else 0)
        if found:
            self.empty = 0
        elif timeout > 0:
            self.empty += 1
            self.now += timeout
        return found


class VirtualLoop(asyncio.SelectorEventLoop):
    def __init__(self):
        self.selector = _Selector()
        super().__init__(self.selector)

    def time(self):
        return self.selector.now


def run(scenario, limit=100_000):
    """Run a scenario to its end, within a limit of its own time."""

    async def bounded():
        async with asyncio.timeout(limit):
            return await scenario

    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(bounded())
