# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""``caffeinate``: keeps awake what would sleep. The assertion is the process itself."""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..tool import Context

PATHS = ("/usr/bin/caffeinate",)
USAGE = "usage: caffeinate [-disu] [-t timeout] [-w Process ID] [command arguments...]"


def main(context: Context) -> int:
    """Hold until the command, the process or the time ends; without any of them, for ever."""
    import time

    words = list(context.argv)
    timeout, process = None, None
    while words and words[0].startswith("-"):
        word = words.pop(0)
        if word in ("-t", "-w") and words and words[0].isdigit():
            value = int(words.pop(0))
            timeout, process = (value, process) if word == "-t" else (timeout, value)
        elif set(word[1:]) - set("disum") or len(word) == 1:
            context.err(USAGE)
            return 64
    if words:
        return _command(context, words)
    started = time.monotonic()
    while timeout is None or time.monotonic() - started < timeout:
        if process is not None and not os.path.exists(f"/proc/{process}"):
            break
        time.sleep(0.2)
    return 0


def _command(context: Context, words: list[str]) -> int:
    try:
        child = os.posix_spawnp(words[0], words, dict(context.environment))
    except FileNotFoundError:
        context.err(f"caffeinate: {words[0]}: No such file or directory")
        return 127
    except OSError as error:
        context.err(f"caffeinate: {words[0]}: {error.strerror}")
        return 126
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) & 0xFF
