# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""A rules file as logical lines of words: comments gone, continued lines joined, macros replaced, lists kept."""

from __future__ import annotations

import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

_WORD = re.compile(r'"[^"\n]*"|[{}(),!]|<[^<>\s]+>|>=|<=|!=|[=<>]|[^\s{}(),!"=<>]+')
_MACRO = re.compile(r"([A-Za-z]\w*)\s*=\s*(.*)")


class RulesError(Exception):
    """A file that is no rules file; the text is what `pfctl` prints."""


def syntax_error(name: str, line: int) -> RulesError:
    """Return the error `pfctl` has for everything it cannot read."""
    return RulesError(f"{name}:{line}: syntax error")


class Words:
    """The words of one line, taken from left to right."""

    def __init__(self, words: list[str], name: str, line: int) -> None:
        self._words = words
        self._place = 0
        self.name = name
        self.line = line

    @property
    def next(self) -> str:
        """The next word, or nothing at the end."""
        return self._words[self._place] if self._place < len(self._words) else ""

    def take(self) -> str:
        """Return the next word and go on."""
        word = self.next
        if not word:
            raise self.error()
        self._place += 1
        return word

    def skip(self, *expected: str) -> str:
        """Take the next word if it is one of these."""
        return self.take() if self.next in expected else ""

    def must(self, expected: str) -> None:
        """Take a word that has to be there."""
        if self.take() != expected:
            raise self.error()

    def text(self) -> str:
        """Take a word that may stand in quotes."""
        return self.take().strip('"')

    def some(self) -> list[str]:
        """Take one word, or those of a list in braces; in a list an exclamation mark belongs to its word."""
        if not self.skip("{"):
            return [f"!{self.take()}" if self.skip("!") else self.text()]
        found = []
        while not self.skip("}"):
            if not self.skip(","):
                found.append(f"!{self.take()}" if self.skip("!") else self.text())
        return found

    def end(self) -> None:
        """Refuse words that are left."""
        if self.next:
            raise self.error()

    def error(self) -> RulesError:
        """Return the syntax error of this line."""
        return syntax_error(self.name, self.line)


def lines(text: str, name: str) -> Iterator[Words]:
    """Yield the lines that say something."""
    macros: dict[str, str] = {}
    for number, line in _logical(text):
        for macro in re.findall(r"\$(\w+)", line):
            if macro not in macros:
                raise RulesError(f"{name}:{number}: macro '{macro}' not defined\n{name}:{number}: syntax error")
        plain = re.sub(r"\$(\w+)", lambda match: macros[match.group(1)], line)
        defined = _MACRO.fullmatch(plain)
        if defined:
            macros[defined.group(1)] = defined.group(2).replace('"', "").strip()
            continue
        if re.sub(r"\s", "", "".join(_WORD.findall(plain))) != re.sub(r"\s", "", plain):
            raise syntax_error(name, number)
        yield Words(_WORD.findall(plain), name, number)


def _logical(text: str) -> Iterator[tuple[int, str]]:
    joined, first = "", 0
    for number, raw in enumerate(text.splitlines(), start=1):
        line = re.sub(r"#.*", "", raw)
        if line.endswith("\\"):
            joined, first = joined + line[:-1] + " ", first or number
            continue
        line, at = (joined + line).strip(), first or number
        joined, first = "", 0
        if line:
            yield at, line
