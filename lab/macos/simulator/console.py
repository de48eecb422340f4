# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""How Apple's programs write log lines to their standard error, and what waits for somebody who never comes."""

from __future__ import annotations

import os
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .tool import Context


def stamp(context: Context) -> str:
    """Build the prefix of NSLog, for example ``2024-11-22 00:21:40.144 mdutil[25437:982881]``."""
    now = time.time()
    seconds = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(now))
    process = os.getpid()
    return f"{seconds}.{int(now % 1 * 1000):03d} {context.name}[{process}:{process * 38 + 7}]"


def log(context: Context, text: str) -> None:
    """Write a line as NSLog does."""
    context.err(f"{stamp(context)} {text}")


def ask(context: Context, prompt: str) -> str:
    """Ask for a line. Where nobody answers, the program stands still for ever, as it does on a Mac."""
    context.out(prompt, end=" ")
    context.stdout.flush()
    line = context.stdin.readline()
    if not line:
        wait_for_a_person()
    return line.rstrip("\n")


def wait_for_a_person() -> None:
    """Never return."""
    while True:
        time.sleep(3600)
