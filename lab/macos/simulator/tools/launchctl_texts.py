# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What ``launchctl`` says."""

from __future__ import annotations

ERRORS = {
    1: "Operation not permitted",
    2: "No such file or directory",
    3: "No such process",
    5: "Input/output error",
    13: "Permission denied",
    17: "File exists",
    22: "Invalid argument",
    36: "Operation now in progress",
    37: "Operation already in progress",
    78: "Function not implemented",
    112: "Could not find specified domain",
    113: "Could not find specified service",
    125: "Domain does not support specified action",
    150: "Operation not permitted while System Integrity Protection is engaged",
}
EXIT_NAMES = {
    64: "EX_USAGE",
    65: "EX_DATAERR",
    66: "EX_NOINPUT",
    67: "EX_NOUSER",
    68: "EX_NOHOST",
    69: "EX_UNAVAILABLE",
    70: "EX_SOFTWARE",
    71: "EX_OSERR",
    72: "EX_OSFILE",
    73: "EX_CANTCREAT",
    74: "EX_IOERR",
    75: "EX_TEMPFAIL",
    76: "EX_PROTOCOL",
    77: "EX_NOPERM",
    78: "EX_CONFIG",
}
# By Linux's numbers, with the words and numbers of macOS.
SIGNALS = {
    1: "Hangup: 1",
    2: "Interrupt: 2",
    3: "Quit: 3",
    4: "Illegal instruction: 4",
    5: "Trace/BPT trap: 5",
    6: "Abort trap: 6",
    7: "Bus error: 10",
    8: "Floating point exception: 8",
    9: "Killed: 9",
    10: "User defined signal 1: 30",
    11: "Segmentation fault: 11",
    12: "User defined signal 2: 31",
    13: "Broken pipe: 13",
    14: "Alarm clock: 14",
    15: "Terminated: 15",
}
ROOT_HINT = "Try re-running the command as root for richer errors."
LOAD_HINT = "Try running `launchctl bootstrap` as root for richer errors."
# Soft and hard, of a Mac nobody configured.
LIMITS = {"maxfiles": ("256", "unlimited")}
USAGE = "Usage: launchctl <subcommand> ... | help [subcommand]"


def error(number: int) -> str:
    """Return number and meaning as every message ends with them."""
    return f"{number}: {ERRORS.get(number, 'Unknown error')}"


def last_exit(status: int | None) -> str:
    """Return the line of ``print`` about the last exit."""
    if status is None:
        return "last exit code = (never exited)"
    if status < 0:
        return f"last terminating signal = {SIGNALS.get(-status, f'Unknown signal: {-status}')}"
    return f"last exit code = {status}" + (f": {EXIT_NAMES[status]}" if status in EXIT_NAMES else "")


def domain(name: str) -> str:
    """Return a domain in the words of "could not find": ``system``, ``user gui: 501``."""
    kind, _, number = name.partition("/")
    return {"gui": f"user gui: {number}", "user": f"uid: {number}"}.get(kind, kind)
