# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Sending magic packets: by the broadcast of the host's network, by the limited one and to the host itself."""

from __future__ import annotations

import asyncio
import platform
from typing import TYPE_CHECKING

from hybrid_cluster.shared._command import ClusterError, Commands
from hybrid_cluster.shared._wake import ways
from hybrid_cluster.shared._wake.sender import Sender

if TYPE_CHECKING:
    from collections.abc import Callable

    from hybrid_cluster.gateway.fleet import Host

EVERY = 0.5
"""Seconds: a card that was just switched to waking misses the first packets."""
# An interface may come, go, or get another address.
_LOOKED_UP_AGAIN = 10.0


async def send(host: Host, complain: Callable[[str], None]) -> None:
    """Send packets to a host until cancelled; the same complaint is made once."""
    loop, said = asyncio.get_running_loop(), ""
    sender, looked_up = None, 0.0
    while True:
        began = loop.time()
        if sender is None or began - looked_up >= _LOOKED_UP_AGAIN:
            sender, complaint = await _look_up(host)
            looked_up = began
        if sender is not None:
            sender.send(host.magic)
            complaint = "" if sender.sent else "; ".join(f"{where}: {why}" for where, why in sender.errors.items())
        if complaint and complaint != said:
            said = complaint
            complain(f"no packet leaves for {host.name}: {complaint}")
        await asyncio.sleep(max(0.0, began + EVERY - loop.time()))


async def _look_up(host: Host) -> tuple[Sender | None, str]:
    """Return what sends to a host, or why there is nothing; programs are asked for it, in a thread."""
    wish = ways.Wish(host.interface, host.source, host.broadcast)
    try:
        found = await asyncio.to_thread(ways.ways, Commands(), platform.system(), host.address, wish)
    except ClusterError as error:
        return None, str(error)
    return Sender(platform.system(), found), ""
