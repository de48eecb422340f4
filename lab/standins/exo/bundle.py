# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The content of EXO.app as a mapping of paths to bytes."""

from __future__ import annotations

import hashlib
import plistlib
from dataclasses import dataclass
from pathlib import Path

from lab.fingerprint import source_files

HERE = Path(__file__).resolve().parent
IDENTIFIER = "exolabs.EXO"
COMMIT = "fd707de30b42db4211d15da96b9052e1dc280ed1"
EXECUTABLE_MODE = 0o755
FILE_MODE = 0o644


@dataclass(frozen=True)
class Entry:
    """One file of the bundle."""

    data: bytes
    mode: int = FILE_MODE


def information(version: str) -> bytes:
    """Return Contents/Info.plist."""
    return plistlib.dumps(
        {
            "CFBundleDevelopmentRegion": "en",
            "CFBundleExecutable": "EXO",
            "CFBundleIdentifier": IDENTIFIER,
            "CFBundleName": "EXO",
            "CFBundlePackageType": "APPL",
            "CFBundleShortVersionString": version,
            "CFBundleVersion": "".join(f"{int(part):03d}" for part in version.split(".")),
            "EXOBuildCommit": COMMIT,
            "EXOBuildTag": version,
            "LSMinimumSystemVersion": "15.1",
            "NSBonjourServices": ["_p2p._tcp", "_p2p._udp", "_libp2p._udp"],
            "NSLocalNetworkUsageDescription": "EXO looks for the other devices of its cluster on the local network.",
            "SUFeedURL": "https://assets.exolabs.net/appcast.xml",
        }
    )


def seal(files: dict[str, Entry]) -> bytes:
    """Return Contents/_CodeSignature/CodeResources: the hash of every other file but the executable."""
    hashes = {
        path.removeprefix("Contents/"): {"hash2": hashlib.sha256(entry.data).digest()}
        for path, entry in files.items()
        if path != "Contents/Info.plist"
    }
    return plistlib.dumps({"files2": hashes})


def package(source: Path, target: str) -> dict[str, Entry]:
    """Return the files of a Python package without what an interpreter left there."""
    return {
        f"{target}/{path.relative_to(source).as_posix()}": Entry(path.read_bytes()) for path in source_files(source)
    }


def contents(version: str) -> dict[str, Entry]:
    """Return every file of EXO.app by its path inside the bundle."""
    resources = "Contents/Resources"
    files = {
        "Contents/Info.plist": Entry(information(version)),
        "Contents/PkgInfo": Entry(b"APPL????"),
        "Contents/MacOS/EXO": Entry((HERE / "launchers/EXO").read_bytes(), EXECUTABLE_MODE),
        f"{resources}/exo/exo": Entry((HERE / "launchers/exo").read_bytes(), EXECUTABLE_MODE),
        f"{resources}/exo/_internal/macmon": Entry((HERE / "launchers/macmon").read_bytes(), EXECUTABLE_MODE),
        **package(HERE / "standin", f"{resources}/exo/_internal/exo_standin"),
        **package(HERE / "app", f"{resources}/exo_app"),
    }
    files["Contents/_CodeSignature/CodeResources"] = Entry(seal(files))
    return files


def write(destination: Path, version: str = "1.0.71") -> Path:
    """Write EXO.app below destination and return its path; for runs without a disk image."""
    application = destination / "EXO.app"
    for path, entry in contents(version).items():
        target = application / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(entry.data)
        target.chmod(entry.mode)
    return application
