# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Run a program and collect its output, without the weight of ``subprocess``."""

from __future__ import annotations

import os
import select


class Completed:
    """What came of a program: the part of ``subprocess.CompletedProcess`` that tools use."""

    def __init__(self, args: list[str], returncode: int, stdout: str = "", stderr: str = "") -> None:
        self.args = args
        self.returncode = returncode
        self.stdout = stdout
        self.stderr = stderr


def run(argv: list[str], stdin: str = "") -> Completed:
    """Run a program by its path, give it a text as standard input, and wait for it."""
    in_read, in_write = os.pipe()
    out_read, out_write = os.pipe()
    err_read, err_write = os.pipe()
    actions = [(os.POSIX_SPAWN_DUP2, end, number) for number, end in enumerate((in_read, out_write, err_write))]
    try:
        process = os.posix_spawn(argv[0], argv, os.environ, file_actions=actions)
    except OSError as error:
        for end in (in_read, in_write, out_read, out_write, err_read, err_write):
            os.close(end)
        return Completed(argv, 127, "", f"{argv[0]}: {error.strerror}")
    for end in (in_read, out_write, err_write):
        os.close(end)
    collected: dict[int, list[bytes]] = {out_read: [], err_read: []}
    _exchange(collected, in_write, stdin.encode())
    _, status = os.waitpid(process, 0)
    out, err = (b"".join(chunks).decode(errors="replace") for chunks in collected.values())
    return Completed(argv, os.waitstatus_to_exitcode(status), out, err)


def _exchange(collected: dict[int, list[bytes]], writer: int, data: bytes) -> None:
    """Feed and drain at once, so that no full pipe blocks the other."""
    poller = select.poll()
    for reader in collected:
        poller.register(reader, select.POLLIN)
    poller.register(writer, select.POLLOUT)
    waiting = len(collected)
    if not data:
        poller.unregister(writer)
        os.close(writer)
    while waiting:
        for end, _events in poller.poll():
            if end in collected:
                chunk = os.read(end, 65536)
                collected[end].append(chunk)
                finished = not chunk
                waiting -= finished
            else:
                try:
                    data = data[os.write(end, data[: select.PIPE_BUF]) :]
                except BrokenPipeError:
                    data = b""
                finished = not data
            if finished:
                poller.unregister(end)
                os.close(end)
