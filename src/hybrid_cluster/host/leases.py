# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Leases: people and programs that need a host for a while, whatever it seems to do."""

from __future__ import annotations

import json
import re
import time
from typing import TYPE_CHECKING

from hybrid_cluster.shared import _files
from hybrid_cluster.shared._command import ClusterError

if TYPE_CHECKING:
    from pathlib import Path

LONGEST = 30 * 24 * 3600
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}")


class LeaseError(ClusterError):
    """A lease cannot be taken like this."""


def take(folder: str, name: str, seconds: float, why: str) -> None:
    """Have a lease until so many seconds from now, in place of one of the same name."""
    if not 0 < seconds <= LONGEST:
        raise LeaseError(f"A lease of {seconds:g} seconds is none: write seconds, at most {LONGEST} (30 days).")
    _files.make_directory(folder, 0o755)
    lease = {"until": time.time() + seconds, "why": why}
    _files.write(_path(folder, name), f"{json.dumps(lease)}\n".encode())


def give_back(folder: str, name: str) -> None:
    """End a lease; one that is not there is fine."""
    _files.remove(_path(folder, name))


def current(folder: str) -> list[str]:
    """Return the leases that last; one that cannot be read lasts until somebody looks at it."""
    root = _files.real(folder)
    return [said for path in (sorted(root.glob("*.json")) if root.is_dir() else ()) if (said := _read(path))]


def _read(path: Path) -> str | None:
    try:
        lease = json.loads(path.read_bytes())
        left = float(lease["until"]) - time.time()
        return f"{path.stem} holds it for {left / 60:.0f} minutes: {lease['why']}" if left > 0 else None
    except (OSError, ValueError, TypeError, KeyError):
        return f"the lease {path.name} cannot be read"


def _path(folder: str, name: str) -> str:
    if not _NAME.fullmatch(name):
        raise LeaseError(f"{name!r} is not a valid name of a lease: write letters, digits, dots and hyphens.")
    return f"{folder}/{name}.json"
