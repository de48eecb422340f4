# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What a tree from elsewhere may hold: nothing of it leads out of its own folder, whatever the file system.

The rules know names and kinds only, so that they judge an archive before anything of it is written.
"""

from __future__ import annotations

import functools
import os
import re
import stat
import unicodedata
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import ClusterError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

DIRECTORY, FILE, LINK, HARD_LINK = "a directory", "a file", "a symbolic link", "a hard link"
_EXPECTED = (DIRECTORY, FILE, LINK, HARD_LINK)
_SET_ID = stat.S_ISUID | stat.S_ISGID
_LONGEST_CHAIN = 40
_KINDS = {
    stat.S_IFDIR: DIRECTORY,
    stat.S_IFREG: FILE,
    stat.S_IFLNK: LINK,
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
    stat.S_IFIFO: "a pipe",
    stat.S_IFSOCK: "a socket",
}


class TreeError(ClusterError):
    """A tree that no publisher makes; the text follows the name of what holds it."""


@dataclass(frozen=True)
class Entry:
    """One thing of a tree."""

    name: str
    kind: str
    """One of the expected kinds, or in words what else it is."""
    target: str = ""
    mode: int = 0
    size: int = 0
    source: Any = field(default=None, compare=False)
    """Where its content is read."""

    @property
    def parts(self) -> tuple[str, ...]:
        """Its path, without what means nothing in it."""
        return _parts(self.name)


def _parts(name: str) -> tuple[str, ...]:
    return tuple(part for part in name.split("/") if part not in ("", "."))


def kind_of(mode: int) -> str:
    """Name the kind of file that a mode says."""
    return _KINDS.get(stat.S_IFMT(mode), "of an unknown kind")


def entries_of(top: Path) -> Iterator[Entry]:
    """Yield what lies at a path of a file system, and below it."""
    yield _met(top, top)
    if not top.is_symlink():
        for directory, directories, files in os.walk(top, onerror=_raise):
            for name in (*directories, *files):
                yield _met(Path(directory, name), top)


def _met(path: Path, top: Path) -> Entry:
    mode = path.lstat().st_mode
    target = os.readlink(path) if stat.S_ISLNK(mode) else ""  # noqa: PTH115 - a Path would tidy the target up
    return Entry(str(path.relative_to(top.parent)), kind_of(mode), target, mode)


def _raise(error: OSError) -> None:
    raise error


def judge(entries: Iterable[Entry]) -> list[Entry]:
    """Return the entries of a tree in their order, or refuse it whole."""
    claimed: dict[str, tuple[str, str]] = {}
    links: dict[str, Entry] = {}
    judged = []
    for entry in entries:
        _refuse_name(entry)
        if entry.kind not in _EXPECTED:
            raise TreeError(f"holds {entry.name!r}, which is {entry.kind}")
        if entry.kind == FILE and entry.mode & _SET_ID:
            raise TreeError(f"holds {entry.name!r}, which would run with its owner's rights, whoever starts it")
        if entry.kind == HARD_LINK:
            _refuse_name_of_another(entry, claimed)
        _claim(entry, claimed)
        if entry.kind == LINK:
            links[_folded(entry.parts)] = entry
        judged.append(entry)
    for entry in links.values():
        _refuse_way_out(entry, links)
    return judged


def _refuse_name(entry: Entry) -> None:
    if entry.name.startswith("/") or ".." in entry.parts:
        raise TreeError(f"would write {entry.name!r}, outside its own directory")
    # Elsewhere a backslash parts names, and a letter with a colon begins a path.
    odd = "\0" in entry.name or "\\" in entry.name or re.match("[A-Za-z]:", entry.name)
    if odd or (not entry.parts and entry.kind != DIRECTORY):
        raise TreeError(f"would write {entry.name!r}, which is not a valid name")


@functools.lru_cache(maxsize=4096)
def _fold(part: str) -> str:
    """Return what all names share that are one on a Mac, whatever their case and composition."""
    visible = "".join(letter for letter in part if unicodedata.category(letter) != "Cf")
    return unicodedata.normalize("NFD", unicodedata.normalize("NFD", visible).casefold())


def _folded(parts: Sequence[str]) -> str:
    return "/".join(map(_fold, parts))


def _claim(entry: Entry, claimed: dict[str, tuple[str, str]]) -> None:
    """Have each name once, and below directories only; a directory may be named again."""
    for depth in range(1, len(entry.parts)):
        known, kind = _known(entry.parts[:depth], claimed) or ("", DIRECTORY)
        if kind != DIRECTORY:
            raise TreeError(f"would write {entry.name!r} through {known!r}, which is {kind}")
        claimed.setdefault(_folded(entry.parts[:depth]), ("/".join(entry.parts[:depth]), DIRECTORY))
    before = _known(entry.parts, claimed)
    if before and (before[1], entry.kind) != (DIRECTORY, DIRECTORY):
        raise TreeError(f"holds {entry.name!r} twice")
    claimed[_folded(entry.parts)] = ("/".join(entry.parts), entry.kind)


def _known(parts: Sequence[str], claimed: dict[str, tuple[str, str]]) -> tuple[str, str] | None:
    """Return the name and kind of what came before under a name, or under one that is the same on a Mac."""
    known = claimed.get(_folded(parts))
    if known and known[0] != "/".join(parts):
        raise TreeError(f"holds {known[0]!r} and {'/'.join(parts)!r}, which are one on a Mac")
    return known


def _refuse_name_of_another(entry: Entry, claimed: dict[str, tuple[str, str]]) -> None:
    """Let a hard link be another name of a file that came before it, and of nothing else."""
    wanted = "/".join(_parts(entry.target))
    known = claimed.get(_folded(_parts(entry.target)))
    if entry.target.startswith("/") or known not in ((wanted, FILE), (wanted, HARD_LINK)):
        raise TreeError(f"holds {entry.name!r}, a hard link to {entry.target!r}, outside its own directory")


def _refuse_way_out(entry: Entry, links: dict[str, Entry]) -> None:
    """Follow a link as a system does: on no step of its way may it be outside the folder that holds the tree."""
    if len(entry.parts) < 2 or not entry.target or "\0" in entry.target:
        raise TreeError(f"holds {entry.name!r}, a link to {entry.target!r}, which no release needs")
    home, place = entry.parts[:1], list(entry.parts[:-1])
    ahead, followed = deque(_steps(entry)), 1
    while ahead:
        step = ahead.popleft()
        if step == "..":
            del place[-1:]
        else:
            place.append(step)
        if tuple(place[:1]) != home or followed > _LONGEST_CHAIN:
            raise TreeError(f"holds {entry.name!r}, a link to {entry.target!r}, outside its own directory")
        met = links.get(_folded(place))
        if met:
            del place[-1:]
            ahead.extendleft(reversed(_steps(met)))
            followed += 1


def _steps(link: Entry) -> list[str]:
    steps = [step for step in link.target.split("/") if step not in ("", ".")]
    # The root is the one place above all that ".." leads to.
    return [".."] * (len(link.parts) + 1) if link.target.startswith("/") else steps
