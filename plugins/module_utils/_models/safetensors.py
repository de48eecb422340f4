# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The header of a safetensors file, which says how long the file has to be.

Eight bytes of length, a JSON text that names the tensors, their data. A reader maps the file: what is missing at its
end reads as zeros or ends the program.
"""

from __future__ import annotations

import json
import struct
from typing import TYPE_CHECKING, Any

from ansible_collections.hybrid_ai.cluster.plugins.module_utils._models import text

if TYPE_CHECKING:
    from pathlib import Path

LONGEST_HEADER = 100_000_000
"""Bytes; the format allows no more."""
_BITS = {
    "BOOL": 8, "U8": 8, "I8": 8, "F8_E4M3": 8, "F8_E5M2": 8, "F8_E8M0": 8, "I16": 16, "U16": 16, "F16": 16, "BF16": 16,
    "I32": 32, "U32": 32, "F32": 32, "I64": 64, "U64": 64, "F64": 64, "C64": 64, "F4": 4,
}  # fmt: skip


def fault(path: Path, size: int) -> str | None:
    """Return what is wrong with a file of so many bytes, to follow its name, or None."""
    with path.open("rb") as file:
        start = file.read(8)
        if len(start) < 8:
            return f"has {text.size(size)} and no header of a safetensors file"
        (length,) = struct.unpack("<Q", start)
        if not 2 <= length <= LONGEST_HEADER:
            return "does not begin with the header of a safetensors file"
        if 8 + length > size:
            has, wanted = text.sizes(size, 8 + length)
            return f"has {has} and its header alone should have {wanted}: it was cut off"
        try:
            header = json.loads(file.read(length))
        except ValueError:
            return "has a header that is not JSON: it is damaged"
    return _compare(header, 8 + length, size)


def _compare(header: Any, start: int, size: int) -> str | None:
    end = 0
    try:
        for name, tensor in header.items():
            if name == "__metadata__":
                continue
            begin, stop = tensor["data_offsets"]
            count = 1
            for dimension in tensor["shape"]:
                count *= dimension
            bits = _BITS.get(tensor["dtype"])
            if not 0 <= begin <= stop or (bits is not None and count * bits != (stop - begin) * 8):
                return (
                    f"has a header in which the tensor {text.name(name)} has not the bytes of its shape: it is damaged"
                )
            end = max(end, stop)
    except (AttributeError, KeyError, TypeError, ValueError):
        return "has a header that describes no tensors: it is damaged"
    if size == start + end:
        return None
    has, wanted = text.sizes(size, start + end)
    return f"has {has} and should have {wanted}, as its own header says"
