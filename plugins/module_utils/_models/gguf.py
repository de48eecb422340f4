# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The header of a GGUF file: its tensors, and how long the file has to be for them."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any, BinaryIO

from ansible_collections.hybrid_ai.cluster.plugins.module_utils._models import text

if TYPE_CHECKING:
    from pathlib import Path

MAGIC = b"GGUF"
VERSIONS = (2, 3)
_ALIGNMENT = 32
_STRING, _ARRAY, _UINT16 = 8, 9, 2
_WIDTHS = {0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8, 11: 8, 12: 8}
"""Bytes of a value by its type."""
_MOST = 1 << 26
"""More entries, or a longer text, no real header has: what says so is damaged."""

BLOCKS = {
    0: (1, 4), 1: (1, 2), 2: (32, 18), 3: (32, 20), 6: (32, 22), 7: (32, 24), 8: (32, 34), 9: (32, 36), 10: (256, 84),
    11: (256, 110), 12: (256, 144), 13: (256, 176), 14: (256, 210), 15: (256, 292), 16: (256, 66), 17: (256, 74),
    18: (256, 98), 19: (256, 50), 20: (32, 18), 21: (256, 110), 22: (256, 82), 23: (256, 136), 24: (1, 1), 25: (1, 2),
    26: (1, 4), 27: (1, 8), 28: (1, 8), 29: (256, 56), 30: (1, 2), 34: (256, 54), 35: (256, 66), 39: (32, 17),
}  # fmt: skip
"""Numbers and bytes of a block by the type of a tensor; of a type that is not here nothing is said."""


class _DamagedError(Exception):
    """The header cannot be read; the text follows the name of the file."""


class _Reader:
    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.position = 0

    def take(self, count: int) -> bytes:
        if count > _MOST:
            raise _DamagedError("has a header with impossible lengths: it is damaged")
        data = self._file.read(count)
        if len(data) < count:
            raise _DamagedError("ends within its own header: it was cut off")
        self.position += count
        return data

    def number(self, form: str) -> int:
        (value,) = struct.unpack(f"<{form}", self.take(struct.calcsize(form)))
        return int(value)

    def text(self) -> str:
        return self.take(self.number("Q")).decode("utf-8", "replace")

    def value(self, kind: int) -> Any:
        """Read a value; of arrays nothing is kept."""
        if kind == _STRING:
            return self.text()
        if kind == _ARRAY:
            inner, count = self.number("I"), self.number("Q")
            if count > _MOST:
                raise _DamagedError("has a header with impossible lengths: it is damaged")
            if inner in _WIDTHS:
                for _ in range(count * _WIDTHS[inner] // _MOST):
                    self.take(_MOST)
                self.take(count * _WIDTHS[inner] % _MOST)
            else:
                for _ in range(count):
                    self.value(inner)
            return None
        if kind not in _WIDTHS:
            raise _DamagedError("has a header with a value of an unknown kind: it is damaged")
        return int.from_bytes(self.take(_WIDTHS[kind]), "little")


def read(path: Path) -> tuple[dict[str, Any], int]:
    """Return the single values of a file's header, and how many bytes the file has to have.

    :raises _DamagedError: it is not a GGUF file, or its header is cut off
    """
    with path.open("rb") as file:
        reader = _Reader(file)
        if file.read(4) != MAGIC:
            raise _DamagedError("does not begin as a GGUF file")
        reader.position = 4
        version = reader.number("I")
        if version not in VERSIONS:
            raise _DamagedError(f"has version {version} of GGUF, where {' and '.join(map(str, VERSIONS))} are known")
        tensors, entries = reader.number("Q"), reader.number("Q")
        if max(tensors, entries) > _MOST:
            raise _DamagedError("has a header with impossible lengths: it is damaged")
        values = {}
        for _ in range(entries):
            key = reader.text()
            values[key] = reader.value(reader.number("I"))
        end = max((_end(reader) for _ in range(tensors)), default=0)
        alignment = values.get("general.alignment") or _ALIGNMENT
        start = -(-reader.position // alignment) * alignment
    return values, start + end if tensors else reader.position


def _end(reader: _Reader) -> int:
    """Read what the header says about a tensor, and return where its data ends after the header."""
    name, dimensions = reader.text(), reader.number("I")
    if dimensions > 8:
        raise _DamagedError(
            f"has a header in which the tensor {text.name(name)} has {dimensions} dimensions: it is damaged"
        )
    count = 1
    for _ in range(dimensions):
        count *= reader.number("Q")
    kind, offset = reader.number("I"), reader.number("Q")
    numbers, width = BLOCKS.get(kind, (1, 0))
    return offset + -(-count // numbers) * width


def fault(path: Path, size: int) -> str | None:
    """Return what is wrong with a file of so many bytes, to follow its name, or None."""
    try:
        _, wanted = read(path)
    except _DamagedError as error:
        return str(error)
    if size >= wanted:
        return None
    has, should = text.sizes(size, wanted)
    return f"has {has} and should have {should}, as its own header says"


def parts(path: Path) -> int:
    """Return of how many files a model consists, by the header of one that can be read."""
    try:
        return int(read(path)[0].get("split.count") or 1)
    except _DamagedError:
        return 1


def values(path: Path) -> dict[str, Any]:
    """Return the single values of a header; none of one that cannot be read."""
    try:
        return read(path)[0]
    except _DamagedError:
        return {}
