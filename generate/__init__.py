# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Writes what follows from something that is declared once: `make generate`; a test notices a stale file.

Each module of SOURCES has ``files(root)``: the text of every file it writes, by its path below the root.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from generate import (
    capabilities,
    gateway_endpoints,
    macos_settings,
    ports,
    role_reference,
    security,
    shared_code,
    spec_defaults,
)

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).resolve().parents[1]
# In this order: what comes later reads what comes before.
SOURCES: tuple[Callable[[Path], dict[str, str]], ...] = (
    macos_settings.files,
    gateway_endpoints.files,
    spec_defaults.files,
    capabilities.files,
    ports.files,
    security.files,
    role_reference.files,
    shared_code.files,
)


def stale(root: Path = ROOT) -> list[str]:
    """Return the files of a tree that differ from what they should be."""
    return [name for source in SOURCES for name, text in source(root).items() if _read(root / name) != text]


def write(root: Path = ROOT) -> list[str]:
    """Write the files of a tree that are stale, and return their names."""
    written = []
    for source in SOURCES:
        for name, text in source(root).items():
            path = root / name
            if _read(path) != text:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text, encoding="utf-8")
                written.append(name)
    return written


def _read(path: Path) -> str | None:
    return path.read_text(encoding="utf-8") if path.exists() else None
