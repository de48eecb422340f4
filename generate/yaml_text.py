# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Changes to the text of YAML files that people write, comments and all."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


def end_of(lines: Sequence[str], first: int, indent: int) -> int:
    """Return the line after what belongs to the key of a line that is indented so far."""
    for number in range(first + 1, len(lines)):
        if lines[number].strip() and len(lines[number]) - len(lines[number].lstrip()) <= indent:
            return number
    return len(lines)


def append_entry(text: str, key: str, entry: str) -> str:
    """Return a file with an entry more at the end of one of its top-level keys."""
    lines = text.splitlines(keepends=True)
    end = end_of(lines, lines.index(f"{key}:\n"), 0)
    while lines[end - 1].startswith(("#", "\n")):
        end -= 1
    return "".join([*lines[:end], entry, *lines[end:]])


def insert_before(text: str, mark: str, entry: str) -> str:
    """Return a list with an entry more, before the first one in which a text stands, and before its comments."""
    lines = text.splitlines(keepends=True)
    starts = [number for number, line in enumerate(lines) if line.startswith("- ")]
    ends = [*starts[1:], len(lines)]
    place = next(start for start, end in zip(starts, ends, strict=True) if mark in "".join(lines[start:end]))
    while lines[place - 1].startswith("#"):
        place -= 1
    return "".join([*lines[:place], entry, "\n", *lines[place:]])
