# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Measured durations, scaled by EXO_STANDIN_TIME_FACTOR or, on a simulated Mac, by the lab's time_factor file."""

from __future__ import annotations

import asyncio
import contextlib
import os
from datetime import UTC, datetime
from pathlib import Path

FACTOR_VARIABLE = "EXO_STANDIN_TIME_FACTOR"
FACTOR_FILE = Path("/private/var/db/simulator/time_factor")


def _factor() -> float:
    """Return the factor of this process."""
    with contextlib.suppress(OSError, ValueError):
        return float(os.environ.get(FACTOR_VARIABLE) or FACTOR_FILE.read_text(encoding="ascii"))
    return 1.0


FACTOR = _factor()

START_API = 1.4  # from start to the first answer
STOP = 2.4  # from SIGTERM to the end
CAMPAIGN = 3.0
CONNECTION_SETTLE = 0.2  # both ends get the time to notice a new connection
MEMORY_INTERVAL = 2.0  # the real program reports every second; half as often costs half as much
PROBE_INTERVAL = 10.0
PROBE_PAUSE = 1.0
PROBE_TIMEOUT = 5.0
PROBE_ATTEMPTS = 3
NODE_TIMEOUT = 30.0
MASTER_INTERVAL = 10.0
PING_INTERVAL = 2.5
PING_TIMEOUT = 5.0
DIAL_INTERVAL = 5.0
INTERFACE_INTERVAL = 10.0
RUNNER_START = 3.5
RUNNER_CONNECT = 0.3
RUNNER_LOAD = 1.0
RUNNER_WARM = 1.2
HUB_TIMEOUT = 22.0  # without internet, until a look-up at huggingface.co fails
PLACEMENT_HUB_TIMEOUT = 66.0  # the same with its retries; clients were never seen to get an answer
MINIMUM_NETWORK_TIMEOUT = 2.5  # a busy machine must not look like a dead one, however short the factor


def scaled(seconds: float) -> float:
    """Return a measured duration in this run's time."""
    return seconds * FACTOR


def network_timeout(seconds: float) -> float:
    """Return a scaled time-out that real sockets can still keep."""
    return max(scaled(seconds), min(seconds, MINIMUM_NETWORK_TIMEOUT))


async def sleep(seconds: float) -> None:
    """Sleep a measured duration."""
    await asyncio.sleep(scaled(seconds))


def timestamp() -> str:
    """Return now as the API writes it."""
    return datetime.now(tz=UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
