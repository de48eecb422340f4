# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""``who -b``: when the system was started. Nobody sits at a headless Mac, and sessions are not listed."""

from __future__ import annotations

from ..state import DIRECTORY, read_json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..tool import Context

PATHS = ("/usr/bin/who",)


def main(context: Context) -> int:
    """Print the time of the last start, to the minute."""
    if not any("b" in word for word in context.argv if word.startswith("-")):
        return 0
    import time

    since = read_json(context.path(f"{DIRECTORY}/boot.json"), {"since": 0})["since"]
    started = time.strftime("%b %e %H:%M", time.localtime(since))
    context.out(f"{'reboot':<16} {'~':<12} {started}")
    return 0
