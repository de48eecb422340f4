# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Vectors of embeddings in the encoding that the client asked for."""

from __future__ import annotations

import base64
import binascii
import struct
from typing import Any

from hybrid_cluster.gateway.errors import Failure


def encode(vector: Any, encoding: str) -> Any:
    """Return a vector as numbers, or as base64 of little-endian numbers of four bytes.

    One of OpenAI's clients takes numbers for base64 and returns nonsense without an error.
    """
    numbers = decode(vector)
    if encoding == "base64":
        return base64.b64encode(struct.pack(f"<{len(numbers)}f", *numbers)).decode("ascii")
    return numbers


def decode(vector: Any) -> list[float]:
    """Return a vector as numbers, whichever way it came."""
    if isinstance(vector, str):
        try:
            raw = base64.b64decode(vector, validate=True)
            return list(struct.unpack(f"<{len(raw) // 4}f", raw))
        except (binascii.Error, struct.error):
            raise _no_vector() from None
    if isinstance(vector, list) and all(isinstance(n, int | float) and not isinstance(n, bool) for n in vector):
        return vector
    raise _no_vector()


def _no_vector() -> Failure:
    return Failure(502, "The backend sent an embedding that is not a vector.", code="backend_error")
