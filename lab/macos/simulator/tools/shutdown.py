# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""``shutdown``, ``reboot`` and ``halt``: ask the first process to take the Mac down."""

from __future__ import annotations

import os
import time

from ..launchd.client import ask

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..tool import Context

PATHS = ("/sbin/shutdown", "/sbin/reboot", "/sbin/halt")
USAGE = """\
usage: shutdown [-] [-h [-u] [-n] | -r [-n] | -s | -k] time [warning-message ...]"""
# Long enough for the answer to reach the one who asked.
GRACE_SECONDS = 1.0


def main(context: Context) -> int:
    """Decide what and when."""
    if context.name != "shutdown":
        return _now(context)
    if not context.is_root:
        context.err("shutdown: NOT super-user")
        return 1
    flags = {letter for word in context.argv if word.startswith("-") for letter in word[1:]}
    words = [word for word in context.argv if not word.startswith("-")]
    delay = _delay(words[0]) if words else None
    actions = {"r": "restart", "h": "off", "s": "sleep", "k": "nothing"}
    chosen = [letter for letter in actions if letter in flags]
    if delay is None or len(chosen) != 1 or flags - set("rhskuno"):
        context.err(USAGE)
        return 1
    moment = time.strftime("%a %b %e %H:%M:%S %Y", time.localtime(time.time() + delay))
    context.out(f"Shutdown at {moment}." if delay else "Shutdown NOW!")
    if chosen[0] in "rh":
        _later(context, actions[chosen[0]], delay)
    return 0


def _now(context: Context) -> int:
    if not context.is_root:
        context.err(f"{context.name}: Operation not permitted")
        return 1
    _later(context, "restart" if context.name == "reboot" else "off", 0)
    return 0


def _delay(text: str) -> int | None:
    """Return the seconds until a time: ``now``, ``+minutes`` or ``[[[yy]mm]dd]hhmm``."""
    if text == "now":
        return 0
    if text.startswith("+") and text[1:].isdigit():
        return int(text[1:]) * 60
    formats = {4: "%H%M", 6: "%d%H%M", 8: "%m%d%H%M", 10: "%y%m%d%H%M"}
    if not text.isdigit() or len(text) not in formats:
        return None
    now = time.localtime()
    lead = time.strftime("%y%m%d", now)[: 10 - len(text)]
    try:
        moment = time.mktime(time.strptime(lead + text, formats[10]))
    except ValueError:
        return None
    return int(moment - time.time()) if moment > time.time() else None


def _later(context: Context, action: str, delay: float) -> None:
    """Leave a process behind that asks when the time has come; the caller gets its prompt back."""
    context.stdout.flush()
    if os.fork():
        return
    os.setsid()
    null = os.open(os.devnull, os.O_RDWR)
    for descriptor in range(3):
        os.dup2(null, descriptor)
    time.sleep(max(delay, GRACE_SECONDS))
    ask(context, "power", action=action)
    os._exit(0)
