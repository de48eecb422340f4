# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What address a name has on this host."""

from __future__ import annotations

import socket

from ansible_collections.hybrid_ai.cluster.plugins.module_utils._report._base import (
    Arguments,
    Context,
    Kind,
    Measurement,
)


def measure(arguments: Arguments, context: Context) -> Measurement:  # noqa: ARG001 - every kind is called alike
    """Compare the IPv4 addresses the system's resolver gives."""
    name, wanted = arguments.text("name"), arguments.text("address")
    try:
        found = sorted({str(entry[4][0]) for entry in socket.getaddrinfo(name, None, socket.AF_INET)})
    except OSError:
        found = []
    return Measurement(wanted in found, ", ".join(found) or "unknown", wanted, "Repeat site.yml.")


KIND = Kind("address of {name}", measure, slow=True)
