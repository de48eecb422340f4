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
_LIST = ("list_type", "Input should be a valid list")
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


class Fields:
    """The fields of a body or a query; every wrong one is named in the answer, not only the first."""

    def __init__(self, values: dict[str, Any], place: str = "body") -> None:
        self._values, self._place = values, place
        self._problems: list[dict[str, Any]] = []

    def _refuse(self, kind: str, message: str, name: str, value: Any, **more: Any) -> None:
        self._problems.append({"type": kind, "loc": [self._place, name], "msg": message, "input": value, **more})

    def _missing(self, name: str) -> None:
        self._refuse("missing", "Field required", name, self._values if self._place == "body" else None)

    def string(self, name: str) -> str:
        """Return a required string."""
        if name not in self._values:
            self._missing(name)
        elif not isinstance(self._values[name], str):
            self._refuse(*_STRING, name, self._values[name])
        return str(self._values.get(name))

    def items(self, name: str) -> list[Any]:
        """Return a required list."""
        if name not in self._values:
            self._missing(name)
        elif not isinstance(self._values[name], list):
            self._refuse(*_LIST, name, self._values[name])
        else:
            return list(self._values[name])
        return []

    def either(self, snake: str, camel: str) -> Any:
        """Return a required field the download requests accept in both casings."""
        value = self._values.get(camel, self._values.get(snake))
        if value is None:
            self._missing(camel)
        return value

    def choice(self, name: str, allowed: tuple[str, ...], default: str) -> str:
        """Return one of the allowed words."""
        value = self._values.get(name, default)
        if value not in allowed:
            words = " or ".join(f"'{word}'" for word in allowed)
            self._refuse("enum", f"Input should be {words}", name, value, ctx={"expected": words})
        return str(value)

    def integer(self, name: str, default: int) -> int:
        """Return a whole number, also one written as text."""
        value = self._values.get(name, default)
        try:
            return int(value)
        except (TypeError, ValueError):
            self._refuse(*_INTEGER, name, value)
        return default

    def finish(self) -> None:
        """Refuse the request if anything was wrong."""
        if self._problems:
            raise InvalidRequestError(self._problems)


def query(request: Request) -> Fields:
    """Return the parameters of the address."""
    return Fields({name: values[-1] for name, values in request.query.items()}, "query")


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
