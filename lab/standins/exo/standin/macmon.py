# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The stand-in of macmon, the program exo reads a Mac's load from: 'macmon pipe' prints one JSON line per interval."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

_USED_MEMORY = 5 * 1024**3
_SYSCTL = "/usr/sbin/sysctl"


def total_memory() -> int:
    """Return the Mac's memory; elsewhere the kernel's figure."""
    if Path(_SYSCTL).exists():
        answer = subprocess.run([_SYSCTL, "-n", "hw.memsize"], capture_output=True, text=True, check=False)
        if answer.returncode == 0 and answer.stdout.strip().isdigit():
            return int(answer.stdout)
    with Path("/proc/meminfo").open(encoding="ascii") as stream:
        return int(stream.readline().split()[1]) * 1024


def sample(total: int) -> dict[str, object]:
    """Return the figures of an idle Mac mini."""
    return {
        "timestamp": datetime.now(tz=UTC).isoformat(),
        "temp": {"cpu_temp_avg": 38.4, "gpu_temp_avg": 36.9},
        "memory": {"ram_total": total, "ram_usage": min(_USED_MEMORY, total // 2), "swap_total": 0, "swap_usage": 0},
        "ecpu_usage": [1020, 0.04],
        "pcpu_usage": [1260, 0.01],
        "gpu_usage": [338, 0.01],
        "all_power": 0.3,
        "ane_power": 0.0,
        "cpu_power": 0.2,
        "gpu_power": 0.05,
        "gpu_ram_power": 0.0,
        "ram_power": 0.1,
        "sys_power": 4.2,
    }


def main() -> int:
    """Print samples until the reader goes away."""
    parser = argparse.ArgumentParser(prog="macmon")
    commands = parser.add_subparsers(dest="command", required=True)
    pipe = commands.add_parser("pipe")
    pipe.add_argument("-s", "--samples", type=int, default=0)
    pipe.add_argument("-i", "--interval", type=int, default=1000)
    arguments = parser.parse_args()
    total, printed = total_memory(), 0
    try:
        while True:
            time.sleep(arguments.interval / 1000)
            print(json.dumps(sample(total)), flush=True)
            printed += 1
            if printed == arguments.samples:
                return 0
    except (BrokenPipeError, KeyboardInterrupt):
        return 0


if __name__ == "__main__":
    sys.exit(main())
