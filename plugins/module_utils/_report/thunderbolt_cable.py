# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""A Thunderbolt cable: plugged in, to the right Mac, at the right speed, or out of the inventory."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ansible_collections.hybrid_ai.cluster.plugins.module_utils._macos import thunderbolt
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._report._base import (
    Arguments,
    Context,
    Kind,
    Measurement,
)

if TYPE_CHECKING:
    from ansible_collections.hybrid_ai.cluster.plugins.module_utils._macos.thunderbolt_text import ThunderboltPort


def measure(arguments: Arguments, context: Context) -> Measurement:
    """Compare the far end with `peer_domain_uuid` and the speed with `minimum_gigabits` where they are given."""
    number, peer = arguments.integer("receptacle", 0), arguments.optional_text("peer")
    domain, minimum = arguments.optional_text("peer_domain_uuid"), arguments.integer("minimum_gigabits", 0)
    port = next((port for port in thunderbolt.read(context.commands) if port.receptacle == number), None)
    expected = f"a cable to {peer}" if peer else "a cable to another Mac"
    expected += f" ({domain})" if domain else ""
    expected += f" with {minimum} Gb/s or more" if minimum else ""
    if port is None:
        return Measurement(False, f"this Mac has no port {number}", expected, "Correct thunderbolt_links.")
    if not port.connected:
        return Measurement(False, "nothing plugged in", expected, f"Plug the cable into port {number}.")
    ok = port.peer_domain_uuid is not None if domain is None else port.peer_domain_uuid == domain
    # What is not told is not slow.
    slow = port.speed_gigabits is not None and port.speed_gigabits < minimum
    advice = f"Check where the cable in port {number} leads, or correct thunderbolt_links."
    if ok and slow:
        advice = f"The cable in port {number} is slower than both ports: put one there that is made for {minimum} Gb/s."
    return Measurement(
        ok=ok and not slow,
        measured=_far_end(port),
        expected=expected,
        advice=advice,
        values={"receptacle": number, "peer": peer, "gigabits": port.speed_gigabits},
    )


def measure_external(arguments: Arguments, context: Context) -> Measurement:
    """Say what is at the end of a cable to a machine outside of the inventory; only one of `hosts` is wrong there."""
    number, peer, hosts = arguments.integer("receptacle", 0), arguments.text("peer"), arguments.mapping("hosts")
    port = next((port for port in thunderbolt.read(context.commands) if port.receptacle == number), None)
    expected = f"leads to {peer}, which is outside of the inventory, or nothing plugged in"
    if port is None:
        return Measurement(False, f"this Mac has no port {number}", expected, "Correct thunderbolt_links.")
    if not port.connected:
        return Measurement(True, f"leads to {peer}, which is outside of the inventory: nothing plugged in", expected)
    if port.peer_domain_uuid in hosts:
        host = hosts[port.peer_domain_uuid]
        return Measurement(
            False,
            f"leads to {host}",
            expected,
            f"Check where the cable in port {number} leads, or write its two hosts in thunderbolt_links.",
        )
    return Measurement(True, f"leads to {peer}, which is outside of the inventory: {_far_end(port)}", expected)


def _far_end(port: ThunderboltPort) -> str:
    model = port.peer_model or "no Mac"
    return f"{model} ({port.peer_domain_uuid}), {port.speed}" if port.peer_domain_uuid else f"{model}, {port.speed}"


KIND = Kind("cable in port {receptacle}", measure)
EXTERNAL_KIND = Kind("cable in port {receptacle}", measure_external)
