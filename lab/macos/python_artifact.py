# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The relocatable CPython that bootstrap brings to a Mac: Debian's, packed as python-build-standalone packs its own.

It stands in for a build for macOS, so it reports Darwin on a simulated Mac. Its shared libraries are those of the
simulated Mac's root file system.
"""

from __future__ import annotations

import gzip
import io
import tarfile
from pathlib import Path

from .layer import resolve

HERE = Path(__file__).parent
VERSION = "3.11"
OMITTED = frozenset(
    {"__pycache__", "EXTERNALLY-MANAGED", "idlelib", "lib2to3", "sitecustomize.py", "test", "tkinter", "turtledemo"}
)
# Whoever builds it, and whenever: the same root file system gives the same archive.
MOMENT = 1_700_000_000


def build(base_root: Path, destination: Path) -> Path:
    """Write the archive into a directory and return its path."""
    places = {
        base_root / f"usr/lib/python{VERSION}": f"lib/python{VERSION}",
        # Debian keeps pip apart; python-build-standalone brings it too.
        base_root / "usr/lib/python3/dist-packages/pip": "lib/python3/dist-packages/pip",
    }
    members: dict[str, Path | str] = {
        f"bin/python{VERSION}": resolve(base_root, Path(f"/usr/bin/python{VERSION}")),
        "bin/python3": f"python{VERSION}",
        "bin/python": f"python{VERSION}",
        f"lib/python{VERSION}/sitecustomize.py": HERE / "darwin_site.py",
    }
    for library, place in places.items():
        for path in sorted(library.rglob("*")):
            inside = path.relative_to(library)
            if OMITTED.isdisjoint(inside.parts) and not any(part.startswith("config-") for part in inside.parts):
                real = resolve(base_root, Path("/", path.relative_to(base_root)))
                if real.is_file():
                    members[f"{place}/{inside}"] = real
    destination.mkdir(parents=True, exist_ok=True)
    target = destination / f"cpython-{_version(base_root)}-lab.tar.gz"
    with (
        target.open("wb") as file,
        gzip.GzipFile("", "wb", 6, file, MOMENT) as packed,
        tarfile.open(fileobj=packed, mode="w", format=tarfile.GNU_FORMAT) as archive,
    ):
        for name in sorted(members):
            _add(archive, f"python/{name}", members[name])
    return target


def _add(archive: tarfile.TarFile, name: str, content: Path | str) -> None:
    member = tarfile.TarInfo(name)
    member.mtime = MOMENT
    if isinstance(content, str):
        member.type, member.linkname, member.mode = tarfile.SYMTYPE, content, 0o777
        archive.addfile(member)
        return
    data = content.read_bytes()
    member.size = len(data)
    member.mode = 0o755 if "/bin/" in name else 0o644
    archive.addfile(member, io.BytesIO(data))


def _version(base_root: Path) -> str:
    """Return the full version, as Debian's package database has it."""
    status = (base_root / "var/lib/dpkg/status").read_text(encoding="utf-8")
    package = status.partition(f"Package: python{VERSION}-minimal\n")[2].partition("\n\n")[0]
    return next(
        (line.split()[1].partition("-")[0] for line in package.splitlines() if line.startswith("Version:")), VERSION
    )
