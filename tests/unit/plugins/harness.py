# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What a test table is written with: the commands a module is expected to run, and their answers."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import CommandError, Commands, Result

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True)
class Call:
    """One expected command and what it answers."""

    argv: list[str]
    out: str = ""
    rc: int = 0
    err: str = ""
    stdin: str | None = None
    hangs: bool = False
    effect: Callable[[], object] | None = None


def call(
    argv: list[str],
    *,
    out: str = "",
    rc: int = 0,
    err: str = "",
    stdin: str | None = None,
    hangs: bool = False,
    effect: Callable[[], object] | None = None,
) -> Call:
    """Expect exactly this command, with exactly this standard input.

    `hangs` means it runs into its time limit, `effect` is what it does to the files of the host.
    """
    return Call(argv, out, rc, err, stdin, hangs, effect)


@dataclass
class Replay(Commands):
    """Answers commands in the expected order and refuses everything else."""

    expected: list[Call]
    played: list[list[str]] = field(default_factory=list)

    def run(self, argv: list[str], stdin: str | None = None, timeout: int = 60) -> Result:
        assert isinstance(argv, list), f"a command must be a list: {argv!r}"
        assert all(isinstance(word, str) for word in argv), f"a command must be a list of strings: {argv!r}"
        position = len(self.played)
        assert position < len(self.expected), f"unexpected command {argv}"
        wanted = self.expected[position]
        assert argv == wanted.argv, f"command {position + 1}:\n  ran      {argv}\n  expected {wanted.argv}"
        assert stdin == wanted.stdin, f"command {position + 1} {argv}: wrong standard input"
        self.played.append(argv)
        if wanted.effect:
            wanted.effect()
        if wanted.hangs:
            raise CommandError(f"`{' '.join(argv)}` did not finish within {timeout} seconds and was ended.")
        return Result(wanted.rc, wanted.out, wanted.err)

    def finish(self) -> None:
        """Fail when an expected command was never run."""
        left = [wanted.argv for wanted in self.expected[len(self.played) :]]
        assert not left, f"never run: {left}"


@dataclass
class Clock:
    """A clock that moves only when somebody sleeps."""

    time: float = 1000.0

    def now(self) -> float:
        return self.time

    def sleep(self, seconds: float) -> None:
        self.time += seconds
