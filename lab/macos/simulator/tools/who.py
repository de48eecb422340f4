# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""``who -b`` and ``uptime``: when the system was started. Sessions are not listed."""

from __future__ import annotations

import os
import time

from ..state import DIRECTORY, read_json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..tool import Context

PATHS = ("/usr/bin/who", "/usr/bin/uptime")


def main(context: Context) -> int:
    """Print the time of the last start, to the minute, or how long ago it was."""
    since = float(read_json(context.path(f"{DIRECTORY}/boot.json")).get("since", 0))
    if context.name == "uptime":
        hours, minutes = divmod(int(time.time() - since) // 60, 60)
        days, hours = divmod(hours, 24)
        span = (f"{days} day{'s' * (days > 1)}, " if days else "") + (
            f"{hours}:{minutes:02}" if hours else f"{minutes} mins"
        )
        loads = " ".join(f"{load:.2f}" for load in os.getloadavg())
        context.out(f"{time.strftime('%H:%M')}  up {span}, 1 user, load averages: {loads}")
    elif any("b" in word for word in context.argv if word.startswith("-")):
        context.out(f"{'reboot':<16} {'~':<12} {time.strftime('%b %e %H:%M', time.localtime(since))}")
    return 0
