# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Pointers of Git LFS: what a clone without its large files holds in the place of weights."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ansible_collections.hybrid_ai.cluster.plugins.module_utils._models import text

if TYPE_CHECKING:
    from pathlib import Path

LONGEST = 1024
"""No pointer is longer, in bytes."""
_FORM = re.compile(
    rb"version https://git-lfs\.github\.com/spec/v1\n(?:ext-[^\n]*\n)*oid sha256:([0-9a-f]{64})\nsize (\d{1,18})\n"
)


@dataclass(frozen=True)
class Pointer:
    """What a pointer says about the file that it stands for."""

    sha256: str
    size: int


def parse(content: bytes) -> Pointer | None:
    """Read a pointer, or return None where it is none."""
    found = _FORM.fullmatch(content) if len(content) <= LONGEST else None
    return Pointer(found.group(1).decode(), int(found.group(2))) if found else None


def read(path: Path, size: int) -> Pointer | None:
    """Read a file of so many bytes as a pointer."""
    return parse(path.read_bytes()) if size <= LONGEST else None


def fault(pointer: Pointer, size: int) -> str:
    """Return what is wrong with a file that is a pointer, to follow its name."""
    return (
        f"is a pointer of Git LFS with {size} bytes and should have {text.size(pointer.size)}: the repository was"
        " copied without its large files, so run `git lfs pull` in it, or take the model from its hub"
    )
