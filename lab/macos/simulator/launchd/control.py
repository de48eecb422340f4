# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The control socket: one line of JSON asks, one answers."""

from __future__ import annotations

import contextlib
import json
import os
import select
import socket
import struct
import time
from typing import TYPE_CHECKING, Any

from .supervisor import EINPROGRESS, EPERM, ESRCH, OK, Answer, Supervisor

if TYPE_CHECKING:
    from collections.abc import Callable

PATH = "/private/var/run/launchd.sock"
# A job that ends quickly is gone when bootout returns; a slower one makes it say 36 (in progress).
BOOTOUT_PATIENCE = 0.5


def handle(supervisor: Supervisor, request: dict[str, Any], uid: int, power: Callable[[str], None]) -> Answer:
    """Do what a request asks for."""
    operation = request["operation"]
    domain, label = request.get("domain", "system"), request.get("label", "")
    if operation == "bootstrap":
        return {"error": supervisor.bootstrap(domain, request["path"], uid)}
    if operation == "bootout":
        return {"error": supervisor.bootout(domain, label, uid)}
    if operation == "kickstart":
        return supervisor.kickstart(domain, label, uid, kill=request.get("kill", False))
    if operation == "kill":
        return {"error": supervisor.signal(domain, label, uid, int(request["signal"]))}
    if operation in {"enable", "disable"}:
        return {"error": supervisor.enable(domain, label, uid, enabled=operation == "enable")}
    if operation == "print":
        return supervisor.describe(domain, label)
    if operation == "list":
        return {"error": supervisor.domain_error(domain), "services": supervisor.overview(domain)}
    if operation == "print-disabled":
        return {"error": supervisor.domain_error(domain), "disabled": supervisor.disabled(domain)}
    if operation == "power":
        if uid != 0:
            return {"error": EPERM}
        power(request["action"])
        return {"error": OK}
    return {"error": ESRCH}


class Server:
    """Listens for launchctl, shutdown and the other tools that talk to the first process."""

    def __init__(self, supervisor: Supervisor, power: Callable[[str], None], path: str = PATH) -> None:
        self._supervisor = supervisor
        self._power = power
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._listener.bind(path)
        os.chmod(path, 0o666)  # noqa: S103 - everybody may ask, the answer depends on who does
        self._listener.listen(64)
        # Answers that wait until a job is gone: connection, job, deadline.
        self._pending: list[tuple[socket.socket, tuple[str, str], float]] = []

    def fileno(self) -> int:
        """Return the descriptor to wait for."""
        return self._listener.fileno()

    def accept(self) -> None:
        """Serve one connection."""
        connection, _ = self._listener.accept()
        connection.settimeout(2)
        try:
            with connection.makefile("rb") as reader:
                request = json.loads(reader.readline())
            credentials = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
            _pid, uid, _gid = struct.unpack("3i", credentials)
            answer = handle(self._supervisor, request, uid, self._power)
        except (OSError, ValueError, KeyError) as error:
            answer = {"error": ESRCH, "message": str(error)}
            request = {}
        if request.get("operation") == "bootout" and answer["error"] == EINPROGRESS and not request.get("again"):
            key = (request.get("domain", "system"), request["label"])
            self._pending.append((connection, key, time.monotonic() + BOOTOUT_PATIENCE))
        else:
            _reply(connection, answer)

    def settle(self) -> None:
        """Answer those whose job is gone or whose patience ended."""
        waiting, self._pending = self._pending, []
        for connection, key, deadline in waiting:
            if key not in self._supervisor.jobs:
                _reply(connection, {"error": OK})
            elif time.monotonic() >= deadline:
                _reply(connection, {"error": EINPROGRESS})
            else:
                self._pending.append((connection, key, deadline))

    def deadline(self) -> float | None:
        """When an answer is due next."""
        return min((deadline for _, _, deadline in self._pending), default=None)


def _reply(connection: socket.socket, answer: Answer) -> None:
    with connection, contextlib.suppress(OSError):
        connection.sendall(json.dumps(answer).encode() + b"\n")


def wait(descriptors: list[int], deadline: float | None) -> list[int]:
    """Wait until a descriptor is readable or a monotonic moment has come."""
    timeout = None if deadline is None else max(0.0, deadline - time.monotonic())
    return select.select(descriptors, [], [], timeout)[0]
