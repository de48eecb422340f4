# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Key paths and values of ``plutil``."""

from __future__ import annotations

import base64
import datetime
import json
import plistlib

from . import plutil_texts as texts

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class PlistError(Exception):
    """What plutil prints when it cannot do something."""


def load(data: bytes, name: str) -> tuple[Any, str]:
    """Read a property list or JSON and say which form it has."""
    if data.lstrip()[:1] in (b"{", b"["):
        try:
            return json.loads(data), "json"
        except ValueError:
            pass
    try:
        return plistlib.loads(data), "binary1" if data.startswith(b"bplist") else "xml1"
    except Exception as error:  # the XML parser's own errors come through
        letter = data.lstrip()[:1].decode(errors="replace") or "<end>"
        first = texts.UNEXPECTED.format(letter=letter)
        raise PlistError(texts.UNREADABLE.format(name=name, first=first)) from error


def _steps(path: str) -> list[str]:
    """Split a key path at its dots; a dot in a key is written with a backslash."""
    return [step.replace("\0", ".") for step in path.replace("\\.", "\0").split(".")]


def look_up(content: Any, path: str, text: str = texts.NO_VALUE) -> Any:
    """Return the value at a key path."""
    for step in _steps(path):
        try:
            content = content[int(step)] if isinstance(content, list) else content[step]
        except (KeyError, IndexError, ValueError, TypeError) as error:
            raise PlistError(text.format(path=path)) from error
    return content


def change(content: Any, command: str, arguments: list[str]) -> None:
    """Replace, insert or remove the value at a key path."""
    *parents, last = _steps(arguments[0])
    holder = look_up(content, ".".join(parents).replace("\0", "."), texts.NOT_MODIFIED) if parents else content
    if isinstance(holder, list):
        _change_list(holder, last, command, arguments)
    elif command == "remove":
        if last not in holder:
            raise PlistError(texts.NOT_MODIFIED.format(path=arguments[0]))
        del holder[last]
    elif command == "insert" and last in holder:
        raise PlistError(f"Could not modify plist, error: Value already exists at key path {arguments[0]}")
    else:
        holder[last] = make(arguments[1], arguments[2])


def _change_list(holder: list[Any], last: str, command: str, arguments: list[str]) -> None:
    if not last.isdigit() or int(last) > len(holder) - (command != "insert"):
        raise PlistError(texts.NOT_MODIFIED.format(path=arguments[0]))
    if command == "remove":
        del holder[int(last)]
    elif command == "insert":
        holder.insert(int(last), make(arguments[1], arguments[2]))
    else:
        holder[int(last)] = make(arguments[1], arguments[2])


def make(kind: str, text: str) -> Any:
    """Return a value of a type."""
    try:
        if kind == "-bool":
            return text.lower() in ("yes", "true", "1")
        if kind == "-integer":
            return int(text)
        if kind == "-float":
            return float(text)
        if kind == "-string":
            return text
        if kind == "-data":
            return base64.b64decode(text)
        if kind == "-date":
            return datetime.datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ")  # noqa: DTZ007 - always UTC
        if kind == "-json":
            return json.loads(text)
        if kind == "-xml":
            return plistlib.loads(f"<plist>{text}</plist>".encode())
        if kind == "-array":
            return []
        if kind == "-dictionary":
            return {}
    except ValueError as error:
        raise PlistError(f"Could not create value: {error}") from error
    raise PlistError(f"Unknown type: {kind}")


def type_name(value: Any) -> str:
    """Return plutil's word for the type of a value."""
    names = {
        bool: "bool",
        int: "integer",
        float: "float",
        str: "string",
        bytes: "data",
        list: "array",
        dict: "dictionary",
    }
    return names.get(type(value), "date")


def raw(value: Any) -> str:
    """Return a value as ``-extract … raw`` prints it: containers as their count or their keys."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return f"{value:f}"
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, datetime.datetime):
        return f"{value:%Y-%m-%dT%H:%M:%SZ}"
    if isinstance(value, list):
        return str(len(value))
    if isinstance(value, dict):
        return "\n".join(sorted(value))
    return str(value)


def pretty(value: Any, level: int = 0) -> str:
    """Return a value as ``-p`` prints it."""
    inner, outer = "  " * (level + 1), "  " * level
    if isinstance(value, dict):
        lines = [f'{inner}"{key}" => {pretty(value[key], level + 1)}' for key in sorted(value)]
        return "\n".join(["{", *lines, f"{outer}}}"])
    if isinstance(value, list):
        lines = [f"{inner}{number} => {pretty(item, level + 1)}" for number, item in enumerate(value)]
        return "\n".join(["[", *lines, f"{outer}]"])
    if isinstance(value, str):
        return f'"{value}"'
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, bytes):
        return f"{{length = {len(value)}, bytes = 0x{value.hex()}}}"
    if isinstance(value, datetime.datetime):
        return f"{value:%Y-%m-%d %H:%M:%S} +0000"
    return f"{value:f}" if isinstance(value, float) else str(value)
