# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Reading the objects of the configuration, so that each mistake is one sentence that says where."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING:
    import builtins


class RouteError(Exception):
    """The configuration cannot be used; the message says where and what to write."""


class Fields:
    """Reads the fields of an object, and names the place of each that is wrong."""

    def __init__(self, place: str, value: object, known: set[str]) -> None:
        if not isinstance(value, dict):
            wrong(f"{place}: write an object")
        unknown = sorted(value.keys() - known)
        if unknown:
            wrong(f"{place}: {unknown[0]!r} is not known; it may hold {', '.join(sorted(known))}")
        self._place = place
        self._value: dict[str, Any] = value

    def has(self, key: str) -> bool:
        """Return whether a value is given."""
        return self._value.get(key) is not None

    def given(self, key: str) -> Any:
        """Return a value that has to be there."""
        if self._value.get(key) is None:
            wrong(f"{self._place}: {key!r} is missing")
        return self._value[key]

    def text(self, key: str) -> str:
        """Return a text that has to be there."""
        value = self.given(key)
        if not isinstance(value, str) or not value:
            wrong(f"{self._place}: {key!r} must be a text")
        return value

    def maybe_text(self, key: str) -> str | None:
        """Return a text, or None."""
        return None if self._value.get(key) is None else self.text(key)

    def number(self, key: str, default: int) -> int:
        """Return a whole number above 0, or the default."""
        value = self._value.get(key)
        if value is None:
            return default
        if not isinstance(value, int) or isinstance(value, bool) or value <= 0:
            wrong(f"{self._place}: {key!r} must be a whole number above 0")
        return value

    def maybe_number(self, key: str) -> int | None:
        """Return a whole number above 0, or None."""
        return None if self._value.get(key) is None else self.number(key, 0)

    def list(self, key: str) -> list[Any]:
        """Return a list that is not empty."""
        value = self.given(key)
        if not isinstance(value, list) or not value:
            wrong(f"{self._place}: {key!r} must be a list that is not empty")
        return value

    def texts(self, key: str, default: tuple[str, ...]) -> tuple[str, ...]:
        """Return a list of texts, or the default."""
        value = self._value.get(key)
        if value is None:
            return default
        if not isinstance(value, list) or not all(isinstance(item, str) and item for item in value):
            wrong(f"{self._place}: {key!r} must be a list of texts")
        return tuple(value)

    def flag(self, key: str, *, default: bool = False) -> bool:
        """Return true or false, or the default."""
        value = self._value.get(key)
        if value is None:
            return default
        if not isinstance(value, bool):
            wrong(f"{self._place}: {key!r} must be true or false")
        return value

    def seconds(self, key: str, default: float) -> float:
        """Return a number of at least 0, or the default."""
        value = self._value.get(key)
        if value is None:
            return default
        if not isinstance(value, int | float) or isinstance(value, bool) or not 0 <= value < float("inf"):
            wrong(f"{self._place}: {key!r} must be a number of at least 0")
        return float(value)

    def maybe_list(self, key: str) -> builtins.list[Any]:
        """Return a list, which may be empty or missing."""
        value = self._value.get(key)
        if value is not None and not isinstance(value, list):
            wrong(f"{self._place}: {key!r} must be a list")
        return value or []


def wrong(sentence: str) -> NoReturn:
    """Refuse the configuration."""
    raise RouteError(f"{sentence}.")
