# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""``newsyslog``: renames logs that have grown too large and tells their programs. Nothing is rotated by time.

A Mac calls it again and again; the simulated one leaves that to whoever wants to see it.
"""

from __future__ import annotations

import fnmatch
import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..tool import Context

PATHS = ("/usr/sbin/newsyslog",)
CONFIGURATION = "/etc/newsyslog.conf"
DIRECTORY = "/etc/newsyslog.d"
NOT_ROOT = "newsyslog: must have root privs"
UNKNOWN = "newsyslog: the simulated Mac knows -F, -n, -v and the names of logs"
# Darwin's numbers; Linux has others.
SIGNALS = {"1": "HUP", "15": "TERM", "30": "USR1", "31": "USR2"}
SUFFIXES = {"Z": ".gz", "J": ".bz2"}


class Entry:
    """One line: file [owner:group] mode count size when [flags [/pid_file [signal]]]."""

    def __init__(self, words: list[str]) -> None:
        self.file = words.pop(0)
        self.owner = words.pop(0) if ":" in words[0] else ""
        self.mode, self.count = int(words[0], 8), int(words[1])
        self.kilobytes = int(words[2]) if words[2].isdigit() else 0
        rest = words[4:]
        self.flags = "" if not rest or rest[0].startswith("/") or rest[0] == "-" else rest[0]
        self.pid_file = next((word for word in rest if word.startswith("/")), "")
        self.signal = SIGNALS[rest[-1]] if self.pid_file and rest[-1].isdigit() else "HUP"


def main(context: Context) -> int:
    """Look at every log, or at those that are named."""
    letters = "".join(word[1:] for word in context.argv if word.startswith("-"))
    if set(letters) - set("Fnv"):
        context.err(UNKNOWN)
        return 1
    if not context.is_root and "n" not in letters:
        context.err(NOT_ROOT)
        return 1
    named = [word for word in context.argv if not word.startswith("-")]
    for entry in entries(context):
        path = context.path(entry.file)
        if (named and entry.file not in named) or not os.path.exists(path):
            continue
        large = entry.kilobytes and os.path.getsize(path) >= entry.kilobytes * 1024
        if (large or "F" in letters) and "n" not in letters:
            rotate(context, entry)
    return 0


def entries(context: Context) -> list[Entry]:
    """Read the system's own file and what was put beside it."""
    directory = context.path(DIRECTORY)
    beside = sorted(fnmatch.filter(os.listdir(directory), "*.conf")) if os.path.isdir(directory) else []
    found = []
    for name in (CONFIGURATION, *(f"{DIRECTORY}/{name}" for name in beside)):
        if os.path.exists(context.path(name)):
            with open(context.path(name), encoding="utf-8") as file:
                lines = [line.partition("#")[0].split() for line in file]
            found += [Entry(words) for words in lines if words]
    return found


def rotate(context: Context, entry: Entry) -> None:
    """Move every log on by one, begin a new one, tell the program, and compress what it has left."""
    path = context.path(entry.file)
    suffix = next((SUFFIXES[flag] for flag in entry.flags if flag in SUFFIXES), "")
    for number in range(entry.count - 1, 0, -1):
        older = f"{path}.{number - 1}{suffix}"
        if os.path.exists(older):
            os.replace(older, f"{path}.{number}{suffix}")
    os.replace(path, f"{path}.0")
    with open(path, "wb"):
        give(context, entry, path)
    if entry.pid_file and os.path.exists(context.path(entry.pid_file)):
        with open(context.path(entry.pid_file), encoding="ascii") as file:
            context.run("kill", "-s", entry.signal, file.read().strip())
    if suffix:
        compress(f"{path}.0", suffix)
        give(context, entry, f"{path}.0{suffix}")


def give(context: Context, entry: Entry, path: str) -> None:
    """Set mode and owner as the line says."""
    os.chmod(path, entry.mode)
    if entry.owner:
        context.run("chown", entry.owner, path)


def compress(path: str, suffix: str) -> None:
    """Replace a file by its compressed form."""
    import bz2
    import gzip

    pack = bz2.compress if suffix == ".bz2" else gzip.compress
    with open(path, "rb") as file, open(path + suffix, "wb") as packed:
        packed.write(pack(file.read()))
    os.unlink(path)
