# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The archives of the stand-in, named and filled as those of the release: one program in a folder, and checksums."""

from __future__ import annotations

import gzip
import hashlib
import io
import tarfile
import zipfile
from pathlib import Path

import yaml

FOLDER = "AdGuardHome"
PROGRAM = f"{FOLDER}/AdGuardHome"
PLATFORMS = {
    "AdGuardHome_linux_amd64.tar.gz": "/usr/bin/python3",
    "AdGuardHome_linux_arm64.tar.gz": "/usr/bin/python3",
    # On a Mac that is only a stub; the simulator has its own.
    "AdGuardHome_darwin_arm64.zip": "/System/Library/Simulator/bin/python3",
}
_HERE = Path(__file__).parent
# The day of the release: the same sources always give the same bytes.
_MOMENT = (2026, 8, 18, 0, 0, 0)
_TIMESTAMP = 1787011200
_START = "import sys\nfrom adguard_home_standin.__main__ import main\nsys.exit(main())\n"


def program(interpreter: str) -> bytes:
    """Return the program: a zip archive that Python runs, in one file as the real one is."""
    files = {f"adguard_home_standin/{path.name}": path for path in (_HERE / "standin").glob("*.py")}
    files |= {f"yaml/{path.name}": path for path in Path(yaml.__file__).parent.glob("*.py")}
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(zipfile.ZipInfo("__main__.py", _MOMENT), _START)
        for name, path in sorted(files.items()):
            archive.writestr(zipfile.ZipInfo(name, _MOMENT), path.read_bytes(), zipfile.ZIP_DEFLATED)
    return f"#!{interpreter} -I\n".encode() + packed.getvalue()


def build(destination: Path) -> None:
    """Write the archives and their checksums into a directory."""
    destination.mkdir(parents=True, exist_ok=True)
    for name, interpreter in PLATFORMS.items():
        content = program(interpreter)
        (destination / name).write_bytes(_zip(content) if name.endswith(".zip") else _tar(content))
    sums = [f"{hashlib.sha256((destination / name).read_bytes()).hexdigest()}  ./{name}\n" for name in PLATFORMS]
    (destination / "checksums.txt").write_text("".join(sums), encoding="ascii")


def _zip(content: bytes) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        entry = zipfile.ZipInfo(PROGRAM, _MOMENT)
        entry.external_attr = 0o100755 << 16
        archive.writestr(entry, content, zipfile.ZIP_DEFLATED)
    return packed.getvalue()


def _tar(content: bytes) -> bytes:
    packed = io.BytesIO()
    with (
        gzip.GzipFile("", "wb", 6, packed, _TIMESTAMP) as stream,
        tarfile.open(fileobj=stream, mode="w", format=tarfile.GNU_FORMAT) as archive,
    ):
        entry = tarfile.TarInfo(f"./{PROGRAM}")
        entry.size, entry.mode, entry.mtime = len(content), 0o755, _TIMESTAMP
        archive.addfile(entry, io.BytesIO(content))
    return packed.getvalue()
