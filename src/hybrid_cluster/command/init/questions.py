# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Ask a person, in words that need no manual; every question has a default, which `--yes` takes."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

import typer

from hybrid_cluster.command import exits, output
from hybrid_cluster.command.errors import ClusterError
from hybrid_cluster.command.output import FAINT, words

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    Check = Callable[[str], str | None]
    """Returns what is wrong with an answer, or None."""

NONE = "none"
"""What a person writes for nothing."""


@dataclass(frozen=True)
class Question:
    """What is asked."""

    key: str
    """The option that answers it."""
    text: str
    meaning: str
    """What it is for, and what the default means."""
    default: str
    check: Check | None = None


class Questions:
    """Puts questions, unless an option has answered them or nobody is to be asked."""

    def __init__(self, given: Mapping[str, str], *, ask: bool) -> None:
        self._given = given
        self._ask = ask

    def put(self, question: Question) -> str:
        """Return the answer.

        :raises ClusterError: an option, or the default that nobody was asked about, is no answer
        """
        if question.key in self._given:
            return _sound(question, self._given[question.key].strip(), f"--{question.key}")
        if not self._ask:
            return _sound(question, question.default, f"--{question.key}")
        console = output.console()
        console.print(words(f"\n{question.meaning}", FAINT))
        while True:
            answer = str(typer.prompt(output.clean(question.text), default=question.default)).strip()
            fault = question.check(answer) if question.check else None
            if fault is None:
                return answer
            console.print(words(fault, output.UNSURE))

    def put_secret(self, text: str, meaning: str) -> str | None:
        """Return what is typed without being shown; nothing typed is None."""
        if not self._ask:
            return None
        output.console().print(words(f"\n{meaning}", FAINT))
        answer = str(typer.prompt(text, default="", hide_input=True, show_default=False))
        return answer or None

    def confirm(self, text: str) -> bool:
        """Return whether somebody agrees; where nobody is asked, that was said before."""
        return not self._ask or typer.confirm(f"\n{text}", default=True)


def _sound(question: Question, answer: str, where: str) -> str:
    if question.check and (fault := question.check(answer)):
        raise ClusterError(f"{where}: {fault}", exits.USAGE)
    return answer


def require_terminal(*, is_silent: bool) -> None:
    """Refuse to ask where nobody can answer."""
    if is_silent or not sys.stdin.isatty():
        where = "--json" if is_silent else "standard input is no terminal; write"
        text = f"{where} {'needs ' if is_silent else ''}--yes, which takes every default that no option answers."
        raise ClusterError(text, exits.USAGE)


def chosen(answer: str) -> list[str]:
    """Return the words of an answer that is a list."""
    return [] if answer == NONE else [word for word in answer.replace(",", " ").split() if word]


def written(names: Sequence[str]) -> str:
    """Write a list as a default."""
    return ", ".join(names) or NONE


def some_of(known: Sequence[str]) -> Check:
    """Return a check that accepts names of a list."""

    def check(answer: str) -> str | None:
        unknown = [word for word in chosen(answer) if word not in known]
        return f"{unknown[0]} is none of {written(known)}." if unknown else None

    return check


def one_of(known: Sequence[str]) -> Check:
    """Return a check that accepts one name of a list, or none."""

    def check(answer: str) -> str | None:
        return None if answer in (*known, NONE) else f"Write one of {written([*known, NONE])}."

    return check
