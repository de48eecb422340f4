# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The archives of the stand-in, laid out as those of the release: without a folder around them, and on a Mac flat."""

from __future__ import annotations

import gzip
import io
import tarfile
from pathlib import Path

from lab import archives
from lab.standins.ollama.standin import VERSION

ARCHIVES = {
    "ollama-linux-amd64.tar.zst": ("linux", "bin/ollama"),
    "ollama-linux-arm64.tar.zst": ("linux", "bin/ollama"),
    "ollama-darwin.tgz": ("darwin", "ollama"),
}
_MOMENT = 1_700_000_000


def program(system: str) -> bytes:
    """Return the program for an operating system."""
    package = Path(__file__).parent / "standin"
    return archives.python_program(archives.INTERPRETERS[system], package, "ollama_standin")


def build(destination: Path) -> None:
    """Write every archive below a folder of the version."""
    folder = destination / f"v{VERSION}"
    folder.mkdir(parents=True, exist_ok=True)
    for name, (system, path) in ARCHIVES.items():
        plain = _tar(path, program(system))
        packed = frame(plain) if name.endswith(".zst") else gzip.compress(plain, mtime=_MOMENT)
        (folder / name).write_bytes(packed)


def _tar(path: str, content: bytes) -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w", format=tarfile.GNU_FORMAT) as archive:
        entry = tarfile.TarInfo(f"./{path}")
        entry.size, entry.mode, entry.mtime = len(content), 0o755, _MOMENT
        archive.addfile(entry, io.BytesIO(content))
    return file.getvalue()


def frame(plain: bytes) -> bytes:
    """Return what zstd unpacks, without the program: a frame of RFC 8878 whose blocks are not made smaller."""
    most = 128 * 1024
    pieces = [plain[begin : begin + most] for begin in range(0, len(plain), most)] or [b""]
    # One segment, with its size in eight bytes and without a checksum.
    packed = [b"\x28\xb5\x2f\xfd", bytes([0b1110_0000]), len(plain).to_bytes(8, "little")]
    for number, piece in enumerate(pieces):
        last = number == len(pieces) - 1
        packed += [(len(piece) << 3 | last).to_bytes(3, "little"), piece]
    return b"".join(packed)
