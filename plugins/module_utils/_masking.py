# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What a program says about files that hold secrets, without the words of those files.

A checker or a log repeats what it does not like: whole, cut off, or escaped in its own way. Which word of a file is the
secret is not known here, so none is shown but names of keys, names that are no secret, and the numbers of lines.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ansible_collections.hybrid_ai.cluster.plugins.module_utils import _files

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

MASK = "***"
SHORTEST = 3
"""Shorter words tell nothing."""

_WORD = re.compile(r"\w+")
_KEY = re.compile(r"""^\s*(?:-\s+)?["']?([A-Za-z_][\w.-]*)["']?\s*:(?=\s|$)""", re.MULTILINE)
_ESCAPE = re.compile(r"\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|.)|%([0-9a-fA-F]{2})")
_CODE = re.compile(r"(?:\\\w{1,2}|%[0-9a-fA-F]{2})$")
_BEFORE_CODE = re.compile(r"\\|%[0-9a-fA-F]{2}")
_LINE_NUMBER = re.compile(r"\blines? $")
_RUN = re.compile(rf"{re.escape(MASK)}(?:[^\w\s]{{0,3}}{re.escape(MASK)})+")


def masked(said: str, contents: Iterable[str], known: Iterable[str] = ()) -> str:
    """Return what a program said without the words of some texts; those of `known` are no secret."""
    texts = list(contents)
    if not texts:
        return said
    public = _words([*known, *(key for text in texts for key in _KEY.findall(text))])
    secret = _words([*texts, *(_ESCAPE.sub(" ", text) for text in texts), *map(_unescaped, texts)]) - public

    def shown(match: re.Match[str]) -> str:
        word, before, after = match[0], said[: match.start()], said[match.end() :]
        if word.isdigit() and _LINE_NUMBER.search(before):
            return word
        if _BEFORE_CODE.match(after) or _CODE.search(before + word[:2]) or not word.isascii():
            return MASK
        hidden = word.casefold() in secret or after.startswith(("...", "…"))
        return MASK if hidden and len(word) >= SHORTEST else word

    return _RUN.sub(MASK, _WORD.sub(shown, said))


def _words(texts: Iterable[str]) -> set[str]:
    return {word.casefold() for text in texts for word in _WORD.findall(text)}


def _unescaped(text: str) -> str:
    """Return a text with the characters that it only describes."""

    def character(match: re.Match[str]) -> str:
        digits = next((group for group in match.groups() if group), None)
        number = int(digits, 16) if digits else ord(" ")
        return chr(number) if number < 0x110000 else " "

    return _ESCAPE.sub(character, text)


def texts_below(paths: Iterable[str]) -> Iterator[str]:
    """Return the text of files, and of all files of directories; a link is none."""
    for path in paths:
        top = _files.real(path)
        places = [top] if top.is_file() else sorted(top.rglob("*"))
        for place in places:
            if place.is_file() and not place.is_symlink():
                yield place.read_text(encoding="utf-8", errors="replace")
