# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Whether a TCP port of another host lets this one in."""

from __future__ import annotations

import socket

from ansible_collections.hybrid_ai.cluster.plugins.module_utils._report._base import (
    Arguments,
    Context,
    Kind,
    Measurement,
)

ANSWERS = ("open", "refused", "silent")


def knock(address: str, port: int, timeout: float) -> str:
    """Open a connection and say what came of it."""
    try:
        with socket.create_connection((address, port), timeout):
            return "open"
    except ConnectionRefusedError:
        return "refused"
    except OSError:  # no route and no answer alike
        return "silent"


def measure(arguments: Arguments, context: Context) -> Measurement:  # noqa: ARG001 - the form of every kind
    """Compare what a connection meets: an open port, a refusal, or nothing."""
    address, port = arguments.text("address"), arguments.integer("port", 0)
    arguments.optional_text("name")
    expected = arguments.choice("expected", ANSWERS, "open")
    found = knock(address, port, arguments.number("timeout") or 5.0)
    return Measurement(found == expected, found, expected, "Repeat site.yml with --tags firewall.")


KIND = Kind("port {port} of {address}", measure, slow=True)
