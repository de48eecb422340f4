# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Reading request bodies and queries, with the details a wrong one is answered with."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from .http import InvalidRequestError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .http import Request

_STRING = ("string_type", "Input should be a valid string")
_LIST = ("list_type", "Input should be a valid list")
_MISSING = ("missing", "Field required")
_OBJECT = ("model_attributes_type", "Input should be a valid dictionary or object to extract fields from")
_WRAPPED = "function-wrap[_validate()]"
# What each kind of a shard, and of an instance, has to have.
_SHARD = ("modelCard", "deviceRank", "worldSize", "startLayer", "endLayer", "nLayers")
_CFG = ("cfgRank", "pipelineRank", "pipelineWorldSize")
_INSTANCE = (
    ("instanceId", "shardAssignments", "hostsByNode", "ephemeralPort"),
    ("instanceId", "shardAssignments", "jacclDevices", "jacclCoordinators"),
)
_INTEGER = ("int_parsing", "Input should be a valid integer, unable to parse string as an integer")


def _refuse(kind: str, message: str, location: list[Any], value: Any, **more: Any) -> InvalidRequestError:
    return InvalidRequestError([{"type": kind, "loc": location, "msg": message, "input": value, **more}])


def _either(words: Sequence[str]) -> str:
    """Write words as pydantic lists what a value may be."""
    *others, last = (f"'{word}'" for word in words)
    return f"{', '.join(others)} or {last}" if others else last


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
        raise _refuse(*_OBJECT, ["body"], value)
    return value


class Fields:
    """The fields of a body or a query; every wrong one is named in the answer, not only the first."""

    def __init__(self, values: dict[str, Any], place: str = "body") -> None:
        self._values, self._place = values, place
        self._problems: list[dict[str, Any]] = []

    def _refuse(
        self, kind: str, message: str, name: str, value: Any, below: Sequence[str | int] = (), **more: Any
    ) -> None:
        location = [self._place, name, *below]
        self._problems.append({"type": kind, "loc": location, "msg": message, "input": value, **more})

    def _missing(self, name: str) -> None:
        self._refuse(*_MISSING, name, self._values if self._place == "body" else None)

    def string(self, name: str) -> str:
        """Return a required string."""
        if name not in self._values:
            self._missing(name)
        elif not isinstance(self._values[name], str):
            self._refuse(*_STRING, name, self._values[name])
        return str(self._values.get(name))

    def present(self, name: str) -> None:
        """Require a field of whatever kind."""
        if name not in self._values:
            self._missing(name)

    def messages(self, name: str, roles: tuple[str, ...], *, content: bool = False) -> list[Any]:
        """Return a required list of messages, each with one of the roles, and a `content` where that is required."""
        found = self.items(name)
        for place, message in enumerate(found):
            if not isinstance(message, dict):
                self._refuse(*_OBJECT, name, message, below=[place])
                continue
            if "role" not in message:
                self._refuse(*_MISSING, name, message, below=[place, "role"])
            elif message["role"] not in roles:
                words = _either(roles)
                text = f"Input should be {words}"
                self._refuse(
                    "literal_error", text, name, message["role"], below=[place, "role"], ctx={"expected": words}
                )
            if content and "content" not in message:
                self._refuse(*_MISSING, name, message, below=[place, "content"])
        return found

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
            words = _either(allowed)
            self._refuse("enum", f"Input should be {words}", name, value, ctx={"expected": words})
        return str(value)

    def required_integer(self, name: str) -> int:
        """Return a whole number that has to be there."""
        if name not in self._values:
            self._missing(name)
            return 0
        return self.integer(name, 0)

    def shard(self, snake: str, camel: str) -> Any:
        """Return a shard; an empty one is refused by each of its three kinds for all that it lacks."""
        value = self.either(snake, camel)
        if value == {}:
            used = camel if camel in self._values else snake
            self.lacks(used, (_SHARD, (*_SHARD, *_CFG), _SHARD))
        return value

    def lacks(self, name: str, kinds: Sequence[Sequence[str]]) -> None:
        """Refuse an empty object for all that each of the kinds that it may be of has."""
        for missing in kinds:
            for field in missing:
                self._refuse(*_MISSING, name, {}, below=[_WRAPPED, field])

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
    if value == {}:
        fields = Fields(values)
        fields.lacks("instance", _INSTANCE)
        fields.finish()
    if "instance" not in values:
        raise _refuse(*_MISSING, ["body", "instance"], values)
    kind, message = _OBJECT
    detail = {"type": kind, "loc": ["body", "instance", _WRAPPED], "msg": message, "input": value}
    raise InvalidRequestError([detail, dict(detail)])
