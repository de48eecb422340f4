# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Run programs of this machine: lists only, closed standard input, errors as one sentence."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from typing import TYPE_CHECKING

from lab.errors import LabError, MissingPackageError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


def run(
    *argv: str,
    stdin: str | None = None,
    check: bool = True,
    environment: Mapping[str, str] | None = None,
    directory: str | None = None,
    timeout: float = 600,
) -> subprocess.CompletedProcess[str]:
    """Run a program to its end and return its result; a failure is a LabError naming the program and its last line."""
    try:
        # A session of its own: a Ctrl-C is for the lab, which then ends in order what it started.
        process = subprocess.Popen(
            argv,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
            env=dict(environment) if environment is not None else {**os.environ, "LC_ALL": "C.UTF-8"},
            cwd=directory,
            start_new_session=True,
        )
    except FileNotFoundError as error:
        raise MissingPackageError(f"The program {argv[0]} is not installed on this machine.") from error
    try:
        out, err = process.communicate(stdin or "", timeout)
    except subprocess.TimeoutExpired as error:
        raise LabError(f"`{_shown(argv)}` did not end within {timeout:.0f} seconds.") from error
    finally:
        _end(process)
    if check and process.returncode != 0:
        raise LabError(f"`{_shown(argv)}` failed: {last_line(err or out)}")
    return subprocess.CompletedProcess(argv, process.returncode, out, err)


def _end(process: subprocess.Popen[str]) -> None:
    """End a program that is still running, and what it started, leaving it a moment to clean up."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        if process.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, number)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(5)


def batch(argv: Sequence[str], lines: Sequence[str]) -> None:
    """Feed lines to a program that reads commands from its standard input; nothing runs for no lines."""
    if lines:
        result = run(*argv, stdin="".join(f"{line}\n" for line in lines), check=False)
        if result.returncode != 0:
            raise LabError(f"`{_shown(argv)}` failed: {batch_error(result.stderr, lines)}")


def batch_error(text: str, lines: Sequence[str]) -> str:
    """Return what `ip` or `tc` said about the first command of a batch that failed, and the command."""
    said = [line.strip() for line in text.splitlines() if line.strip()]
    for position, line in enumerate(said):
        number = line.rpartition(":")[2]
        if line.startswith("Command failed") and number.isdigit() and 0 < int(number) <= len(lines):
            return f"{said[position - 1] if position else 'no reason given'} (at `{lines[int(number) - 1]}`)"
    return last_line(text)


def last_line(text: str) -> str:
    """Return the last line with something on it, where programs say what went wrong."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else "it said nothing."


def _shown(argv: Sequence[str]) -> str:
    return " ".join(argv[:6]) + (" …" if len(argv) > 6 else "")
