# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""``ping`` with the options and texts of macOS, over the real one.

Without a count or a time limit it would never end, and becomes the real program, with Linux's texts.
"""

from __future__ import annotations

import re

from . import ping_texts as texts

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..tool import Context

PATHS = ("/sbin/ping",)
# Options with a value: what they are called on Linux, and whether Linux measures in other units.
VALUES = {"c": "-c", "i": "-i", "s": "-s", "m": "-t", "t": "-w", "W": "-W", "S": "-I", "b": "-I"}
FLAGS = "noqvADRfd"
NO_ANSWER = 2
NO_HOST = 68
USAGE = 64
DEFAULT_SIZE = 56


class Request:
    """What was asked for."""

    def __init__(self, argv: list[str]) -> None:
        self.values: dict[str, str] = {}
        self.flags = ""
        self.hosts: list[str] = []
        self.error = ""
        words = list(argv)
        while words and not self.error:
            word = words.pop(0)
            if word.startswith("-") and len(word) > 1:
                self._option(word[1:], words)
            else:
                self.hosts.append(word)

    def _option(self, letters: str, words: list[str]) -> None:
        for position, letter in enumerate(letters, 1):
            if letter in VALUES:
                value = letters[position:] or (words.pop(0) if words else "")
                if not value:
                    self.error = f"ping: option requires an argument -- {letter}"
                self.values[letter] = value
                return
            if letter not in FLAGS:
                self.error = f"ping: illegal option -- {letter}"
            self.flags += letter

    def arguments(self) -> list[str]:
        """Return the arguments of the real program."""
        values = dict(self.values)
        if "W" in values:
            values["W"] = str(float(values["W"]) / 1000)  # macOS counts milliseconds
        if "o" in self.flags:
            values["c"] = "1"  # with a time limit Linux counts answers, not questions
        words = [word for letter, value in values.items() for word in (VALUES[letter], value)]
        return ["-n", "-O", *words, self.hosts[0]]


def main(context: Context) -> int:
    """Measure and tell."""
    request = Request(context.argv)
    if request.error or len(request.hosts) != 1:
        context.err(f"{request.error}\n{texts.USAGE}".strip())
        return USAGE
    if not {"c", "t"} & request.values.keys():
        return context.execute("ping", *request.arguments())
    done = context.run("ping", *request.arguments())
    host = request.hosts[0]
    if "Name or service not known" in done.stderr or "name resolution" in done.stderr:
        context.err(f"ping: cannot resolve {host}: Unknown host")
        return NO_HOST
    errors = done.stderr.splitlines()
    for line in errors:
        if not texts.translate(line):
            context.err(line)
    return _report(context, request, done.stdout.splitlines() + errors)


def _report(context: Context, request: Request, lines: list[str]) -> int:
    host, quiet = request.hosts[0], "q" in request.flags
    size = request.values.get("s", str(DEFAULT_SIZE))
    header = next((found for line in lines if (found := re.match(r"PING \S+ \(([^)]+)\)", line))), None)
    context.out(f"PING {host} ({header[1] if header else host}): {size} data bytes")
    for line in lines:
        if (answer := texts.translate(line)) and not quiet:
            (context.err if answer.startswith("ping:") else context.out)(answer)
    counts = next((found for line in lines if (found := texts.COUNTS.search(line))), None)
    sent, received = (int(counts[1]), int(counts[2])) if counts else (int(request.values.get("c", "1")), 0)
    lost = 100.0 * (sent - received) / sent if sent else 0.0
    context.out(f"\n--- {host} ping statistics ---")
    context.out(f"{sent} packets transmitted, {received} packets received, {lost:.1f}% packet loss")
    if times := next((found for line in lines if (found := texts.TIMES.search(line))), None):
        context.out(f"round-trip min/avg/max/stddev = {times[1]} ms")
    return 0 if received else NO_ANSWER
