# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""A directory of configuration that is replaced whole: written beside, checked there, then swapped."""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ansible_collections.hybrid_ai.cluster.plugins.module_utils import _no_follow
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import ClusterError
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._masking import masked

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import Commands

PLACEHOLDER = "%s"
DIGEST_ROUNDS = 200_000
SHOWN_LINES = 300
"""As many lines of a file that comes or goes a difference shows."""


class FileTreeError(ClusterError):
    """A directory of configuration could not be written."""


@dataclass(frozen=True)
class Stamp:
    """A file that tells whoever reads the directory the digest of the others."""

    name: str
    text: str


class FileTree:
    """A directory of which every file is ours, in one that only root can change."""

    def __init__(self, path: str, mode: int, group: int, sensitive: bool = False, stamp: Stamp | None = None) -> None:
        _no_follow.refuse_shared("/", path)
        self.path = Path(path)
        self._beside = self.path.with_name(f".{self.path.name}.new")
        self._previous = self.path.with_name(f".{self.path.name}.previous")
        self._mode, self._group, self._sensitive, self._stamp = mode, group, sensitive, stamp
        if stamp and PLACEHOLDER not in stamp.text:
            raise FileTreeError(
                f"The text of {stamp.name} has no {PLACEHOLDER} where the digest of {path} is to stand."
            )

    def read(self, path: Path | None = None) -> dict[str, str] | None:
        """Return the text of every file by its relative name, or None where there is no directory."""
        top = path or self.path
        if top.is_symlink() or not top.is_dir():
            return None
        files = (file for file in sorted(top.rglob("*")) if file.is_symlink() or file.is_file())
        return {str(file.relative_to(top)): _text(file) for file in files}

    def modes_are_right(self) -> bool:
        """Tell whether files and directories may be read by whom they should."""
        for path in [self.path, *self.path.rglob("*")]:
            status = path.lstat()
            wanted = self._directory_mode if stat.S_ISDIR(status.st_mode) else self._mode
            if status.st_mode & 0o7777 != wanted or status.st_gid != self._group or status.st_uid != os.geteuid():
                return False
        return True

    @property
    def _directory_mode(self) -> int:
        return self._mode | (self._mode & 0o444) >> 2

    def write_beside(self, files: Mapping[str, str]) -> Path:
        """Write a candidate next to the directory and return where it is."""
        self.discard()
        self._beside.mkdir(parents=True)
        for name, text in files.items():
            target = self._beside / name
            if Path(os.path.normpath(target)) != target or self._beside not in target.parents:
                raise FileTreeError(
                    f"{name} is not a valid name inside a directory; write it without .. and without a leading /."
                )
            target.parent.mkdir(parents=True, exist_ok=True)
            target.touch(mode=0o600)
            target.write_text(text, encoding="utf-8")
        for path in [self._beside, *self._beside.rglob("*")]:
            os.chown(path, os.geteuid(), self._group)  # -1, a group to come, leaves it as it is
            path.chmod(self._directory_mode if path.is_dir() else self._mode)
        return self._beside

    def check(self, commands: Commands, argv: list[str], candidate: Path, secrets: Mapping[str, str]) -> None:
        """Let the program itself judge the candidate; its words are shown without those of secret files."""
        words = [word.replace(PLACEHOLDER, str(candidate)) for word in argv]
        result = commands.run(words)
        if result.rc != 0:
            known = [str(self.path), *secrets, *argv]
            said = masked(result.text.replace(str(candidate), str(self.path)), secrets.values(), known)
            raise FileTreeError(
                f"{Path(words[0]).name} refuses the new files for {self.path}, and nothing was replaced: {said}"
            )

    def stamped(self, files: Mapping[str, str], digest: str) -> dict[str, str]:
        """Return the files with the one that holds their digest."""
        if self._stamp is None:
            return {**files}
        if self._stamp.name in files:
            raise FileTreeError(
                f"{self._stamp.name} of {self.path} holds the digest: give the other file another name."
            )
        return {**files, self._stamp.name: self._stamp.text.replace(PLACEHOLDER, digest)}

    def digest(self, files: Mapping[str, str] | None) -> str:
        """Return a text that is another one whenever a file is, but for the one that holds it.

        It stands in places that everybody can read. That of secret files is slow to make, so that nobody finds a
        password by trying.
        """
        made = hashlib.sha256()
        own = self._stamp.name if self._stamp else None
        for name, text in sorted((name, text) for name, text in (files or {}).items() if name != own):
            made.update(f"{name}\0{len(text)}\0{text}".encode())
        if not self._sensitive:
            return made.hexdigest()
        return hashlib.pbkdf2_hmac("sha256", made.digest(), str(self.path).encode(), DIGEST_ROUNDS).hex()

    def swap(self, keep_previous: bool) -> None:
        """Put the candidate in place, and keep what it replaces until `commit`."""
        if self.path.is_symlink():
            self.path.unlink()
        elif self.path.exists():
            _remove(self._previous)
            self.path.rename(self._previous)
        self._beside.rename(self.path)
        if not keep_previous:
            self.commit()

    def has_previous(self) -> bool:
        """Tell whether an earlier state is kept."""
        return self._previous.is_dir()

    def commit(self) -> None:
        """Forget the earlier state."""
        _remove(self._previous)

    def rollback(self) -> None:
        """Put the earlier state back."""
        _remove(self.path)
        self._previous.rename(self.path)

    def remove(self) -> None:
        """Remove the directory and the earlier state."""
        _remove(self.path)
        _remove(self._previous)

    def discard(self) -> None:
        """Remove a candidate."""
        _remove(self._beside)


def _text(file: Path) -> str:
    """Return what a file holds; where a link leads is not looked at, and none is wanted."""
    if file.is_symlink():
        return f"a link to {file.readlink()}"
    return file.read_text(encoding="utf-8", errors="replace")


def _remove(path: Path) -> None:
    if path.is_symlink():
        path.unlink()
    elif path.exists():
        shutil.rmtree(path)


def differences(before: Mapping[str, str] | None, after: Mapping[str, str]) -> list[dict[str, str]]:
    """Return one entry of Ansible's diff for every file that changes; of a long one that comes or goes, its length."""
    old = before or {}
    return [
        {
            "before_header": name,
            "after_header": name,
            "before": old.get(name, "") if name in after else _shortened(old[name]),
            "after": after.get(name, "") if name in old else _shortened(after[name]),
        }
        for name in sorted({*old, *after})
        if old.get(name) != after.get(name)
    ]


def _shortened(text: str) -> str:
    """Return a whole file as a difference shows it: nobody reads a generated one of a thousand lines."""
    lines = text.count("\n")
    return text if lines <= SHOWN_LINES else f"({lines} lines)\n"
