# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Signatures of application bundles: ``CodeResources`` holds the SHA-256 of every sealed file."""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .tool import Context

CONTENTS = "Contents"
SEAL = "_CodeSignature/CodeResources"
UNSIGNED = "code object is not signed at all"
BROKEN = "a sealed resource is missing or invalid"
ABSENT = "No such file or directory"


class Finding:
    """What came of looking at a signature: nothing wrong, or a reason and the files it concerns."""

    def __init__(self, problem: str = "", files: list[str] | None = None) -> None:
        self.problem = problem
        self.files = files or []


def verify(context: Context, path: str) -> Finding:
    """Compare every sealed file of a bundle with its seal; anything but a bundle is unsigned."""
    top = context.path(path)
    if not os.path.exists(top):
        return Finding(ABSENT)
    sealed = _read_plist(f"{top}/{CONTENTS}/{SEAL}").get("files2")
    if sealed is None:
        return Finding(UNSIGNED)
    wrong = []
    for name, entry in sorted(sealed.items()):
        found = _digest(f"{top}/{CONTENTS}/{name}")
        if found != entry["hash2"]:
            kind = "modified" if found else "missing"
            wrong.append(f"file {kind}: {path.rstrip('/')}/{CONTENTS}/{name}")
    return Finding(BROKEN, wrong) if wrong else Finding()


def information(context: Context, path: str) -> dict[str, Any]:
    """Return the bundle's Info.plist; empty where there is none."""
    return _read_plist(f"{context.path(path)}/{CONTENTS}/Info.plist")


def _read_plist(path: str) -> dict[str, Any]:
    import plistlib

    try:
        with open(path, "rb") as file:
            data: dict[str, Any] = plistlib.load(file)
    except (FileNotFoundError, NotADirectoryError):
        return {}
    return data


def _digest(path: str) -> bytes:
    import hashlib

    try:
        with open(path, "rb") as file:
            return hashlib.file_digest(file, "sha256").digest()
    except (FileNotFoundError, IsADirectoryError):
        return b""
