# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""How exo writes its state. What has a form that is not known is "unknown": no error, and nothing that is known."""

from __future__ import annotations

from typing import Any

UNKNOWN = "unknown"


def tagged(value: Any) -> tuple[str, dict[str, Any]]:
    """Take apart exo's way of naming a kind: a mapping with one key."""
    if isinstance(value, dict) and len(value) == 1:
        ((kind, content),) = value.items()
        return str(kind), mapping(content)
    return UNKNOWN, {}


def mapping(value: Any) -> dict[str, Any]:
    """Return a mapping, an empty one in place of anything else."""
    return value if isinstance(value, dict) else {}


def sequence(value: Any) -> list[Any]:
    """Return a list, an empty one in place of anything else."""
    return value if isinstance(value, list) else []


def number(value: Any) -> float:
    """Return a number, 0 in place of anything else."""
    return float(value) if isinstance(value, (int, float)) else 0.0


def size(value: Any) -> float:
    """Return a number of bytes."""
    return number(mapping(value).get("inBytes"))


def model_of(download: dict[str, Any]) -> str:
    """Return the model that a download is of."""
    _, shard = tagged(download.get("shardMetadata"))
    return str(mapping(shard.get("modelCard")).get("modelId") or UNKNOWN)
