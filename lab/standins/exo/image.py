# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The disk image of the stand-in: a tar archive whose first member names the volume."""

from __future__ import annotations

import io
import json
import os
import tarfile
from pathlib import Path, PurePosixPath

from . import bundle

VOLUME = "EXO"
TIMESTAMP = 1776902400  # 2026-04-23, the day of the real release: the same tree always gives the same bytes
DIRECTORY_MODE = 0o755


def _member(name: str, kind: bytes, mode: int) -> tarfile.TarInfo:
    """Return a member that carries no trace of the machine it was made on."""
    member = tarfile.TarInfo(name)
    member.type, member.mode, member.mtime = kind, mode, TIMESTAMP
    member.uname, member.gname = "root", "wheel"
    return member


def _add(archive: tarfile.TarFile, name: str, data: bytes, mode: int) -> None:
    """Add one regular file."""
    member = _member(name, tarfile.REGTYPE, mode)
    member.size = len(data)
    archive.addfile(member, io.BytesIO(data))


def build(destination_dir: Path, version: str = "1.0.71") -> Path:
    """Write EXO-<version>.dmg into destination_dir and return its path."""
    destination_dir.mkdir(parents=True, exist_ok=True)
    image = destination_dir / f"EXO-{version}.dmg"
    partial = image.with_suffix(f".{os.getpid()}.part")
    files = {f"{VOLUME}.app/{path}": entry for path, entry in bundle.contents(version).items()}
    directories = {parent for path in files for parent in PurePosixPath(path).parents if parent.name}
    with tarfile.open(partial, "w", format=tarfile.USTAR_FORMAT) as archive:
        _add(archive, ".volume.json", json.dumps({"volume_name": VOLUME}).encode(), bundle.FILE_MODE)
        link = _member("Applications", tarfile.SYMTYPE, 0o777)
        link.linkname = "/Applications"
        archive.addfile(link)
        for directory in sorted(directories):
            archive.addfile(_member(str(directory), tarfile.DIRTYPE, DIRECTORY_MODE))
        for path, entry in sorted(files.items()):
            _add(archive, path, entry.data, entry.mode)
    partial.replace(image)
    return image
