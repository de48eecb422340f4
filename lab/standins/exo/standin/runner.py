# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""A runner process: really connects to its neighbours in the ring, and outlives a killed parent as MLX's does.

Commands and reports are lines: 'connect', 'load', 'warm' and 'generate N' on standard input, the same word on standard
output when it is done. When the parent has gone the process stays, holding its port.
"""

from __future__ import annotations

import contextlib
import json
import signal
import socket
import sys
import time
from typing import Any

_PAYLOAD = 16 * 1024  # what a token moves between two ranks


class Ring:
    """The data connections of one rank: the left neighbour comes in, the right one is dialled."""

    def __init__(self, rank: int, hosts: list[dict[str, Any]]) -> None:
        self._rank, self._hosts = rank, hosts
        self._left: socket.socket | None = None
        self._right: socket.socket | None = None

    def connect(self) -> None:
        """Block until both neighbours are there, however long that takes."""
        right = self._hosts[(self._rank + 1) % len(self._hosts)]
        here = ("0.0.0.0", self._hosts[self._rank]["port"])  # noqa: S104 - as exo does
        with socket.create_server(here, backlog=4) as server:
            if self._rank:
                self._left, _ = server.accept()
            while self._right is None:
                try:
                    self._right = socket.create_connection((right["ip"], right["port"]), timeout=5)
                    self._right.settimeout(None)
                except OSError:
                    time.sleep(0.2)
            if self._left is None:
                self._left, _ = server.accept()

    def pass_around(self) -> None:
        """Move one token's data: rank 0 starts it and waits until it comes back."""
        if self._left is None or self._right is None:
            return
        if self._rank == 0:
            self._right.sendall(bytes(_PAYLOAD))
        data = 0
        while data < _PAYLOAD:
            chunk = self._left.recv(_PAYLOAD - data)
            if not chunk:
                raise ConnectionError("[ring] Receiving from socket failed")
            data += len(chunk)
        if self._rank:
            self._right.sendall(bytes(_PAYLOAD))


def _say(word: str) -> None:
    """Report to the parent, if it still lives."""
    with contextlib.suppress(OSError):
        print(word, flush=True)


def _stay() -> None:
    """Wait for the signal that ends the process: nobody else will."""
    while True:
        signal.pause()


def main() -> None:
    """Serve one instance's rank."""
    configuration = json.loads(sys.argv[1])
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    time.sleep(configuration["start"])
    ring = Ring(configuration["rank"], configuration["hosts"])
    _say("start")
    for line in sys.stdin:
        word, _, argument = line.strip().partition(" ")
        try:
            if word == "connect":
                time.sleep(configuration["connect"])
                if len(configuration["hosts"]) > 1:
                    ring.connect()
            elif word == "generate":
                for _ in range(int(argument)):
                    ring.pass_around()
            else:
                time.sleep(configuration[word])
        except OSError as error:
            _say(f"fail {error}")
            break
        _say(word)
    _stay()


if __name__ == "__main__":
    main()
