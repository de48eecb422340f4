# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Comparing the structure of an answer with a recorded one."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

CAPTURES = Path(__file__).resolve().parent / "captures"
_IDENTITY = re.compile(r"12D3KooW\w+|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_TAGGED = re.compile(r"[A-Z][A-Za-z]+")


def recorded(name: str) -> Any:
    """Return the body of a recorded answer."""
    value = json.loads((CAPTURES / name).read_text(encoding="utf-8"))
    return value["body"] if isinstance(value, dict) and "status" in value and "body" in value else value


def differences(actual: Any, expected: Any, path: str = "") -> list[str]:
    """Return where the structures differ: other keys, other types. Null stands for anything."""
    if actual is None or expected is None:
        return []
    if isinstance(expected, dict) and isinstance(actual, dict):
        return _dictionaries(actual, expected, path)
    if isinstance(expected, list) and isinstance(actual, list):
        found: list[str] = []
        for position, item in enumerate(actual):
            found += _any_of(item, expected, f"{path}[{position}]")
        return found
    both = {type(actual), type(expected)}
    if type(actual) is type(expected) or both == {int, float}:
        return []
    return [f"{path}: {type(actual).__name__} instead of {type(expected).__name__}"]


def _any_of(item: Any, expected: list[Any], path: str) -> list[str]:
    """Return the differences to the most similar recorded item; nothing recorded says nothing."""
    if isinstance(item, dict) and len(item) == 1 and _TAGGED.fullmatch(next(iter(item))):
        same = [other for other in expected if isinstance(other, dict) and other.keys() == item.keys()]
        expected = same or []
    return min((differences(item, other, path) for other in expected), key=len, default=[])


def _dictionaries(actual: dict[str, Any], expected: dict[str, Any], path: str) -> list[str]:
    identities = [key for key in (*actual, *expected) if _IDENTITY.fullmatch(key)]
    if identities:
        found: list[str] = []
        for key, value in actual.items():
            found += _any_of(value, list(expected.values()), f"{path}/{key}")
        return found
    if actual.keys() != expected.keys():
        missing, extra = sorted(expected.keys() - actual.keys()), sorted(actual.keys() - expected.keys())
        return [f"{path}: missing {missing}, extra {extra}"]
    return [line for key in actual for line in differences(actual[key], expected[key], f"{path}/{key}")]
