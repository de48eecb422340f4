# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Sizes and names in sentences."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_UNITS = ((1 << 30, "GB"), (1 << 20, "MB"), (1 << 10, "kB"))
_MOST_NAMES = 5


def size(count: int) -> str:
    """Return a number of bytes as people say it; a GB is 2^30 bytes, as everywhere in this collection."""
    for unit, name in _UNITS:
        if count >= 10 * unit:
            return f"{count / unit:.0f} {name}"
        if count >= unit > 1 << 10:
            return f"{count / unit:.1f} {name}"
    return f"{count} bytes" if count != 1 else "1 byte"


def sizes(has: int, wanted: int) -> tuple[str, str]:
    """Return two numbers of bytes that differ, in bytes where their short forms would be the same."""
    short = size(has), size(wanted)
    return short if short[0] != short[1] else (f"{has} bytes", f"{wanted} bytes")


def files(count: int) -> str:
    """Return a number of files."""
    return "1 file" if count == 1 else f"{count} files"


def name(text: str) -> str:
    """Return a name from elsewhere so that no terminal obeys it."""
    return text if text.isprintable() else ascii(text)


def names(found: Iterable[str]) -> str:
    """Return some names, and how many there are beside the first few."""
    listed = sorted(found)
    more = len(listed) - _MOST_NAMES
    shown = ", ".join(name(one) for one in listed[:_MOST_NAMES])
    return f"{shown} and {more} more" if more > 0 else shown
