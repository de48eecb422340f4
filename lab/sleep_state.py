# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Which hosts sleep, and how deep: a file for each in /run/hybrid-lab/<lab>/asleep."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from lab import names

if TYPE_CHECKING:
    from pathlib import Path

GOING_DOWN = "going down"
ASLEEP = "asleep"
WAKING = "waking"


def phase(lab: str, host: str) -> str | None:
    """Return how deep a host sleeps, in the words of `lab status`; nothing when it does not."""
    try:
        return _file(lab, host).read_text(encoding="ascii")
    except FileNotFoundError:
        return None


def write(lab: str, host: str, now: str) -> None:
    """Say how deep a host sleeps; a reader sees the old or the new word."""
    path = _file(lab, host)
    path.parent.mkdir(exist_ok=True)
    partial = path.with_name(f".{host}.{os.getpid()}")
    partial.write_text(now, encoding="ascii")
    partial.rename(path)


def clear(lab: str, host: str) -> None:
    """Say that a host does not sleep."""
    _file(lab, host).unlink(missing_ok=True)


def _file(lab: str, host: str) -> Path:
    return names.runtime(lab) / "asleep" / host
