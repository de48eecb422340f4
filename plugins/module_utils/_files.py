# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Reading and atomically writing small files; unit tests move `ROOT` to a temporary directory."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from pathlib import Path

ROOT = "/"


def real(path: str) -> Path:
    """Return where `path` really lies."""
    return Path(ROOT) / path.lstrip("/")


def read(path: str) -> bytes | None:
    """Return the content of a file, or None where there is none."""
    try:
        return real(path).read_bytes()
    except FileNotFoundError:
        return None


def exists(path: str) -> bool:
    """Tell whether anything, a broken link included, lies at `path`."""
    return os.path.lexists(real(path))


def mode_and_owner(path: str) -> tuple[int, int, int] | None:
    """Return permission bits, user id and group id, or None where there is no file."""
    try:
        status = real(path).lstat()
    except FileNotFoundError:
        return None
    return status.st_mode & 0o7777, status.st_uid, status.st_gid


def write(path: str, content: bytes, mode: int = 0o644) -> None:
    """Put a root-owned file in place in one step, so that a reader or a power cut never sees half of it."""
    target = real(path)
    handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).chmod(mode)
        own(temporary, 0, 0)
        Path(temporary).replace(target)
    except BaseException:
        Path(temporary).unlink()
        raise


def link_target(path: str) -> str | None:
    """Return what a link names, or None where there is no link."""
    try:
        return str(real(path).readlink())
    except OSError:
        return None


def link(path: str, target: str) -> None:
    """Have a link at `path`, in one step and whatever file was there."""
    place = real(path)
    temporary = place.with_name(f".{place.name}.new")
    if os.path.lexists(temporary):
        temporary.unlink()
    temporary.symlink_to(target)
    temporary.replace(place)


def own(path: str | Path, uid: int, gid: int) -> None:
    """Give a file to somebody."""
    os.chown(path, uid, gid)


def make_directory(path: str, mode: int = 0o755) -> None:
    """Create a directory of ours and its parents where they are missing."""
    real(path).mkdir(mode=mode, parents=True, exist_ok=True)


def rename(source: str, target: str) -> None:
    """Give a file or directory another name on the same volume."""
    real(source).rename(real(target))


def remove(path: str) -> None:
    """Remove a file, link or whole directory; nothing there is fine."""
    target = real(path)
    if target.is_dir() and not target.is_symlink():
        shutil.rmtree(target)
    elif os.path.lexists(target):
        target.unlink()


def remove_if_empty(path: str) -> None:
    """Remove a directory that holds nothing any more."""
    with contextlib.suppress(OSError):
        real(path).rmdir()


def tail(path: str, lines: int = 10, limit: int = 65536) -> list[str]:
    """Return the last lines of a log, or nothing where there is no log."""
    try:
        with real(path).open("rb") as file:
            file.seek(0, os.SEEK_END)
            file.seek(max(0, file.tell() - limit))
            return file.read().decode("utf-8", "replace").splitlines()[-lines:]
    except OSError:
        return []
