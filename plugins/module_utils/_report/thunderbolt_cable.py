# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""A Thunderbolt cable: plugged in, to the right Mac, at the right speed."""

from __future__ import annotations

from ansible_collections.hybrid_ai.cluster.plugins.module_utils._macos import thunderbolt
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._report._base import (
    Arguments,
    Context,
    Kind,
    Measurement,
)


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
    far_end = port.peer_model or "no Mac"
    measured = f"{far_end} ({port.peer_domain_uuid})" if port.peer_domain_uuid else far_end
    return Measurement(
        ok=ok and (port.speed_gigabits or 0) >= minimum,
        measured=f"{measured}, {port.speed}",
        expected=expected,
        advice=f"Check where the cable in port {number} leads, or correct thunderbolt_links.",
        values={"receptacle": number, "peer": peer, "gigabits": port.speed_gigabits},
    )


KIND = Kind("cable in port {receptacle}", measure)
