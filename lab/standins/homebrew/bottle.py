# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""A bottle: Homebrew's layout around Debian's program, and what that program expects of a Linux beside it.

The second half (libraries, and whatever lies where Debian's program was told to look for it) is not in a real bottle,
which holds all of it below its own directory.
"""

from __future__ import annotations

import gzip
import io
import tarfile
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

HOMEBREW = "opt/homebrew"


def cellar(formula: str, version: str) -> str:
    """Return where a formula's own files lie."""
    return f"{HOMEBREW}/Cellar/{formula}/{version}"


def write(destination: Path, formula: str, version: str, contents: Mapping[str, Path | bytes]) -> Path:
    """Write a bottle; contents are files and directories, or the text of a file, by their place."""
    destination.mkdir(parents=True, exist_ok=True)
    path = destination / f"{formula}.bottle.tar.gz"
    with (
        path.open("wb") as file,
        gzip.GzipFile("", "wb", 1, file, 0) as packed,
        tarfile.open(fileobj=packed, mode="w", format=tarfile.GNU_FORMAT) as archive,
    ):
        link = tarfile.TarInfo(f"{HOMEBREW}/opt/{formula}")
        link.type, link.linkname = tarfile.SYMTYPE, f"../Cellar/{formula}/{version}"
        archive.addfile(_ours(link))
        for place, content in contents.items():
            if isinstance(content, Path):
                archive.add(content, place, filter=_ours)
            else:
                member = tarfile.TarInfo(place)
                member.size = len(content)
                archive.addfile(_ours(member), io.BytesIO(content))
    return path


def libraries(programs: Path, names: Iterable[str]) -> dict[str, Path]:
    """Find libraries among the unpacked packages, by the place where a program looks for them."""
    found = {}
    for name in names:
        (library, *_) = sorted(
            path for top in ("lib", "usr/lib") for path in programs.glob(f"{top}/*-linux-gnu*/{name}")
        )
        found[f"usr/lib/{library.parent.name}/{name}"] = library.resolve()
    return found


def _ours(member: tarfile.TarInfo) -> tarfile.TarInfo:
    """Make the archive the same whenever and by whomever it is built."""
    member.uid = member.gid = member.mtime = 0
    member.uname = member.gname = ""
    member.mode = 0o755 if member.isdir() or member.mode & 0o111 else 0o644
    return member
