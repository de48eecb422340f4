# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""How much graphics processors do."""

from __future__ import annotations

import re

NVIDIA = ["nvidia-smi", "--query-gpu=index,utilization.gpu", "--format=csv,noheader,nounits"]
APPLE = ["/usr/sbin/ioreg", "-r", "-d", "1", "-w", "0", "-c", "IOAccelerator"]
BUSY_PERCENT = 10
_APPLE = re.compile(r'"Device Utilization %"\s*=\s*(\d+)')


def of_nvidia(text: str) -> list[str]:
    """Return the cards that do something, and those that do not say; some cards never do."""
    found = []
    for line in text.splitlines():
        index, _, percent = (part.strip() for part in line.partition(","))
        if percent.isdigit() and int(percent) >= BUSY_PERCENT:
            found.append(f"card {index} is busy to {percent} %")
        elif not percent.isdigit() and "N/A" not in percent:
            found.append(f"card {index} does not say what it does")
    return found


def of_apple(text: str) -> list[str]:
    """Return whether a Mac's does something."""
    return [f"the GPU is busy to {percent} %" for percent in _APPLE.findall(text) if int(percent) >= BUSY_PERCENT]
