# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Connect to a host of a lab for ssh (ProxyCommand with ProxyUseFdpass), from inside the lab's network.

ssh runs this file by itself for every connection, so it imports nothing that takes time.
"""

import ctypes
import os
import socket
import sys

CLONE_NEWNET = 0x40000000
SECONDS = 20


def connect(namespace: str, host: str, port: int) -> socket.socket:
    """Return a connection made inside a network namespace."""
    with open(f"/run/netns/{namespace}", "rb") as file:  # noqa: PTH123 - pathlib takes longer to import than the rest runs
        if ctypes.CDLL(None, use_errno=True).setns(file.fileno(), CLONE_NEWNET) != 0:
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    connection = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    connection.settimeout(SECONDS)
    connection.connect((host, port))
    connection.setblocking(True)
    return connection


def main() -> int:
    """Hand the connection to ssh, which waits for it on standard output."""
    namespace, host, port = sys.argv[1:]
    try:
        connection = connect(namespace, host, int(port))
    except OSError as error:
        print(
            f"The host {host} of {namespace} does not answer on port {port}: {error.strerror or error}.",
            file=sys.stderr,
        )
        return 1
    with socket.socket(fileno=os.dup(1)) as parent:
        socket.send_fds(parent, [b"\0"], [connection.fileno()])
    return 0


if __name__ == "__main__":
    sys.exit(main())
