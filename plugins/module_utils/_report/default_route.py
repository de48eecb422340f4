# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""By which interface a Mac reaches everything that is not near: a bridge that took an address steals that way."""

from __future__ import annotations

from ansible_collections.hybrid_ai.cluster.plugins.module_utils._report._base import (
    Arguments,
    Context,
    Kind,
    Measurement,
    ReportError,
)
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._wake import ways

ROUTE = ["/sbin/route", "-n", "get", "default"]
ADVICE = (
    "Put the service of the LAN first in System Settings under Network, Set Service Order, and give the other one a"
    " fixed address without a router."
)


def measure(arguments: Arguments, context: Context) -> Measurement:
    """Compare the interface of the default route with the one that has `address`; one behind NAT has neither."""
    address = arguments.text("address")
    if not context.is_macos:
        raise ReportError("only a Mac is asked for its default route.")
    here = [one.interface for one in ways.own_addresses(context.commands, context.system) if one.source == address]
    result = context.commands.run(ROUTE)
    found = ways.parse_route(result.out) if result.rc == 0 else None
    if found is None:
        return Measurement(True, "no default route", "none, or by the LAN")
    if not here:
        return Measurement(True, f"by {found}; this Mac itself does not have the address {address}", "any")
    return Measurement(found in here, f"by {found}", f"by {' or '.join(here)}, which has {address}", ADVICE)


KIND = Kind("default route", measure)
