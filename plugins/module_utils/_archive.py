# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Archives of releases: judged whole, then unpacked by us, so that every Python does the same.

Nothing in an archive says who owns what is unpacked or who may write it. What zstd packed, the host's own program of
that name unpacks: Python reads it from 3.14 on.
"""

from __future__ import annotations

import contextlib
import lzma
import os
import shutil
import stat
import struct
import subprocess
import tarfile
import tempfile
import zipfile
import zlib
from typing import IO, TYPE_CHECKING, Any

from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import ClusterError
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._tree_rules import (
    DIRECTORY,
    FILE,
    HARD_LINK,
    LINK,
    Entry,
    TreeError,
    judge,
    kind_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

_MOST_ENTRIES = 200_000
_MOST_BYTES = 16 << 30
_LONGEST_TARGET = 4096
# What a file begins with. A zip could be told by its end, too; but so would be a tar archive that ends with one.
_ZIP = b"PK\x03\x04"
_ZSTD = b"\x28\xb5\x2f\xfd"
# What the readers raise for archives that are damaged, or made to damage.
_UNREADABLE = (
    tarfile.TarError,
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    LookupError,
    OverflowError,
    RuntimeError,
    ValueError,
    struct.error,
)
_TAR_KINDS = {
    tarfile.REGTYPE: FILE,
    tarfile.AREGTYPE: FILE,
    tarfile.DIRTYPE: DIRECTORY,
    tarfile.SYMTYPE: LINK,
    tarfile.LNKTYPE: HARD_LINK,
    tarfile.CHRTYPE: "a device",
    tarfile.BLKTYPE: "a device",
    tarfile.FIFOTYPE: "a pipe",
}


class ArchiveError(ClusterError):
    """An archive could not be unpacked."""


def check(archive: Path) -> None:
    """Refuse an archive that would write outside its own directory; nothing is written."""
    with _read(archive) as reader:
        judge(_bounded(reader.entries()))


def extract(archive: Path, target: Path) -> None:
    """Unpack an archive into an empty directory that nobody else can write to."""
    with _read(archive) as reader:
        entries = judge(_bounded(reader.entries()))
        needed, free = sum(entry.size for entry in entries), shutil.disk_usage(target).free
        if needed > free:
            raise ArchiveError(f"{archive} needs {needed} bytes where {free} are free; make room on the disk.")
        for entry in entries:
            reader.ask_python(entry, target)
            place = target.joinpath(*entry.parts)
            _directory(place if entry.kind == DIRECTORY else place.parent, target)
            if entry.kind == FILE:
                _write(place, reader.content(entry), entry)
            elif entry.kind == LINK:
                place.symlink_to(entry.target)
            elif entry.kind == HARD_LINK:
                os.link(target / entry.target, place)


class _Tar:
    def __init__(self, archive: tarfile.TarFile) -> None:
        self._archive = archive

    def entries(self) -> Iterator[Entry]:
        for member in self._archive:
            kind = _TAR_KINDS.get(member.type, "of an unknown kind")
            yield Entry(
                member.name,
                "a sparse file" if member.issparse() else kind,
                member.linkname if kind in (LINK, HARD_LINK) else "",
                member.mode,
                member.size if kind == FILE else 0,
                member,
            )

    def ask_python(self, entry: Entry, target: Path) -> None:
        """Have Python's own judgement too, where it has one."""
        if hasattr(tarfile, "data_filter"):
            tarfile.data_filter(entry.source, str(target))

    def content(self, entry: Entry) -> IO[bytes]:
        content = self._archive.extractfile(entry.source)
        if content is None:
            raise ValueError(f"{entry.name!r} has no content")
        return content


