# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Versions of a program side by side, unpacked from archives, and a link to the one in use."""

from __future__ import annotations

import shutil
import stat
import tarfile
import zipfile
from pathlib import Path, PurePosixPath
from typing import IO, TYPE_CHECKING

from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import ClusterError

if TYPE_CHECKING:
    from collections.abc import Iterator

CURRENT = "current"
CHECKSUM = ".checksum"


class ArchiveError(ClusterError):
    """An archive cannot be unpacked."""


class Versions:
    """The directory that holds them."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def path(self, version: str) -> Path:
        """Return where a version is."""
        if version in {"", ".", "..", CURRENT} or "/" in version or version.startswith("."):
            raise ArchiveError(f"{version!r} is no version.")
        return self._directory / version

    def there(self) -> bool:
        """Tell whether there is anything."""
        return self._directory.exists()

    def current(self) -> str | None:
        """Return the version in use."""
        link = self._directory / CURRENT
        return str(link.readlink()) if link.is_symlink() else None

    def holds(self, version: str, checksum: str | None) -> bool:
        """Tell whether a version is there, from this archive where that matters."""
        mark = self.path(version) / CHECKSUM
        return mark.is_file() and (checksum is None or mark.read_text(encoding="ascii") == checksum)

    def others(self, kept: list[str]) -> list[str]:
        """Return the versions that are there besides these."""
        if not self._directory.is_dir():
            return []
        return sorted(path.name for path in self._directory.iterdir() if path.name not in {*kept, CURRENT})

    def unpack(self, archive: Path, version: str, checksum: str | None) -> None:
        """Unpack beside the others; only a whole version gets its name."""
        target = self.path(version)
        beside, old = target.with_name(f".{version}.new"), target.with_name(f".{version}.old")
        for path in (beside, old):
            shutil.rmtree(path, ignore_errors=True)
        beside.mkdir(parents=True)
        unpack(archive, beside)
        (beside / CHECKSUM).write_text(checksum or "", encoding="ascii")
        if target.exists():
            target.rename(old)
        beside.rename(target)
        shutil.rmtree(old, ignore_errors=True)

    def switch(self, version: str) -> None:
        """Let the link lead to a version, in one step."""
        if self.current() == version:
            return
        beside = self._directory / f".{CURRENT}.new"
        if beside.is_symlink():
            beside.unlink()
        beside.symlink_to(version)
        beside.replace(self._directory / CURRENT)

    def discard(self, name: str) -> None:
        """Remove one version."""
        shutil.rmtree(self._directory / name)

    def remove(self) -> None:
        """Remove all."""
        shutil.rmtree(self._directory)


def unpack(archive: Path, target: Path) -> None:
    """Unpack what an archive holds, without the one folder around it, owned by root and writable by nobody else."""
    try:
        if zipfile.is_zipfile(archive):
            _unpack_zip(archive, target)
        else:
            _unpack_tar(archive, target)
    except (tarfile.TarError, zipfile.BadZipFile, EOFError) as error:
        raise ArchiveError(f"{archive} cannot be unpacked: {error}.") from None


def _parts(archive: Path, name: str) -> tuple[str, ...]:
    """Return the parts of a member's name; one that leads out of the archive is refused."""
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts:
        raise ArchiveError(f"{archive} holds {name}, which would lie outside of it.")
    return tuple(part for part in path.parts if part != ".")


def _places(archive: Path, names: list[str], target: Path) -> Iterator[Path]:
    """Return where each member goes."""
    parts = [_parts(archive, name) for name in names]
    tops = {part[0] for part in parts if part}
    single = len(tops) == 1 and any(len(part) > 1 for part in parts)
    for part in parts:
        yield target.joinpath(*(part[1:] if single else part))


def _unpack_zip(archive: Path, target: Path) -> None:
    with zipfile.ZipFile(archive) as opened:
        members = opened.infolist()
        for member, place in zip(members, _places(archive, [member.filename for member in members], target)):
            if member.is_dir():
                place.mkdir(mode=0o755, parents=True, exist_ok=True)
            else:
                with opened.open(member) as stream:
                    _write(place, stream, executable=bool(member.external_attr >> 16 & stat.S_IXUSR))


def _unpack_tar(archive: Path, target: Path) -> None:
    with tarfile.open(archive) as opened:
        members = opened.getmembers()
        for member, place in zip(members, _places(archive, [member.name for member in members], target)):
            if member.isdir():
                place.mkdir(mode=0o755, parents=True, exist_ok=True)
            elif member.issym():
                _parts(archive, member.linkname)
                place.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
                place.symlink_to(member.linkname)
            else:
                stream = opened.extractfile(member)
                if stream is None:
                    raise ArchiveError(f"{archive} holds {member.name}, which is neither a file nor a folder.")
                _write(place, stream, executable=bool(member.mode & stat.S_IXUSR))


def _write(place: Path, stream: IO[bytes], *, executable: bool) -> None:
    place.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    with place.open("wb") as file:
        shutil.copyfileobj(stream, file, 1 << 20)
    place.chmod(0o755 if executable else 0o644)
