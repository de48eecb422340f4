# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""How a service takes a new configuration without ending, and how it proves that it has.

A signal only asks: a program that cannot use the new configuration goes on with the old one and says so in its log
alone. So the running program is asked which configuration it serves: the configuration carries a stamp, a word of its
own, that the program shows on its administrative socket.
"""

from __future__ import annotations

import socket
import time
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.hybrid_ai.cluster.plugins.module_utils import _files, _wait

STEP = "reload_configuration"
ANSWER_SECONDS = 5
LARGEST_ANSWER = 1024 * 1024
ARGUMENTS: dict[str, dict[str, Any]] = {
    "signal": {"type": "str", "choices": ["HUP", "USR1", "USR2"], "required": True},
    "check": {"type": "list", "elements": "str", "default": []},
    "socket": {"type": "path", "required": True},
    "request": {"type": "str", "required": True},
    "stamp": {"type": "str", "required": True},
    "timeout": {"type": "int", "default": 30},
}


@dataclass(frozen=True)
class Reload:
    """A signal to the program, and the question whose answer has the stamp of what it serves."""

    signal: str
    socket: str
    request: str
    stamp: str
    check: list[str] = field(default_factory=list)
    timeout: int = 30

    def served(self) -> bool | None:
        """Tell whether the running program serves the wanted configuration; None where it does not answer."""
        try:
            answer = _ask(str(_files.real(self.socket)), self.request)
        except OSError:
            return None
        return self.stamp in answer.split() if answer else None

    def wait(self) -> str | None:
        """Ask until it does; return what was wrong with the last answer when time is up."""
        served: bool | None = None

        def proved() -> bool:
            nonlocal served
            served = self.served()
            return served is True

        if _wait.wait_until(proved, self.timeout, 0.2):
            return None
        return f"it does not answer at {self.socket}" if served is None else "it still serves another one"


def describe(served: bool | None) -> str:
    """Return what the program serves as a difference shows it."""
    return {True: "as wanted", False: "another one", None: "unknown"}[served]


def describe_after(served: bool | None, steps: list[str]) -> str:
    """Return the same after the steps."""
    return describe(True if {STEP, "load", "restart", "start"} & set(steps) else served)


def _ask(path: str, request: str) -> str:
    """Send one line to a socket; return all that comes until the program ends the connection."""
    deadline, answer = time.monotonic() + ANSWER_SECONDS, b""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(ANSWER_SECONDS)
        connection.connect(path)
        connection.sendall(f"{request}\n".encode())
        while len(answer) < LARGEST_ANSWER:
            connection.settimeout(max(deadline - time.monotonic(), 0.001))
            part = connection.recv(65536)
            if not part:
                break
            answer += part
    return answer.decode("utf-8", "replace")
