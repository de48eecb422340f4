# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The old text form of property lists, in which ``defaults`` prints and reads values."""

from __future__ import annotations

import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_BARE = re.compile(r"[A-Za-z0-9]+\Z")
_TOKEN = re.compile(r'\s*(?:"((?:[^"\\]|\\.)*)"|([A-Za-z0-9_$/:.-]+)|([{}()=;,])|<([0-9A-Fa-f\s]*)>)')


class ParseError(ValueError):
    """A text that is no property list."""


def quote(text: str) -> str:
    """Return a string as it stands inside a container."""
    if _BARE.match(text):
        return text
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    encoded = "".join(letter if letter.isascii() else f"\\U{ord(letter):04x}" for letter in escaped)
    return f'"{encoded}"'


def scalar(value: Any) -> str:
    """Return a value that is no container, as it is printed alone."""
    import datetime

    if isinstance(value, bool):
        return str(int(value))
    if isinstance(value, float):
        return f"{value:.16g}"
    if isinstance(value, bytes):
        return f"{{length = {len(value)}, bytes = 0x{value.hex()}}}"
    if isinstance(value, datetime.datetime):
        return f"{value:%Y-%m-%d %H:%M:%S} +0000"
    return str(value)


def dump(value: Any, level: int = 0) -> str:
    """Return a value as ``defaults read`` prints it."""
    inner, outer = " " * 4 * (level + 1), " " * 4 * level
    if isinstance(value, dict):
        body = "".join(f"{inner}{quote(key)} = {_nested(value[key], level)};\n" for key in sorted(value))
        return f"{{\n{body}{outer}}}"
    if isinstance(value, list):
        body = ",\n".join(f"{inner}{_nested(item, level)}" for item in value)
        return f"(\n{body}\n{outer})" if value else f"(\n{outer})"
    return scalar(value)


def _nested(value: Any, level: int) -> str:
    if isinstance(value, (dict, list)):
        return " " * 4 * (level + 1) + dump(value, level + 1)
    return scalar(value) if isinstance(value, bytes) else quote(scalar(value))


def parse(text: str) -> Any:
    """Read a text: a dictionary, an array, data or a string."""
    value, position = _value(text, 0)
    if text[position:].strip():
        raise ParseError(text)
    return value


def _token(text: str, position: int) -> tuple[re.Match[str], int]:
    found = _TOKEN.match(text, position)
    if not found:
        raise ParseError(text)
    return found, found.end()


def _value(text: str, position: int) -> tuple[Any, int]:
    found, position = _token(text, position)
    quoted, bare, mark, data = found.groups()
    if quoted is not None:
        return re.sub(r"\\(.)", r"\1", quoted), position
    if bare is not None:
        return bare, position
    if data is not None:
        return bytes.fromhex(data), position
    if mark == "(":
        return _array(text, position)
    if mark == "{":
        return _dictionary(text, position)
    raise ParseError(text)


def _peek(text: str, position: int) -> str:
    return text[position:].lstrip()[:1]


def _array(text: str, position: int) -> tuple[list[Any], int]:
    items = []
    while _peek(text, position) != ")":
        item, position = _value(text, position)
        items.append(item)
        if _peek(text, position) == ",":
            position = _token(text, position)[1]
        elif _peek(text, position) != ")":
            raise ParseError(text)
    return items, _token(text, position)[1]


def _dictionary(text: str, position: int) -> tuple[dict[str, Any], int]:
    items = {}
    while _peek(text, position) != "}":
        key, position = _value(text, position)
        equals, position = _token(text, position)
        value, position = _value(text, position)
        end, position = _token(text, position)
        if equals[3] != "=" or end[3] != ";" or not isinstance(key, str):
            raise ParseError(text)
        items[key] = value
    return items, _token(text, position)[1]
