# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""``plutil``: check, convert, print and change property lists."""

from __future__ import annotations

import json
import os
import plistlib

from . import plutil_texts as texts
from . import plutil_values as values

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..tool import Context

PATHS = ("/usr/bin/plutil",)
# Command: how many words follow it.
COMMANDS = {
    "lint": 0,
    "p": 0,
    "convert": 1,
    "extract": 2,
    "type": 1,
    "replace": 3,
    "insert": 3,
    "remove": 1,
    "create": 1,
}


def main(context: Context) -> int:
    """Run one command on every file."""
    words = list(context.argv)
    command = words[0][1:] if words and words[0].startswith("-") else "lint"
    if words and words[0].startswith("-"):
        words.pop(0)
    count = COMMANDS.get(command)
    if count is None or len(words) < count + 1:
        context.err(texts.USAGE)
        return 1
    arguments, words = words[:count], words[count:]
    output, silent, files = None, False, []
    while words:
        word = words.pop(0)
        if word == "-o" and words:
            output = words.pop(0)
        elif word in ("-s", "-n", "-r", "--"):
            silent = silent or word == "-s"
        else:
            files.append(word)
    status = 0
    for name in files:
        try:
            if command == "create":
                _save(context, {}, arguments[0], output or name)
            else:
                _run(context, command, arguments, name, output=output, silent=silent)
        except values.PlistError as error:
            context.err(str(error))
            status = 1
    return status


def _run(context: Context, command: str, arguments: list[str], name: str, *, output: str | None, silent: bool) -> None:
    data = _load_bytes(context, name)
    content, form = values.load(data, "<stdin>" if name == "-" else name)
    if command == "lint":
        if not silent:
            context.out(f"{name}: OK")
    elif command == "p":
        context.out(values.pretty(content))
    elif command == "convert":
        _save(context, content, arguments[0], output or name)
    elif command == "type":
        context.out(values.type_name(values.look_up(content, arguments[0])))
    elif command == "extract":
        found = values.look_up(content, arguments[0])
        if arguments[1] == "raw":
            _emit(context, values.raw(found) + "\n", output)
        else:
            _save(context, found, arguments[1], output or name)
    else:
        values.change(content, command, arguments)
        _save(context, content, form, output or name)


def _load_bytes(context: Context, name: str) -> bytes:
    if name == "-":
        return context.stdin.read().encode("utf-8", "surrogateescape")
    try:
        with open(context.path(os.path.abspath(name)), "rb") as file:
            return file.read()
    except OSError as error:
        raise values.PlistError(texts.ABSENT.format(name=name)) from error


def _emit(context: Context, text: str, output: str | None) -> None:
    if output in (None, "-"):
        context.out(text, end="")
    else:
        with open(context.path(os.path.abspath(str(output))), "w", encoding="utf-8") as file:
            file.write(text)


def _save(context: Context, content: Any, form: str, name: str) -> None:
    if form == "json":
        try:
            data = json.dumps(content, separators=(",", ":"), sort_keys=True).encode()
        except TypeError as error:
            raise values.PlistError(texts.NOT_JSON.format(name=name)) from error
    elif form in ("xml1", "binary1"):
        fmt = plistlib.FMT_XML if form == "xml1" else plistlib.FMT_BINARY
        data = plistlib.dumps(content, fmt=fmt, sort_keys=True)
    else:
        raise values.PlistError(f"Unknown format specifier: {form}\n{texts.USAGE}")
    if name == "-":
        context.stdout.flush()
        buffer = getattr(context.stdout, "buffer", None)
        if buffer:
            buffer.write(data)
        else:
            context.out(data.decode(), end="")
        return
    with open(context.path(os.path.abspath(name)), "wb") as file:
        file.write(data)
