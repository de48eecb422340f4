# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The port by which a host is in the LAN: its medium and what speed it has agreed on."""

from __future__ import annotations

from ansible_collections.hybrid_ai.cluster.plugins.module_utils._lan_port import linux, mac
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._lan_port.port import speed_text
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._report._base import (
    Arguments,
    Context,
    Kind,
    Measurement,
)

ADVICE = "Change the cable, look at the port of the switch, or write another cluster_lan_minimum_megabits."
WIFI_WARNING = "Warning: Wi-Fi, which everybody around shares; members of a cluster belong on a cable"


def measure(arguments: Arguments, context: Context) -> Measurement:
    """Compare the speed with `minimum_megabits`; Wi-Fi and what is unknown are told and make no line false."""
    address, minimum = arguments.text("address"), arguments.integer("minimum_megabits", 0)
    port = (mac if context.is_macos else linux).read(context.commands, address)
    expected = f"{speed_text(minimum)} or more, full duplex" if minimum else "any speed"
    if port is None:
        return Measurement(True, f"unknown: no port has {address}, and there is no default route", expected)
    if port.is_wireless:
        return Measurement(True, f"{port}. {WIFI_WARNING}", expected)
    slow = bool(minimum) and port.slowest is not None and port.slowest < minimum
    return Measurement(not slow and not (minimum and port.is_half_duplex), str(port), expected, ADVICE)


KIND = Kind("LAN port", measure)
