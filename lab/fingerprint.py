# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Which files of this checkout a part of the lab is made of, and a name for their content."""

from __future__ import annotations

import hashlib
import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def source_files(root: Path) -> Iterator[Path]:
    """Yield the files below a directory, in their order, without what interpreters and linters keep there."""
    for path in sorted(root.rglob("*")):
        parts = path.relative_to(root).parts
        if path.is_file() and not any(part.startswith(".") or part == "__pycache__" for part in parts):
            yield path


def fingerprint(*roots: Path) -> str:
    """Return 16 hexadecimal digits that change with any file below some directories."""
    digest = hashlib.sha256()
    for root in roots:
        for path in source_files(root):
            digest.update(f"{path.relative_to(root)}\0{os.access(path, os.X_OK)}\0".encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()[:16]