class _Zip:
    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive

    def entries(self) -> Iterator[Entry]:
        for member in self._archive.infolist():
            # Not `filename`, which ends at a null character.
            name, mode = member.orig_filename, member.external_attr >> 16
            said = DIRECTORY if name.endswith("/") else FILE
            kind = kind_of(mode) if stat.S_IFMT(mode) else said
            if (kind == DIRECTORY) != (said == DIRECTORY):
                kind = "of an unknown kind"
            yield Entry(name, kind, self._target(member) if kind == LINK else "", mode, member.file_size, member)

    def _target(self, member: zipfile.ZipInfo) -> str:
        if member.file_size > _LONGEST_TARGET:
            raise TreeError(f"holds {member.filename!r}, a link to more than a path")
        with self._archive.open(member) as content:
            return os.fsdecode(content.read(_LONGEST_TARGET))

    def ask_python(self, entry: Entry, target: Path) -> None:
        """Do nothing: Python has no judgement of these."""

    def content(self, entry: Entry) -> IO[bytes]:
        return self._archive.open(entry.source)


@contextlib.contextmanager
def _read(archive: Path) -> Iterator[Any]:
    """Open an archive; what is wrong with it is one sentence."""
    if not archive.is_file():
        raise ArchiveError(f"{archive} is not there; fetch the release first.")
    try:
        if _begins_with(archive, _ZIP):
            with zipfile.ZipFile(archive) as packed:
                yield _Zip(packed)
        elif _begins_with(archive, _ZSTD):
            with _without_zstd(archive) as plain, tarfile.open(fileobj=plain) as unpacked:
                yield _Tar(unpacked)
        else:
            with tarfile.open(archive) as unpacked:
                yield _Tar(unpacked)
    except TreeError as error:
        advice = "correct the address and the checksum of the release"
        raise ArchiveError(f"{archive} {error}; it was not unpacked: {advice}.") from None
    except _UNREADABLE as error:
        raise ArchiveError(f"{archive} cannot be unpacked: {error}.") from error


def _begins_with(archive: Path, magic: bytes) -> bool:
    with archive.open("rb") as file:
        return file.read(len(magic)) == magic


@contextlib.contextmanager
def _without_zstd(archive: Path) -> Iterator[IO[bytes]]:
    """Have what zstd packed as a file without a name beside the archive, while it is read."""
    with tempfile.TemporaryFile(dir=archive.parent) as plain:
        try:
            process = subprocess.Popen(
                ["zstd", "-d", "-q", "-c", "--", str(archive)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
            )
        except FileNotFoundError:
            raise ArchiveError(f"{archive} is packed with zstd, which this host lacks: install zstd.") from None
        with process:
            size = 0
            for chunk in iter(lambda: process.stdout.read(1 << 20) if process.stdout else b"", b""):
                size += len(chunk)
                if size > _MOST_BYTES:
                    process.kill()
                    raise TreeError("holds more than any release")
                plain.write(chunk)
            said = process.stderr.read() if process.stderr else b""
        if process.returncode != 0:
            raise ValueError(" ".join(said.decode("utf-8", "replace").split()) or "zstd gave up")
        plain.seek(0)
        yield plain


def _bounded(entries: Iterable[Entry]) -> Iterator[Entry]:
    """Stop at an archive that would fill the host, before its content is looked at."""
    size = 0
    for number, entry in enumerate(entries):
        size += entry.size
        if entry.size < 0 or size > _MOST_BYTES or number >= _MOST_ENTRIES:
            raise TreeError("holds more than any release")
        yield entry


def _directory(place: Path, top: Path) -> None:
    if place != top and not place.is_dir():
        _directory(place.parent, top)
        place.mkdir()
        place.chmod(0o755)  # whatever the umask


def _write(place: Path, content: IO[bytes], entry: Entry) -> None:
    """Write a file that the user of a service can read, and only root write."""
    handle = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    with content, os.fdopen(handle, "wb") as file:
        shutil.copyfileobj(content, file, 1 << 20)
        os.fchown(handle, os.geteuid(), os.getegid())
        os.fchmod(handle, 0o755 if entry.mode & 0o100 else 0o644)
