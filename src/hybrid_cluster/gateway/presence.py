# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Whether a host is awake: somebody on it says something, on a connection that was made for the question."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hybrid_cluster.gateway.fleet import Host

# More than one packet of a connection's beginning, which may be lost.
CONNECT_SECONDS = 2.5
# Long: a machine that wakes has much to do. The kernel of one that goes to sleep accepts a connection all the same.
ANSWER_SECONDS = 10.0


async def is_there(host: Host) -> bool:
    """Ask."""
    wanted = host.greeting.encode()
    try:
        async with asyncio.timeout(CONNECT_SECONDS):
            reader, writer = await asyncio.open_connection(host.address, host.port)
    except (OSError, TimeoutError):
        return False
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            return await reader.readexactly(len(wanted)) == wanted
    except (OSError, TimeoutError, asyncio.IncompleteReadError):
        return False
    finally:
        # Nothing is left to be said, and a host that slept would not hear it.
        with contextlib.suppress(OSError):
            writer.transport.abort()
