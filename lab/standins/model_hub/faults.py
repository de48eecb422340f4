# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What goes wrong: by the name of a repository below `faults/`, or as a control file says while the hub runs."""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

MODES = {
    "wrong-hash": "a byte of each large file is another one",
    "half": "of each large file only the first half is sent, as if it were all",
    "pointer": "instead of each large file its pointer is sent",
    "busy": "a large file is answered with 503",
    "limited": "everything is answered with 429; `seconds` (default 1) says when to ask again",
    "cut": "the connection ends after `bytes` (default 15000000) of a large file",
    "slow": "a large file comes with `rate` (default 4000000) bytes a second",
    "elsewhere": "a large file is answered with a redirect to another port, as by the hub's own CDN",
}


@dataclass(frozen=True)
class Fault:
    """One way in which a request goes wrong."""

    mode: str = ""
    bytes: int = 15_000_000
    seconds: int = 1
    rate: int = 4_000_000
    times: int | None = None
    """How many requests it happens to; all of them by default."""


@dataclass
class Faults:
    """Says for each request what goes wrong."""

    control: Path | None = None
    """A JSON file: repository -> `mode` and its numbers; read for each request."""
    default: dict[str, Fault] = field(default_factory=dict)
    _happened: dict[tuple[str, str], int] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def of(self, repository: str) -> Fault:
        """Return what is to go wrong with a repository; whether it does is for `happens`."""
        told = self._told().get(repository)
        if told is not None:
            return Fault(**told)
        if repository in self.default:
            return self.default[repository]
        owner, _, mode = repository.partition("/")
        return Fault(mode) if owner == "faults" and mode in MODES else Fault()

    def happens(self, repository: str, *modes: str) -> Fault | None:
        """Return what goes wrong with this request, if it is one of these, and count it."""
        fault = self.of(repository)
        if fault.mode not in modes:
            return None
        with self._lock:
            count = self._happened.get((repository, fault.mode), 0)
            if fault.times is not None and count >= fault.times:
                return None
            self._happened[repository, fault.mode] = count + 1
        return fault

    def _told(self) -> dict[str, dict[str, Any]]:
        try:
            found: dict[str, dict[str, Any]] = json.loads(self.control.read_text()) if self.control else {}
        except FileNotFoundError:
            return {}
        return found
