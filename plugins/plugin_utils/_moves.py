# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Move a folder of secrets on the controller: whole or file by file, and never over something else."""

from __future__ import annotations

import filecmp
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class MoveError(Exception):
    """A folder cannot be moved."""


@dataclass(frozen=True)
class Move:
    """A folder, and what it is to be called."""

    old: Path
    new: Path

    def _files(self) -> Iterator[tuple[Path, Path]]:
        """Yield each file of the old folder with its place in the new one."""
        for folder, _, names in os.walk(self.old):
            for name in names:
                file = type(self.old)(folder) / name
                yield file, self.new / file.relative_to(self.old)

    def refuse_differences(self) -> None:
        """Fail where something else is at the place of a file; nothing has been moved then."""
        for file, place in self._files():
            if os.path.lexists(place) and not _same(file, place):
                raise MoveError(f"{file} and {place} differ; keep the one that holds, and remove the other.")

    def apply(self) -> bool:
        """Move the folder, and tell whether it was there; a run that was killed is completed by the next."""
        try:
            if self.old.is_symlink():
                self._rename_link()
                return True
            _restrict(self.old)
            if os.path.lexists(self.new):
                self._merge()
            else:
                self.old.rename(self.new)
        except FileNotFoundError:
            # Another run was faster.
            return False
        except OSError as error:
            raise MoveError(f"{self.old} cannot be moved to {self.new} ({error.strerror}); move it by hand.") from error
        return True

    def _rename_link(self) -> None:
        if os.path.lexists(self.new):
            raise MoveError(f"{self.old} is a link, and {self.new} is there already; keep one of them.")
        self.old.rename(self.new)

    def _merge(self) -> None:
        _restrict(self.new)
        for file, place in list(self._files()):
            place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            if not os.path.lexists(place):
                # A link is never made over something that is there.
                os.link(file, place, follow_symlinks=False)
            file.unlink()
        for folder, _, _ in os.walk(self.old, topdown=False):
            os.rmdir(folder)  # noqa: PTH106 - what os.walk yields


def _same(one: Path, other: Path) -> bool:
    if one.is_symlink() or other.is_symlink():
        return one.is_symlink() and other.is_symlink() and one.readlink() == other.readlink()
    return other.is_file() and filecmp.cmp(one, other, shallow=False)


def _restrict(folder: Path) -> None:
    """Leave the folder and what is in it to its owner."""
    folder.chmod(0o700)
    for root, folders, files in os.walk(folder):
        for name in folders:
            (type(folder)(root) / name).chmod(0o700)
        for name in files:
            file = type(folder)(root) / name
            if not file.is_symlink():
                file.chmod(0o600)
