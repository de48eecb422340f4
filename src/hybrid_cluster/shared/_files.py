# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
# Generated from plugins/module_utils/_files.py by `make generate`; change it there.
"""Reading and atomically writing small files, as root in directories of others too: see `_no_follow`.

Unit tests move `ROOT` to a temporary directory.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import stat
from pathlib import Path
from typing import TYPE_CHECKING

from hybrid_cluster.shared import _no_follow

if TYPE_CHECKING:
    from collections.abc import Collection

ROOT = "/"


def real(path: str) -> Path:
    """Return where `path` really lies."""
    return Path(ROOT) / path.lstrip("/")


def read(path: str) -> bytes | None:
    """Return the content of a file, or None where there is none."""
    try:
        with _no_follow.place(ROOT, path, follow=True) as found, os.fdopen(found.open_file(), "rb") as file:
            return file.read()
    except FileNotFoundError:
        return None


def _status(path: str) -> os.stat_result | None:
    try:
        with _no_follow.place(ROOT, path) as found:
            return found.status()
    except (FileNotFoundError, NotADirectoryError):
        return None


def exists(path: str) -> bool:
    """Tell whether anything, a broken link included, lies at `path`."""
    return _status(path) is not None


def mode_and_owner(path: str) -> tuple[int, int, int] | None:
    """Return permission bits, user id and group id, or None where there is no file."""
    status = _status(path)
    return None if status is None else (status.st_mode & 0o7777, status.st_uid, status.st_gid)


def directory_mode_and_owner(path: str) -> tuple[int, int, int] | None:
    """Return the same of a directory, also where a link leads to it that only root could have made."""
    try:
        with _no_follow.place(ROOT, path, follow=True) as found:
            status = found.status()
            if status is not None and not stat.S_ISDIR(status.st_mode):
                raise _no_follow.UnsafePathError(f"{path} is not a directory: remove it, or write another path.")
    except (FileNotFoundError, NotADirectoryError):
        return None
    return None if status is None else (status.st_mode & 0o7777, status.st_uid, status.st_gid)


def file_mode_and_owner(path: str) -> tuple[int, int, int] | None:
    """Return the same of a regular file that has no other name."""
    try:
        with _no_follow.place(ROOT, path) as found:
            descriptor = found.open_file(alone=True)
    except (FileNotFoundError, NotADirectoryError):
        return None
    try:
        status = os.fstat(descriptor)
    finally:
        os.close(descriptor)
    return status.st_mode & 0o7777, status.st_uid, status.st_gid


def write(path: str, content: bytes, mode: int = 0o644, owner: tuple[int, int] = (0, 0)) -> None:
    """Put a file in place in one step, so that a reader or a power cut never sees half of it."""
    with _no_follow.place(ROOT, path) as found:
        found.refuse_link()
        temporary = f".{found.name}.{secrets.token_hex(4)}"
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
        handle = os.open(temporary, flags, 0o600, dir_fd=found.directory)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
                file.flush()
                os.fchmod(handle, mode)
                os.fchown(handle, *owner)
                os.fsync(handle)
            os.rename(temporary, found.name, src_dir_fd=found.directory, dst_dir_fd=found.directory)
        except BaseException:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(temporary, dir_fd=found.directory)
            raise


def link_target(path: str) -> str | None:
    """Return what a link names, or None where there is no link."""
    try:
        with _no_follow.place(ROOT, path) as found:
            return os.readlink(found.name, dir_fd=found.directory)
    except OSError:
        return None


def link(path: str, target: str) -> None:
    """Have a link at `path`, in one step and whatever file was there."""
    with _no_follow.place(ROOT, path) as found:
        temporary = f".{found.name}.new"
        with contextlib.suppress(FileNotFoundError):
            os.unlink(temporary, dir_fd=found.directory)
        os.symlink(target, temporary, dir_fd=found.directory)
        os.rename(temporary, found.name, src_dir_fd=found.directory, dst_dir_fd=found.directory)


def hard_link(path: str, source: str) -> None:
    """Give a regular file a second name at `path`, in one step and whatever file was there."""
    with _no_follow.place(ROOT, source) as old, _no_follow.place(ROOT, path) as new:
        if not stat.S_ISREG(os.stat(old.name, dir_fd=old.directory, follow_symlinks=False).st_mode):
            raise _no_follow.UnsafePathError(f"{source} is not a regular file: remove it.")
        temporary = f".{new.name}.new"
        with contextlib.suppress(FileNotFoundError):
            os.unlink(temporary, dir_fd=new.directory)
        places = {"src_dir_fd": old.directory, "dst_dir_fd": new.directory}
        os.link(old.name, temporary, **places, follow_symlinks=False)
        os.rename(temporary, new.name, src_dir_fd=new.directory, dst_dir_fd=new.directory)


def make_directory(path: str, mode: int = 0o755, owner: tuple[int, int] | None = None) -> None:
    """Create a directory of ours and its parents where they are missing; with an owner it gets owner and mode."""
    with _no_follow.place(ROOT, path, follow=True, create=True) as found:
        _no_follow.make(found, mode)
        descriptor = found.open(_no_follow.DIRECTORY)
        try:
            if owner is not None:
                os.fchmod(descriptor, mode)
                os.fchown(descriptor, *owner)
        finally:
            os.close(descriptor)


def make_file(path: str, mode: int, owner: tuple[int, int]) -> None:
    """Have a file of somebody's, empty where there was none; its directory must be root's alone to keep it so."""
    with _no_follow.place(ROOT, path) as found:
        with contextlib.suppress(FileExistsError):
            os.close(found.open(os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_NOFOLLOW))
        descriptor = found.open_file(alone=True)
        try:
            os.fchmod(descriptor, mode)
            os.fchown(descriptor, *owner)
        finally:
            os.close(descriptor)


def rename(source: str, target: str) -> None:
    """Give a file or directory another name on the same volume."""
    with _no_follow.place(ROOT, source) as old, _no_follow.place(ROOT, target) as new:
        os.rename(old.name, new.name, src_dir_fd=old.directory, dst_dir_fd=new.directory)


def remove(path: str, keep: Collection[str] = ()) -> None:
    """Remove a file, link or whole directory, but for what is to be kept in it; nothing there is fine."""
    with contextlib.suppress(FileNotFoundError), _no_follow.place(ROOT, path) as found:
        _remove(found, _identities(keep), look_only=False)


def is_removable(path: str, keep: Collection[str] = ()) -> bool:
    """Tell whether `remove` would remove anything."""
    with contextlib.suppress(FileNotFoundError, NotADirectoryError), _no_follow.place(ROOT, path) as found:
        return _remove(found, _identities(keep), look_only=True)
    return False


def _remove(found: _no_follow.Place, keep: Collection[_no_follow.Identity], *, look_only: bool) -> bool:
    status = found.status()
    if status is None or (status.st_dev, status.st_ino) in keep:
        return False
    if stat.S_ISDIR(status.st_mode):
        return _no_follow.remove_tree(found, keep, look_only=look_only).removed
    if not look_only:
        os.unlink(found.name, dir_fd=found.directory)
    return True


def _identities(keep: Collection[str]) -> set[_no_follow.Identity]:
    """Return what the paths lead to, those of directories that hold no file left out."""
    there = [path for path in map(real, keep) if path.is_file() or any(files for _, _, files in os.walk(path))]
    return {(status.st_dev, status.st_ino) for status in (path.stat() for path in there)}


def remove_if_empty(path: str) -> None:
    """Remove a directory that holds nothing any more."""
    with contextlib.suppress(OSError), _no_follow.place(ROOT, path) as found:
        os.rmdir(found.name, dir_fd=found.directory)


def tail(path: str, lines: int = 10, limit: int = 65536) -> list[str]:
    """Return the last lines of a log, or nothing where there is no log."""
    try:
        with _no_follow.place(ROOT, path, follow=True) as found, os.fdopen(found.open_file(), "rb") as file:
            file.seek(0, os.SEEK_END)
            file.seek(max(0, file.tell() - limit))
            return file.read().decode("utf-8", "replace").splitlines()[-lines:]
    except _no_follow.UnsafePathError as error:
        return [str(error)]
    except OSError:
        return []
