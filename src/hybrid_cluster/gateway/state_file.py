# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Files of state: written whole or not at all, and readable by nobody else."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import stat
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator


class StateError(Exception):
    """A file of state cannot be used; the message says which, why and what to do."""


def read(path: Path) -> dict[str, Any]:
    """Return what a file holds, which must be for its owner alone."""
    try:
        with path.open("rb") as file:
            mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
            raw = file.read()
    except OSError as error:
        raise StateError(f"{path}: {error.strerror}.") from error
    if mode & 0o077:
        raise StateError(f"{path}: others may read it (mode {mode:04o}); give it the mode 0600.")
    try:
        value = json.loads(raw)
    except ValueError as error:
        raise StateError(f"{path}: it is not JSON ({error}); bring it back from a backup.") from error
    if not isinstance(value, dict):
        raise StateError(f"{path}: it is not a JSON object; bring it back from a backup.")
    return value


def write(path: Path, value: dict[str, Any]) -> None:
    """Replace a file, so that a reader finds the old or the new one whatever happens."""
    # Made with the mode 0600 from the beginning.
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump(value, file, indent=1, sort_keys=True)
            file.write("\n")
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """Keep other processes that change the file out, from reading it to writing it."""
    descriptor = os.open(path.with_name(f"{path.name}.lock"), os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
