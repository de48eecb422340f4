# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
# Generated from plugins/module_utils/_no_follow.py by `make generate`; change it there.
"""The way to a file, opened name by name, so that no link leads root somewhere else.

Whoever may write to a directory can put a link there, and can do so between a look and a deed. So every name is opened
from the descriptor of its directory and without following a link; what is found is changed through its own descriptor.
A link is followed only where nobody but root could have made it.
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from hybrid_cluster.shared._command import ClusterError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

# Linux walks through a directory that may be entered and not read; elsewhere root reads everything.
_WALK = getattr(os, "O_PATH", os.O_RDONLY) | os.O_DIRECTORY | os.O_NOFOLLOW
DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW
# Without waiting for the other end of a pipe.
FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK
MOST_LINKS = 40
ADMIN_GROUP = 80
"""Who is in it on a Mac may become root anyway."""


class UnsafePathError(ClusterError):
    """The way to a file leads over something that others than root could have put there."""


OF_THE_DISK = {"lost+found", ".fseventsd", ".Spotlight-V100", ".Trashes", ".DocumentRevisions-V100", ".TemporaryItems"}
"""What systems keep at the top of a disk for themselves, and make again."""

Identity = tuple[int, int]
"""Device and number: what a file is, whatever its path is called."""


class Removal(NamedTuple):
    """Whether anything of a directory was, or would be, removed, and whether anything was kept."""

    removed: bool
    kept: bool


class Place:
    """A name in a directory that is open."""

    def __init__(self, directory: int, name: str, path: str) -> None:
        self.directory, self.name, self.path = directory, name, path

    def status(self) -> os.stat_result | None:
        """Return what lies there, a link itself included, or None where nothing does."""
        try:
            return os.stat(self.name, dir_fd=self.directory, follow_symlinks=False)
        except FileNotFoundError:
            return None

    def is_link(self) -> bool:
        """Tell whether a link lies there."""
        status = self.status()
        return status is not None and stat.S_ISLNK(status.st_mode)

    def refuse_link(self) -> None:
        """Fail where a link lies that others than root could have made."""
        if self.is_link() and not is_root_only(self.directory):
            raise self.link_error()

    def is_kept(self) -> bool:
        """Tell whether nobody but root can put something else there; from a directory like /tmp none can be taken."""
        status, kept = self.status(), os.fstat(self.directory).st_mode & stat.S_ISVTX
        return is_root_only(self.directory) or bool(kept and status is not None and status.st_uid in {0, os.getuid()})

    def link_error(self) -> UnsafePathError:
        """Return the sentence about a link."""
        try:
            target = os.readlink(self.name, dir_fd=self.directory)
        except OSError:
            target = "somewhere else"
        return UnsafePathError(
            f"{self.path} is a link to {target} that root does not follow, because a service could have made it;"
            f" nothing was changed: remove the link, or write the real path where {self.path} is written now."
        )

    def open(self, flags: int) -> int:
        """Open what lies there; it is not a link, whatever was seen before."""
        try:
            return os.open(self.name, flags, 0o600, dir_fd=self.directory)
        except OSError as error:
            if error.errno in {errno.ELOOP, errno.EMLINK, errno.ENOTDIR} and self.is_link():
                raise self.link_error() from None
            raise

    def open_file(self, *, alone: bool = False) -> int:
        """Open a regular file; one that has a second name may be somebody else's where others could give it this one.

        `alone` accepts no second name anywhere.
        """
        descriptor = self.open(FILE)
        status = os.fstat(descriptor)
        problem = ""
        if not stat.S_ISREG(status.st_mode):
            problem = "is not a regular file: remove it"
        elif status.st_nlink > 1 and (alone or not is_root_only(self.directory)):
            problem = "has a second name and may be a file of somebody else, so that root does not touch it: remove it"
        if problem:
            os.close(descriptor)
            raise UnsafePathError(f"{self.path} {problem}.")
        return descriptor


def is_root_only(directory: int) -> bool:
    """Tell whether nobody but root, or who runs this, can put something into an open directory."""
    status = os.fstat(directory)
    trusted = {0, os.getgid(), *([ADMIN_GROUP] if sys.platform == "darwin" else [])}
    others = stat.S_IWOTH | (0 if status.st_gid in trusted else stat.S_IWGRP)
    return status.st_uid in {0, os.getuid()} and not status.st_mode & others


@contextlib.contextmanager
def place(
    root: str, path: str, *, follow: bool = False, create: bool = False, root_only: bool = False
) -> Iterator[Place]:
    """Open the directory of a path below `root`.

    `follow` goes on where the path itself is a link that only root could have made, `create` makes missing parents, and
    `root_only` accepts no directory on the way that others can change.
    """
    directory = os.open(root, _WALK)
    done: list[str] = []
    todo = _names(path)
    links = 0
    try:
        while True:
            found = Place(directory, todo[0], "/" + "/".join([*done, todo[0]]))
            if root_only and not found.is_kept():
                raise UnsafePathError(
                    f"{path} lies in /{'/'.join(done)}, which others than root can write to, so that what root writes"
                    " there could be led elsewhere: choose a path whose parents belong to root."
                )
            if len(todo) == 1 and not follow:
                break
            if found.is_link():
                found.refuse_link()
                links += 1
                if links > MOST_LINKS:
                    raise UnsafePathError(f"{path} leads over too many links: write the real path.")
                target = str(Path("/", *done, os.readlink(found.name, dir_fd=directory)))
                todo, done = [*_names(target), *todo[1:]], []
                os.close(directory)
                directory = os.open(root, _WALK)
                continue
            if len(todo) == 1:
                break
            if create:
                make(found, 0o755)
            inner = found.open(_WALK)
            os.close(directory)
            directory = inner
            done.append(todo.pop(0))
        yield found
    finally:
        os.close(directory)


def make(found: Place, mode: int) -> bool:
    """Make a directory where nothing lies; tell whether it was made."""
    try:
        os.mkdir(found.name, mode, dir_fd=found.directory)
    except FileExistsError:
        return False
    return True


def refuse_shared(root: str, path: str) -> None:
    """Fail unless every directory on the way to a path, as far as they are there, can be changed by root alone."""
    with contextlib.suppress(FileNotFoundError), place(root, path, root_only=True):
        pass


def remove_tree(found: Place, keep: Collection[Identity] = (), *, look_only: bool = False) -> Removal:
    """Remove a directory with everything in it; links in it are removed and not followed.

    What is to be kept stays with everything in it, and so do the directories that lead to it. Where a disk is mounted,
    it is emptied, and the directory stays.
    """
    removed = False
    directory = found.open(DIRECTORY)
    kept = _device(directory) != _device(found.directory)
    try:
        with os.scandir(directory) as entries:
            names = [entry.name for entry in entries if not kept or entry.name not in OF_THE_DISK]
        for name in names:
            inner = Place(directory, name, f"{found.path}/{name}")
            status = inner.status()
            if status is not None and (status.st_dev, status.st_ino) in keep:
                kept = True
            elif status is not None and stat.S_ISDIR(status.st_mode):
                below = remove_tree(inner, keep, look_only=look_only)
                removed, kept = removed or below.removed, kept or below.kept
            elif status is not None:
                removed = True
                if not look_only:
                    os.unlink(name, dir_fd=directory)
    finally:
        os.close(directory)
    if kept:
        return Removal(removed, kept)
    if not look_only:
        os.rmdir(found.name, dir_fd=found.directory)
    return Removal(removed=True, kept=False)


def _device(directory: int) -> int:
    return os.fstat(directory).st_dev


def _names(path: str) -> list[str]:
    return [name for name in os.path.normpath(f"/{path}").split("/") if name] or ["."]
