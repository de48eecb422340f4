# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""``vm_stat``: the memory of a Mac that does little."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..tool import Context

PATHS = ("/usr/bin/vm_stat",)
PAGE = 16384
# Shares of the memory; the rest is taken by the compressor.
SHARES = {"free": 0.45, "active": 0.20, "inactive": 0.19, "speculative": 0.01, "throttled": 0.0, "wired down": 0.11}


def main(context: Context) -> int:
    """Print the counters."""
    pages = context.profile.memory_gigabytes * 1024**3 // PAGE
    context.out(f"Mach Virtual Memory Statistics: (page size of {PAGE} bytes)")
    for name, share in SHARES.items():
        context.out(f"{f'Pages {name}:':<30} {int(pages * share):>16}.")
    return 0
