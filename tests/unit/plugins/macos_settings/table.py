# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What the table of a setting is written with; `test_macos_headless_settings` runs all tables.

A table is a file named after the setting. It has RUNS and FAILURES of the module, LINES of the report, and UNKNOWN:
answers of Apple's tools that mean nothing known. There, the setting is asked for as WANTED, which would be so if what
is unknown were taken for off.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.unit.plugins.harness import call

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.unit.plugins.harness import Call

NOTHING: Any = object()


@dataclass(frozen=True)
class Run:
    """Options, the commands that they lead to, and what the module returns."""

    title: str
    options: dict[str, Any]
    calls: Sequence[Call]
    changed: bool
    value: Any = NOTHING
    """Of the setting afterwards; some keys of it where it is a dictionary."""
    warnings: Sequence[str] = ()
    check: bool = False


@dataclass(frozen=True)
class Failure:
    """Options, commands, and the sentence that the module fails with."""

    title: str
    options: dict[str, Any]
    calls: Sequence[Call]
    message: str


@dataclass(frozen=True)
class Line:
    """What a report expects, the commands, and its line."""

    title: str
    expected: Any
    calls: Sequence[Call]
    ok: bool
    measured: str
    wanted: str
    advice: str | None = None


@dataclass(frozen=True)
class Unknown:
    """What the tools answer, and what is quoted of it."""

    title: str
    calls: Sequence[Call]
    quoted: str


def said(title: str, argv: list[str], program: str, text: str, *, first: Sequence[Call] = (), **answer: Any) -> Unknown:
    """Have a tool say something that is not known, after it or others have said what is."""
    quoted = " ".join(f"{text} {answer.get('err', '')}".split())
    return Unknown(title, [*first, call(argv, **{"out": text, **answer})], f'{program} says "{quoted}"')


def silent(argv: list[str], program: str, *, first: Sequence[Call] = ()) -> Unknown:
    """Have a tool say nothing."""
    return Unknown("nothing", [*first, call(argv)], f"{program} says nothing")


def hangs(argv: list[str], *, first: Sequence[Call] = ()) -> Unknown:
    """Have a tool come to no end."""
    return Unknown("no end", [*first, call(argv, hangs=True)], f"`{' '.join(argv)}` did not finish within")
