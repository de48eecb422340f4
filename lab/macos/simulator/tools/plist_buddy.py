# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""``PlistBuddy``: reads and edits property lists by key paths such as ``:Sets:0:Name``; commands come by -c."""

from __future__ import annotations

import os
import plistlib

from .plist_buddy_texts import USAGE, parse_value, render

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..tool import Context

PATHS = ("/usr/libexec/PlistBuddy",)


class Failed(Exception):  # noqa: N818 - an answer of the tool
    """What a command could not do."""


def main(context: Context) -> int:
    """Run each command of the command line, then store what they changed."""
    words = list(context.argv)
    as_xml = "-x" in words
    words = [word for word in words if word != "-x"]
    commands = [words[position + 1] for position, word in enumerate(words[:-1]) if word == "-c"]
    if not commands or words[-2] == "-c":
        context.out(USAGE)
        return 1
    path = context.path(os.path.abspath(words[-1]))
    document = _Document(context, path)
    status = 0
    for command in commands:
        try:
            document.run(command, as_xml=as_xml)
        except Failed as failed:
            # Errors of a command go to standard error, and the next command is run all the same.
            context.err(str(failed))
            status = 1
    return document.save() or status


class _Document:
    """A property list under edit."""

    def __init__(self, context: Context, path: str) -> None:
        self._context = context
        self._path = path
        self._changed = False
        self._format = plistlib.FMT_XML
        self._root: Any = {}
        if os.path.exists(path):
            with open(path, "rb") as file:
                text = file.read()
            self._format = plistlib.FMT_BINARY if text.startswith(b"bplist") else plistlib.FMT_XML
            self._root = plistlib.loads(text)
        else:
            context.out(f"File Doesn't Exist, Will Create: {path}")

    def run(self, command: str, *, as_xml: bool) -> None:
        verb, *words = command.split(maxsplit=1)
        actions = {"print": self._print, "delete": self._delete, "set": self._set, "add": self._add}
        action = actions.get(verb.lower())
        if action is None:
            if verb.lower() in {"save", "exit", "quit"}:
                return
            raise Failed("Unrecognized Command")
        action(words[0] if words else "", as_xml=as_xml)

    def save(self) -> int:
        """Store what was changed."""
        if not self._changed:
            return 0
        try:
            with open(self._path, "wb") as file:
                plistlib.dump(self._root, file, fmt=self._format)
        except OSError:
            self._context.out("Error Opening File: " + self._path)
            return 1
        return 0

    def _print(self, path: str, *, as_xml: bool) -> None:
        value = self._find(path, "Print")
        if as_xml:
            self._context.out(plistlib.dumps(value, sort_keys=False).decode(), end="")
        else:
            self._context.out(render(value))

    def _delete(self, path: str, *, as_xml: bool) -> None:  # noqa: ARG002 - one signature for all commands
        self._find(path, "Delete")
        parent, key = self._parent(path, "Delete")
        del parent[key]
        self._changed = True

    def _set(self, rest: str, *, as_xml: bool) -> None:  # noqa: ARG002 - one signature
        path, _, text = rest.partition(" ")
        current = self._find(path, "Set")
        parent, key = self._parent(path, "Set")
        parent[key] = parse_value(type(current).__name__, text)
        self._changed = True

    def _add(self, rest: str, *, as_xml: bool) -> None:  # noqa: ARG002 - one signature
        path, _, typed = rest.partition(" ")
        kind, _, text = typed.partition(" ")
        parent, key = self._parent(path, "Add", create=True)
        if isinstance(parent, dict) and key in parent:
            raise Failed(f'Add: "{path}" Entry Already Exists')
        try:
            value = parse_value(kind, text)
        except ValueError:
            raise Failed(f"Unrecognized Type: {kind}") from None
        if isinstance(parent, list):
            parent.insert(len(parent) if key == "" else int(key), value)
        else:
            parent[key] = value
        self._changed = True

    def _keys(self, path: str) -> list[str]:
        return [key for key in path.strip("\"'").lstrip(":").split(":") if key] if path else []

    def _find(self, path: str, verb: str) -> Any:
        value = self._root
        for key in self._keys(path):
            try:
                value = value[int(key)] if isinstance(value, list) else value[key]
            except (KeyError, IndexError, ValueError, TypeError):
                raise Failed(f'{verb}: Entry, "{path}", Does Not Exist') from None
        return value

    def _parent(self, path: str, verb: str, *, create: bool = False) -> tuple[Any, Any]:
        *above, last = self._keys(path) or [""]
        value = self._root
        for key in above:
            if create and isinstance(value, dict) and key not in value:
                value[key] = {}
            try:
                value = value[int(key)] if isinstance(value, list) else value[key]
            except (KeyError, IndexError, ValueError, TypeError):
                raise Failed(f'{verb}: Entry, "{path}", Does Not Exist') from None
        if isinstance(value, list) and last.isdigit():
            return value, int(last)
        return value, last
