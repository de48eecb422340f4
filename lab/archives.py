# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Release archives of the lab: one folder in an archive, the same bytes from the same content."""

from __future__ import annotations

import gzip
import io
import tarfile
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import yaml

if TYPE_CHECKING:
    from collections.abc import Mapping

# On a Mac /usr/bin/python3 is only a stub; the simulator has its own.
INTERPRETERS = {"linux": "/usr/bin/python3", "darwin": "/System/Library/Simulator/bin/python3"}
_MOMENT = 1_700_000_000
_ZIP_MOMENT = (2023, 11, 14, 22, 13, 20)


def write_tar(path: Path, folder: str, programs: Mapping[str, bytes | Path], level: int = 6) -> None:
    """Write an archive that holds a folder with programs, each given by its content or by a file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with (
        path.open("wb") as file,
        gzip.GzipFile("", "wb", level, file, _MOMENT) as packed,
        tarfile.open(fileobj=packed, mode="w", format=tarfile.GNU_FORMAT) as archive,
    ):
        for name, content in sorted(programs.items()):
            data = content.read_bytes() if isinstance(content, Path) else content
            entry = tarfile.TarInfo(f"{folder}/{name}")
            entry.size, entry.mode, entry.mtime = len(data), 0o755, _MOMENT
            archive.addfile(entry, io.BytesIO(data))


def write_zip(path: Path, folder: str, programs: Mapping[str, bytes | Path]) -> None:
    """Write the same as a zip archive."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in sorted(programs.items()):
            data = content.read_bytes() if isinstance(content, Path) else content
            entry = zipfile.ZipInfo(f"{folder}/{name}", _ZIP_MOMENT)
            entry.external_attr = 0o100755 << 16
            archive.writestr(entry, data, zipfile.ZIP_DEFLATED)


def python_program(interpreter: str, package: Path, name: str, *, with_yaml: bool = False) -> bytes:
    """Return a package as one file that Python runs; its `__main__` has a `main` that returns the exit status."""
    files = {f"{name}/{path.relative_to(package)}": path for path in package.rglob("*.py")}
    if with_yaml:
        files |= {f"yaml/{path.name}": path for path in Path(yaml.__file__).parent.glob("*.py")}
    start = f"import sys\nfrom {name}.__main__ import main\nsys.exit(main())\n"
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(zipfile.ZipInfo("__main__.py", _ZIP_MOMENT), start)
        for inside, path in sorted(files.items()):
            archive.writestr(zipfile.ZipInfo(inside, _ZIP_MOMENT), path.read_bytes(), zipfile.ZIP_DEFLATED)
    return f"#!{interpreter} -I\n".encode() + packed.getvalue()
