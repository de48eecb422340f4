#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Runs one program as a service on macOS and does for it what launchd does not.

- Its output goes to a log that is rotated by size. launchd holds the file of StandardOutPath open for good, and
  newsyslog only renames files, so a log of launchd's would grow without end under its new name.
- It starts when the files it needs are there.
- It gets secrets for its environment from a file: everybody can read the property list.
- It gets its number of open files from here: the same number in the property list would be set for the whole system.
- The signal that has it read its configuration again reaches it: launchd knows this process only.
- Its whole process group ends with it, and what is left of a predecessor that was killed is ended before it starts.

This file is installed beside the service and uses the standard library only.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import resource
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import IO, Callable

CHUNK = 65536
MODE = 0o640
GRACE_SECONDS = 3.0


class Log:
    """A file that becomes FILE.1, FILE.2 and so on when it has grown too large."""

    def __init__(self, path: Path, limit: int, keep: int) -> None:
        self._path, self._limit, self._keep = path, limit, keep
        self._file = self._open()

    def write(self, content: bytes) -> None:
        """Append and rotate. A full disk must not end the service, so it only costs the message."""
        with contextlib.suppress(OSError):
            if self._file.tell() and self._file.tell() + len(content) > self._limit:
                self._rotate()
            self._file.write(content)
            self._file.flush()

    def _open(self) -> IO[bytes]:
        # What a program says may hold what it was told in confidence.
        handle = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, MODE)
        with contextlib.suppress(OSError):  # somebody else's file
            os.fchmod(handle, MODE)
        return os.fdopen(handle, "ab")

    def _rotate(self) -> None:
        for number in range(self._keep, 0, -1):
            older = self._path if number == 1 else self._name(number - 1)
            if older.exists():
                older.replace(self._name(number))
        if not self._keep:
            self._path.unlink()
        self._file.close()
        self._file = self._open()

    def _name(self, number: int) -> Path:
        return self._path.with_name(f"{self._path.name}.{number}")


def group_is_there(group: int) -> bool:
    """Tell whether a process group of ours has a process left."""
    try:
        os.killpg(group, 0)
    except (ProcessLookupError, PermissionError):
        return False
    return True


def end_group(group: int, grace: float) -> None:
    """End a process group, first politely."""
    for sign, seconds in ((signal.SIGTERM, grace), (signal.SIGKILL, grace)):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(group, sign)
        deadline = time.monotonic() + seconds
        while group_is_there(group) and time.monotonic() < deadline:
            time.sleep(0.05)


def boot_session() -> str:
    """Return what differs after a restart of the machine, since process numbers mean nothing then."""
    try:
        done = subprocess.run(
            ["/usr/sbin/sysctl", "-n", "kern.boottime"],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=10,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.decode("utf-8", "replace").split(",")[0]


class Memory:
    """Remembers the process group of the program, for a successor of a runner that was killed."""

    def __init__(self, path: Path, session: Callable[[], str] = boot_session) -> None:
        self._path, self._session = path, session()

    def end_leftovers(self, grace: float) -> None:
        """End what a predecessor left behind."""
        with contextlib.suppress(OSError, ValueError):
            group, _, session = self._path.read_text(encoding="utf-8").partition(" ")
            if session == self._session:
                end_group(int(group), grace)
        self.forget()

    def remember(self, group: int) -> None:
        """Write down the group."""
        with contextlib.suppress(OSError):
            self._path.write_text(f"{group} {self._session}", encoding="utf-8")

    def forget(self) -> None:
        """Forget it: nothing is left."""
        with contextlib.suppress(OSError):
            self._path.unlink()


def parse(arguments: list[str]) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description="Run a program as a service.")
    parser.add_argument("--log", type=Path, required=True)
    parser.add_argument("--limit", type=int, required=True, help="largest size of the log in bytes")
    parser.add_argument("--keep", type=int, required=True, help="number of older logs")
    parser.add_argument("--memory", type=Path, required=True, help="where the process group is remembered")
    parser.add_argument("--wait-for", type=Path, action="append", default=[], help="a path that must exist")
    parser.add_argument("--open-files", type=int, help="how many files the program may have open")
    parser.add_argument("--environment", type=Path, help="a file of more environment variables")
    parser.add_argument("--grace", type=float, default=GRACE_SECONDS, help="seconds between asking to end and killing")
    parser.add_argument("--forward", choices=("HUP", "USR1", "USR2"), help="a signal that is passed on to the program")
    parser.add_argument("program", nargs="+")
    return parser.parse_args(arguments)


def wait_for(paths: list[Path], log: Log) -> None:
    """Wait until all paths exist, and say so once."""
    missing = [path for path in paths if not path.exists()]
    if missing:
        log.write(f"waiting for {', '.join(map(str, missing))}\n".encode())
    while not all(path.exists() for path in missing):
        time.sleep(1)


def allow_open_files(number: int | None, log: Log) -> None:
    """Set how many files the program may have open, as far as the hard limit goes."""
    if number is None:
        return
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    allowed = number if hard == resource.RLIM_INFINITY else min(number, hard)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, hard))
    except (OSError, ValueError) as error:
        log.write(f"{allowed} open files are not allowed: {error}\n".encode())


def more_environment(path: Path | None) -> dict[str, str]:
    """Read the file of more environment variables, which holds secrets; a link is none."""
    if path is None:
        return {}
    with os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW), "rb") as file:
        variables: dict[str, str] = json.load(file)
    return {name: os.fsdecode(value.encode()) for name, value in variables.items()}


def copy(source: IO[bytes], log: Log) -> None:
    """Move the program's output into the log until nobody holds the other end."""
    while True:
        content = os.read(source.fileno(), CHUNK)
        if not content:
            return
        log.write(content)


def _let_terminate() -> None:
    """Undo in the program what protects its start from a signal."""
    signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGTERM])


def main(arguments: list[str]) -> int:
    """Run the program until it ends, and end like it."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    options = parse(arguments)
    forwarded = getattr(signal, f"SIG{options.forward}") if options.forward else None
    if forwarded:
        # Until there is a program. It reads its configuration at its start.
        signal.signal(forwarded, lambda *_: None)
    log, memory = Log(options.log, options.limit, options.keep), Memory(options.memory)
    memory.end_leftovers(options.grace)
    wait_for(options.wait_for, log)
    allow_open_files(options.open_files, log)
    try:
        secrets = more_environment(options.environment)
    except (OSError, ValueError) as error:
        log.write(f"{options.environment} cannot be read: {getattr(error, 'strerror', None) or 'no JSON'}\n".encode())
        return 78
    # A signal between the start of the program and the handler would leave it behind.
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])
    try:
        process = subprocess.Popen(
            options.program,
            env={**os.environ, **secrets},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=_let_terminate,  # noqa: PLW1509 - no thread runs yet
        )
    except OSError as error:
        log.write(f"{options.program[0]} cannot be started: {error.strerror}\n".encode())
        return 78
    memory.remember(process.pid)
    signal.signal(signal.SIGTERM, lambda *_: process.send_signal(signal.SIGTERM))
    if forwarded:
        signal.signal(forwarded, lambda *_: process.send_signal(forwarded))
    signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGTERM])
    if process.stdout is None:
        raise AssertionError("a pipe was asked for")
    reader = threading.Thread(target=copy, args=(process.stdout, log), daemon=True)
    reader.start()
    status = process.wait()
    end_group(process.pid, options.grace)
    memory.forget()
    reader.join(1)
    return status if status >= 0 else 128 - status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
