# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""``ditto``: copies a tree into a place, merging with what is there, with modes, owners and attributes."""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..tool import Context

PATHS = ("/usr/bin/ditto",)
USAGE = "Usage: ditto [ <options> ] src [ ... src ] dst"
NO_SOURCE = "ditto: Cannot get the real path for source '{path}'"
FAILED = "ditto: {path}: {reason}"


def main(context: Context) -> int:
    """Copy every source to the destination."""
    paths = [word for word in context.argv if not word.startswith("-")]
    if len(paths) < 2:
        context.err(USAGE)
        return 1
    *sources, destination = paths
    for source in sources:
        if not os.path.exists(context.path(source)):
            context.err(NO_SOURCE.format(path=source))
            return 1
    for source in sources:
        try:
            _copy(context.path(source), context.path(destination))
        except OSError as error:
            context.err(FAILED.format(path=error.filename or destination, reason=error.strerror))
            return 1
    return 0


def _copy(source: str, destination: str) -> None:
    """Copy the content of a directory into the destination, or a file to it."""
    import shutil

    if not os.path.isdir(source):
        # A file goes into a directory that exists, or becomes the destination.
        target = os.path.join(destination, os.path.basename(source)) if os.path.isdir(destination) else destination
        os.makedirs(os.path.dirname(target), exist_ok=True)
        _copy_one(source, target)
        return
    os.makedirs(destination, exist_ok=True)
    for entry in os.scandir(source):
        target = os.path.join(destination, entry.name)
        if entry.is_dir(follow_symlinks=False):
            _copy(entry.path, target)
        else:
            _copy_one(entry.path, target)
    _copy_owner(source, destination)
    shutil.copystat(source, destination)


def _copy_one(source: str, target: str) -> None:
    import shutil

    scratch = f"{target}.{os.getpid()}"
    shutil.copy2(source, scratch, follow_symlinks=False)
    _copy_owner(source, scratch)
    os.replace(scratch, target)


def _copy_owner(source: str, target: str) -> None:
    if os.geteuid() == 0:
        owner = os.lstat(source)
        os.lchown(target, owner.st_uid, owner.st_gid)
