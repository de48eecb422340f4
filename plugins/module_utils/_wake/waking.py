# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Sending magic packets until a host answers, or until there is no time left."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Callable

from ansible_collections.hybrid_ai.cluster.plugins.module_utils import _wait

# A card that was just switched to waking misses the first packets, and so does a host that is still going down.
INTERVAL = 0.5


@dataclass(frozen=True)
class Attempt:
    """What came of it: what is missing still (nothing, when the host is awake), and for how long it was tried."""

    missing: str | None
    seconds: float


def wake(complaint: Callable[[], str | None], send: Callable[[], None], limit: float) -> Attempt:
    """Send a packet every half second while the host has something missing, for as long as the limit allows."""
    start = _wait.now()
    while True:
        began = _wait.now()
        send()
        missing = complaint()
        passed = _wait.now() - start
        if missing is None or passed >= limit:
            return Attempt(missing, passed)
        _wait.sleep(max(0.0, min(INTERVAL - (_wait.now() - began), limit - passed)))
