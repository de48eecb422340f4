# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""How far a host is, in a file that whoever waits for it reads."""

from __future__ import annotations

import os
import time
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING

from ansible_collections.hybrid_ai.cluster.plugins.module_utils._models import manifest as manifests

if TYPE_CHECKING:
    from pathlib import Path

PREPARING, CHECKING, FETCHING, VERIFYING = "preparing", "checking", "fetching", "verifying"
COMPLETE, FAILED = "complete", "failed"


@dataclass
class FolderStatus:
    """One folder."""

    revision: str
    size: int
    """Bytes of all its files."""
    state: str = PREPARING
    have: int = 0
    """Bytes that are here and compared."""
    fetched: int = 0
    """Bytes that came over the network since the program began."""
    sent: int = 0
    """Bytes that others were sent since then."""
    peers: int = 0
    """Hosts that are connected."""
    source: str = ""
    """The host that is asked at present; nobody where it is complete."""
    address: str = ""
    """The address at which it is asked."""
    healed: int = 0
    """Damaged pieces that were fetched again."""
    sentences: list[str] = field(default_factory=list)
    """Why it failed, or what was noticed."""


@dataclass
class Status:
    """All of them."""

    token: str
    host: str
    pid: int = field(default_factory=os.getpid)
    updated: float = 0.0
    """Seconds since 1970."""
    folders: dict[str, FolderStatus] = field(default_factory=dict)

    def write(self, path: Path) -> None:
        """Have it at a path, in one step."""
        self.updated = time.time()
        manifests.write_json(path, asdict(self))
