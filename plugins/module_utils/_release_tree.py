# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Unpacked releases side by side, one of them switched to by a link named `current`.

A running program is never written over: macOS kills a program whose file changed under it.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from ansible_collections.hybrid_ai.cluster.plugins.module_utils import _archive
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import ClusterError

if TYPE_CHECKING:
    from collections.abc import Sequence

CURRENT = "current"
PREVIOUS = "previous"
_MARK = ".complete"


class ReleaseTreeError(ClusterError):
    """A release could not be unpacked or switched to."""


class ReleaseTree:
    """The directory that holds the releases of one program."""

    def __init__(self, path: str) -> None:
        self.path = Path(path)

    def version(self, link: str = CURRENT) -> str | None:
        """Return the version a link names, or None."""
        try:
            return str((self.path / link).readlink())
        except OSError:
            return None

    def has(self, version: str) -> bool:
        """Tell whether a version is unpacked whole."""
        return (self.path / version / _MARK).is_file()

    def others(self) -> list[str]:
        """Return every unpacked version but the current one."""
        if not self.path.is_dir():
            return []
        current = self.version()
        entries = (entry for entry in self.path.iterdir() if entry.is_dir() and not entry.is_symlink())
        return sorted(entry.name for entry in entries if entry.name != current)

    def unpack(self, archive: str, version: str, program: str, *, more: Sequence[str] = (), bare: bool = False) -> None:
        """Unpack an archive beside the others; what is there under the version's name appears whole or not at all.

        `bare` says that it holds the release itself instead of one folder with it. What the one folder of each of
        `more` holds comes beside the program.
        """
        self.path.mkdir(mode=0o755, parents=True, exist_ok=True)
        work = Path(tempfile.mkdtemp(dir=self.path, prefix=".unpacking-"))
        try:
            top = _unpacked(archive, work / "release", bare=bare)
            for number, other in enumerate(more):
                _add(_unpacked(other, work / str(number), bare=False), top, other)
            if not (top / program).is_file():
                raise ReleaseTreeError(f"{archive} holds no program {program}; correct the address of the release.")
            (top / program).chmod(0o755)
            if os.path.lexists(top / _MARK):
                raise ReleaseTreeError(
                    f"{archive} holds {_MARK}, which is our own mark; correct the address of the release."
                )
            (top / _MARK).touch()
            target = self.path / version
            if target.exists():
                shutil.rmtree(target)
            top.rename(target)
        finally:
            shutil.rmtree(work, ignore_errors=True)
            with contextlib.suppress(OSError):
                self.path.rmdir()  # where it holds nothing

    def switch(self, version: str) -> None:
        """Make a version the current one, and remember the one before."""
        before = self.version()
        if before not in {None, version}:
            self._link(PREVIOUS, str(before))
        self._link(CURRENT, version)

    def commit(self) -> None:
        """Forget every version but the current one."""
        (self.path / PREVIOUS).unlink() if self.version(PREVIOUS) else None
        for version in self.others():
            shutil.rmtree(self.path / version)

    def rollback(self) -> str:
        """Go back to the version before."""
        before = self.version(PREVIOUS)
        if before is None or not self.has(before):
            raise ReleaseTreeError(f"{self.path} holds no earlier version to go back to.")
        self._link(CURRENT, before)
        (self.path / PREVIOUS).unlink()
        return before

    def remove(self) -> None:
        """Remove every version."""
        shutil.rmtree(self.path)

    def _link(self, name: str, target: str) -> None:
        temporary = self.path / f".{name}.new"
        temporary.unlink() if temporary.is_symlink() else None
        temporary.symlink_to(target)
        temporary.replace(self.path / name)


def _unpacked(archive: str, work: Path, *, bare: bool) -> Path:
    work.mkdir()
    work.chmod(0o755)  # whatever the umask
    _archive.extract(Path(archive), work)
    return work if bare else _only_folder(work, archive)


def _add(folder: Path, top: Path, archive: str) -> None:
    """Move what a folder holds into another one, in place of nothing that is there."""
    for entry in sorted(folder.iterdir()):
        if os.path.lexists(top / entry.name):
            raise ReleaseTreeError(f"{archive} holds {entry.name}, which the release has too; correct its address.")
        entry.rename(top / entry.name)


def _only_folder(work: Path, archive: str) -> Path:
    entries = list(work.iterdir())
    if len(entries) != 1 or entries[0].is_symlink() or not entries[0].is_dir():
        raise ReleaseTreeError(f"{archive} does not hold exactly one folder; it is not the release that was expected.")
    return entries[0]
