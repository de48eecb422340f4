# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What is said between who orders models and the program that fetches them: the work, its state, and a lock.

The work is a file of root's, the state one of the program's; the lock lies among the models, so that nobody else fills
them.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import pwd
import time
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from ansible_collections.hybrid_ai.cluster.plugins.module_utils._models import folders, manifest
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._models.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

RUNNING, DONE, FAILED = "running", "done", "failed"
_LOCK = "lock"


@dataclass
class State:
    """How far a job is."""

    job: str = ""
    state: str = ""
    folder: str = ""
    """What is being fetched."""
    note: str = ""
    """What it waits for, in words."""
    done: int = 0
    """Bytes that are there, of those that were missing."""
    total: int = 0
    """Bytes that were missing; 0 where no source says."""
    received: int = 0
    """Bytes that came over the network since this process began."""
    updated: float = 0.0
    """Seconds since 1970."""
    sentences: list[str] = field(default_factory=list)
    """Why it failed, or what it noticed."""

    def write(self, path: Path) -> None:
        """Have it at a path."""
        self.updated = time.time()
        manifest.write_json(path, asdict(self))


def read_state(content: bytes | None) -> State:
    """Read a state; what cannot be read is one that knows nothing."""
    with contextlib.suppress(TypeError, ValueError):
        return State(**json.loads(content or b""))
    return State()


def name(work: dict[str, Any], before: str) -> str:
    """Return the name of a job, another one than the one before even where the work is the same."""
    digest = hashlib.sha256(json.dumps(work, sort_keys=True).encode()).hexdigest()[:12]
    known, _, attempt = before.partition(".")
    return f"{digest}.{int(attempt) + 1}" if known == digest and attempt.isdigit() else f"{digest}.1"


def holder(models: Path) -> str | None:
    """Return who fills a directory of models now, in words, or None."""
    try:
        descriptor = os.open(models / folders.INCOMING / _LOCK, os.O_RDONLY | os.O_NOFOLLOW)
    except OSError:
        return None
    with os.fdopen(descriptor, "rb") as file:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except OSError:
            return file.read(200).decode("utf-8", "replace").strip() or "somebody"
    return None


@contextlib.contextmanager
def lock(models: Path) -> Iterator[None]:
    """Be the only one who fills a directory of models.

    :raises ModelError: somebody else does; the sentence says who
    """
    incoming = models / folders.INCOMING
    incoming.mkdir(mode=0o755, exist_ok=True)
    descriptor = os.open(incoming / _LOCK, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o644)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            who = os.pread(descriptor, 200, 0).decode("utf-8", "replace").strip() or "somebody"
            raise ModelError(f"{models} is being filled by {who}: wait until that has ended, or end it.") from None
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{_me()}\n".encode(), 0)
        yield
    finally:
        os.close(descriptor)


def _me() -> str:
    try:
        user = pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        user = str(os.geteuid())
    return f"process {os.getpid()} of {user}, since {time.strftime('%Y-%m-%d %H:%M:%S')}"
