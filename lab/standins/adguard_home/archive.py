# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The archives of the stand-in, named and filled as those of the release: one program in a folder, and checksums."""

from __future__ import annotations

import hashlib
from pathlib import Path

from lab import archives

FOLDER = "AdGuardHome"
PROGRAM = f"{FOLDER}/AdGuardHome"
PLATFORMS = {
    f"AdGuardHome_{system}_{rest}": interpreter
    for system, interpreter in archives.INTERPRETERS.items()
    for rest in {"linux": ("amd64.tar.gz", "arm64.tar.gz"), "darwin": ("arm64.zip",)}[system]
}
"""The archives, and what runs the program in each."""


def program(interpreter: str) -> bytes:
    """Return the program."""
    package = Path(__file__).parent / "standin"
    return archives.python_program(interpreter, package, "adguard_home_standin", with_yaml=True)


def build(destination: Path) -> None:
    """Write the archives and their checksums into a directory."""
    for name, interpreter in PLATFORMS.items():
        write = archives.write_zip if name.endswith(".zip") else archives.write_tar
        # Upstream's tar archives name the folder so.
        folder = FOLDER if name.endswith(".zip") else f"./{FOLDER}"
        write(destination / name, folder, {"AdGuardHome": program(interpreter)})
    sums = [f"{hashlib.sha256((destination / name).read_bytes()).hexdigest()}  ./{name}\n" for name in PLATFORMS]
    (destination / "checksums.txt").write_text("".join(sums), encoding="ascii")
