# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Which start of the Mac this is: told by the first process of the host, so nothing has to be written at boot."""

from __future__ import annotations

import os
import time

_FIRST_PROCESS = "/proc/1/stat"


def _start_ticks() -> int:
    with open(_FIRST_PROCESS, encoding="ascii", errors="replace") as file:
        # The second field is a name in brackets that may hold spaces; the start time is the 22nd field.
        return int(file.read().rpartition(")")[2].split()[19])


def boot_time() -> float:
    """Return when the Mac was started, in seconds since 1970."""
    with open("/proc/uptime", encoding="ascii") as file:
        uptime = float(file.read().split()[0])
    return time.time() - uptime + _start_ticks() / os.sysconf("SC_CLK_TCK")


def boot_session(host: str) -> str:
    """Return an identifier that is the same until the next start, in the spelling of ``kern.bootsessionuuid``."""
    import hashlib

    with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as file:
        seed = f"{file.read().strip()} {_start_ticks()} {host}"
    digits = hashlib.sha256(seed.encode()).hexdigest().upper()
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-A{digits[17:20]}-{digits[20:32]}"
