# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The file that the router reads: the role's own, or, while models rest, a copy without them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

_SECTION = re.compile(r"^\[(.*)\]$")


def names(text: str) -> set[str]:
    """Return the models of a file, by what the router calls them."""
    return {found[1] for line in text.splitlines() if (found := _SECTION.match(line))}


def without(text: str, resting: Collection[str]) -> str:
    """Return the file without some models."""
    kept, keeps = [], True
    for line in text.splitlines(keepends=True):
        found = _SECTION.match(line.rstrip("\n"))
        if found:
            keeps = found[1] not in resting
        if keeps:
            kept.append(line)
    return "".join(kept)


def show(shown: Path, source: Path, resting: Collection[str]) -> None:
    """Have the router read the role's file where nothing rests, so that what the role writes is what is read."""
    new = shown.with_name(f"{shown.name}.new")
    new.unlink(missing_ok=True)
    if resting:
        new.write_text(without(source.read_text(encoding="utf-8"), resting), encoding="utf-8")
    else:
        new.symlink_to(source)
    new.replace(shown)
