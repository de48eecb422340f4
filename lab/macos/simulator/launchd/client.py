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
    import json
    import socket

    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.connect(context.path(SOCKET))
        connection.sendall(json.dumps({"operation": operation, **arguments}).encode() + b"\n")
        with connection.makefile("rb") as reader:
            answer: dict[str, Any] = json.loads(reader.readline())
    return answer
