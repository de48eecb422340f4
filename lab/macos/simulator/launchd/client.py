# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""How tools talk to the first process."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..tool import Context

SOCKET = "/private/var/run/launchd.sock"


def ask(context: Context, operation: str, **arguments: Any) -> dict[str, Any]:
    """Ask launchd for an operation and return its answer; ``error`` is 0 or an error number of macOS."""
    import _socket  # what `socket` wraps, without its enumerations
    import json

    connection = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
    connection.connect(context.path(SOCKET))
    connection.sendall(json.dumps({"operation": operation, **arguments}).encode() + b"\n")
    received = b""
    while chunk := connection.recv(65536):
        received += chunk
    connection.close()
    answer: dict[str, Any] = json.loads(received)
    return answer
