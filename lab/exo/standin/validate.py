# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Reading request bodies and queries, with the details a wrong one is answered with."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from .http import InvalidRequestError

if TYPE_CHECKING:
    from .http import Request

_STRING = ("string_type", "Input should be a valid string")
_INTEGER = ("int_parsing", "Input should be a valid integer, unable to parse string as an integer")


def _refuse(kind: str, message: str, location: list[Any], value: Any, **more: Any) -> InvalidRequestError:
    return InvalidRequestError([{"type": kind, "loc": location, "msg": message, "input": value, **more}])


def body(request: Request) -> dict[str, Any]:
    """Return the JSON object of a request."""
    if not request.body:
        raise _refuse("missing", "Field required", ["body"], None)
    try:
        value = json.loads(request.body)
    except json.JSONDecodeError as failure:
        raise _refuse(
            "json_invalid", "JSON decode error", ["body", failure.pos], {}, ctx={"error": failure.msg}
        ) from failure
    if not isinstance(value, dict):
        message = "Input should be a valid dictionary or object to extract fields from"
        raise _refuse("model_attributes_type", message, ["body"], value)
    return value


def string(values: dict[str, Any], name: str) -> str:
    """Return a required string of a body."""
    if name not in values:
        raise _refuse("missing", "Field required", ["body", name], values)
    if not isinstance(values[name], str):
        raise _refuse(*_STRING, ["body", name], values[name])
    return str(values[name])


def either(values: dict[str, Any], snake: str, camel: str) -> Any:
    """Return a field the download requests accept in both casings."""
    value = values.get(camel, values.get(snake))
    if value is None:
        raise _refuse("missing", "Field required", ["body", camel], values)
    return value


def choice(value: Any, allowed: tuple[str, ...], location: list[Any]) -> str:
    """Return one of the allowed words."""
    if value not in allowed:
        words = " or ".join(f"'{word}'" for word in allowed)
        raise _refuse("enum", f"Input should be {words}", location, value, ctx={"expected": words})
    return str(value)


def integer(value: Any, location: list[Any]) -> int:
    """Return a whole number, also one written as text."""
    try:
        return int(value)
    except (TypeError, ValueError) as failure:
        raise _refuse(*_INTEGER, location, value) from failure


def query(request: Request, name: str, default: str | None = None) -> str:
    """Return a parameter of the address."""
    values = request.query.get(name)
    if values:
        return values[-1]
    if default is None:
        raise _refuse("missing", "Field required", ["query", name], None)
    return default


def instance(values: dict[str, Any]) -> dict[str, Any]:
    """Return the externally tagged instance of a body."""
    value = values.get("instance")
    if isinstance(value, dict) and len(value) == 1:
        ((_, content),) = value.items()
        if isinstance(content, dict) and "shardAssignments" in content:
            return value
    location = ["body", "instance", "function-wrap[_validate()]"]
    message = "Input should be a valid dictionary or object to extract fields from"
    detail = {"type": "model_attributes_type", "loc": location, "msg": message, "input": value}
    raise InvalidRequestError([detail, dict(detail)])
