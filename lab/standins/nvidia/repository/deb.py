# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Debian packages and the index of a repository, the same bytes from the same content."""

from __future__ import annotations

import gzip
import hashlib
import io
import tarfile
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_MOMENT = 1_700_000_000


@dataclass(frozen=True)
class Package:
    """One package."""

    name: str
    version: str
    architecture: str
    fields: Mapping[str, str] = field(default_factory=dict)
    """Such as ``Depends``."""
    files: Mapping[str, str] = field(default_factory=dict)
    """Texts by path; what begins with ``#!`` is a program."""
    scripts: Mapping[str, str] = field(default_factory=dict)
    """Such as ``postinst``."""
    conffiles: tuple[str, ...] = ()

    @property
    def file(self) -> str:
        """What its file is called."""
        return f"{self.name}_{self.version}_{self.architecture}.deb"

    def control(self) -> str:
        """Return its description."""
        fields = {
            "Package": self.name,
            "Version": self.version,
            "Architecture": self.architecture,
            "Maintainer": "The lab <nobody@invalid>",
            **self.fields,
            "Description": f"A stand-in for {self.name}",
        }
        return "".join(f"{name}: {value}\n" for name, value in fields.items())

    def content(self) -> bytes:
        """Return the package: an ar archive of two tar archives."""
        control = {"control": self.control(), **self.scripts}
        if self.conffiles:
            control["conffiles"] = "".join(f"/{path}\n" for path in self.conffiles)
        members = {
            "debian-binary": b"2.0\n",
            "control.tar.gz": _tar(control, programs=set(self.scripts)),
            "data.tar.gz": _tar(
                self.files, programs={path for path, text in self.files.items() if text.startswith("#!")}
            ),
        }
        return b"!<arch>\n" + b"".join(_member(name, data) for name, data in members.items())


def _member(name: str, data: bytes) -> bytes:
    header = f"{name:<16}{_MOMENT:<12}{0:<6}{0:<6}{'100644':<8}{len(data):<10}`\n"
    return header.encode("ascii") + data + b"\n" * (len(data) % 2)


def _tar(files: Mapping[str, str], programs: set[str]) -> bytes:
    packed = io.BytesIO()
    with (
        gzip.GzipFile("", "wb", 6, packed, _MOMENT) as zipped,
        tarfile.open(fileobj=zipped, mode="w", format=tarfile.GNU_FORMAT) as archive,
    ):
        folders: set[str] = set()
        for name, text in sorted(files.items()):
            parts = name.split("/")[:-1]
            for depth in range(1, len(parts) + 1):
                folder = "/".join(parts[:depth])
                if folder not in folders:
                    folders.add(folder)
                    archive.addfile(_entry(f"./{folder}", tarfile.DIRTYPE, 0o755))
            data = text.encode()
            entry = _entry(f"./{name}", tarfile.REGTYPE, 0o755 if name in programs else 0o644)
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
    return packed.getvalue()


def _entry(name: str, kind: bytes, mode: int) -> tarfile.TarInfo:
    entry = tarfile.TarInfo(name)
    entry.type, entry.mode, entry.mtime, entry.uname, entry.gname = kind, mode, _MOMENT, "root", "root"
    return entry


def write(directory: Path, packages: list[Package]) -> None:
    """Write a repository of one folder: its packages, `Packages` and `Release`."""
    directory.mkdir(parents=True, exist_ok=True)
    index = ""
    for package in sorted(packages, key=lambda one: (one.name, one.version)):
        content = package.content()
        (directory / package.file).write_bytes(content)
        digest = hashlib.sha256(content).hexdigest()
        index += f"{package.control()}Filename: ./{package.file}\nSize: {len(content)}\nSHA256: {digest}\n\n"
    data = index.encode()
    (directory / "Packages").write_bytes(data)
    (directory / "Packages.gz").write_bytes(gzip.compress(data, 6, mtime=_MOMENT))
    lines = [
        f" {hashlib.sha256(path.read_bytes()).hexdigest()} {path.stat().st_size} {path.name}\n"
        for path in (directory / "Packages", directory / "Packages.gz")
    ]
    release = f"Origin: NVIDIA\nLabel: NVIDIA CUDA\nDate: Tue, 14 Nov 2023 22:13:20 UTC\nSHA256:\n{''.join(lines)}"
    (directory / "Release").write_text(release, encoding="ascii")
