# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Reading requests whose shapes are somebody else's."""

from __future__ import annotations

from typing import Any, NoReturn

from hybrid_cluster.gateway.errors import Failure


def refuse(sentence: str, param: str) -> NoReturn:
    """Refuse a request for one of its fields."""
    raise Failure(400, sentence, code="invalid_request", param=param)


def listed(fields: dict[str, Any], key: str) -> list[dict[str, Any]]:
    """Return a list of objects, empty where the field is absent or null."""
    value = fields.get(key)
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        refuse(f"{key!r} must be a list of objects.", key)
    return value


def text(value: object, param: str) -> str:
    """Return a text."""
    if not isinstance(value, str):
        refuse(f"{param!r} must be a text.", param)
    return value


def mapping(fields: dict[str, Any], key: str) -> dict[str, Any]:
    """Return an object, empty where the field is absent or null."""
    value = fields.get(key)
    if value is None:
        return {}
    if not isinstance(value, dict):
        refuse(f"{key!r} must be an object.", key)
    return value
