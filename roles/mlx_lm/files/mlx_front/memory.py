# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Memory of the machine: what is free for a second model, and what a dead process has left behind on a Mac.

On a Mac the memory of a GPU is wired. When a process is killed hard, macOS may keep some of it until the next restart,
accounted to nobody. So the first start after a boot notes how much was wired before, and later ones compare with it.
"""

from __future__ import annotations

import contextlib
import json
import platform
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

_PAGE = re.compile(r"page size of (\d+) bytes")
_PAGES = re.compile(r'^"?([^":]+)"?:\s+(\d+)\.?$', re.MULTILINE)
_FREE = ("Pages free", "Pages inactive", "Pages speculative", "Pages purgeable")
# Less than this is the system's own to and fro.
SLACK = 2 * 1024**3


def parse_vm_stat(text: str) -> dict[str, int]:
    """Return bytes by the name of each line that counts pages."""
    page = _PAGE.search(text)
    if page is None:
        return {}
    return {name: int(number) * int(page[1]) for name, number in _PAGES.findall(text)}


def parse_meminfo(text: str) -> int | None:
    """Return the bytes that Linux could give to a program."""
    found = re.search(r"^MemAvailable:\s+(\d+) kB$", text, re.MULTILINE)
    return int(found[1]) * 1024 if found else None


def _output(*argv: str) -> str:
    try:
        done = subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, timeout=10, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.decode("utf-8", "replace") if done.returncode == 0 else ""


def _pages() -> dict[str, int]:
    return parse_vm_stat(_output("/usr/bin/vm_stat"))


def available() -> int | None:
    """Return the bytes that could be had now, or None where nobody says."""
    if platform.system() != "Darwin":
        with contextlib.suppress(OSError):
            return parse_meminfo(Path("/proc/meminfo").read_text(encoding="utf-8"))
        return None
    pages = _pages()
    return sum(pages.get(name, 0) for name in _FREE) if pages else None


def wired() -> int | None:
    """Return the bytes that are wired, or None on Linux, where the processor computes."""
    return _pages().get("Pages wired down") if platform.system() == "Darwin" else None


def boot_session() -> str:
    """Return what differs after a restart of the machine."""
    return _output("/usr/sbin/sysctl", "-n", "kern.boottime").split(",")[0].strip()


@dataclass
class Held:
    """Compares what is wired with what was before the first worker of this boot."""

    path: Path
    first: int | None = None

    def note(self) -> None:
        """Read what was noted since the boot, or note it: call it while no worker runs."""
        session, now = boot_session(), wired()
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
            noted = json.loads(self.path.read_text(encoding="utf-8"))
            if noted["boot"] == session:
                self.first = int(noted["wired"])
                return
        self.first = now
        if now is not None:
            with contextlib.suppress(OSError):
                self.path.write_text(json.dumps({"boot": session, "wired": now}), encoding="utf-8")

    def by_nobody(self) -> int | None:
        """Return the bytes that are wired beyond that, while no worker runs; None where nobody can say."""
        now = wired()
        if now is None or self.first is None:
            return None
        more = now - self.first
        return more if more >= SLACK else 0


def fits_beside(size: int, free: int | None) -> bool:
    """Tell whether a second model may be loaded while the first one serves; what nobody knows is a no."""
    return free is not None and free >= size * 1.25 + SLACK


def gigabytes(number: int) -> str:
    """Return bytes as people read them."""
    return f"{number / 1024**3:.0f} GB"
