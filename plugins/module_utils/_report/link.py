# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The round trip to a neighbour."""

from __future__ import annotations

from ansible_collections.hybrid_ai.cluster.plugins.module_utils import _ping
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._report._base import (
    Arguments,
    Context,
    Kind,
    Measurement,
)


def measure(arguments: Arguments, context: Context) -> Measurement:
    """Measure; lost packets and round trips above `maximum_ms` make the line false.

    So does silence, unless `required` is false.
    """
    receptacle = arguments.integer("receptacle", 0)
    neighbour = _ping.Neighbour(
        name=arguments.text("name"),
        address=arguments.text("address"),
        host=arguments.optional_text("host"),
        cable=arguments.optional_text("cable"),
        receptacle=receptacle or None,
        required=arguments.switch("required", True),
    )
    limit = arguments.number("maximum_ms")
    expected = f"an answer within {limit:g} ms" if limit is not None else "an answer"
    trip = _ping.measure(
        context.live,
        context.system,
        neighbour.address,
        arguments.integer("count", 3),
        arguments.integer("warm_up_seconds", 5),
    )
    dead = _ping.dead_link(neighbour, trip)
    if dead and not neighbour.required:
        return Measurement(True, f"unknown: {_ping.not_set_up(neighbour)}".rstrip("."), f"{expected} once it is set up")
    if dead:
        return Measurement(False, "no answer", expected, dead)
    slow = limit is not None and trip.average is not None and trip.average > limit
    return Measurement(
        ok=not slow and trip.lost == 0,
        measured=f"{trip.average} ms, {trip.lost} of {trip.sent} lost",
        expected=f"{expected}, none lost",
        advice=f"Check {neighbour.place}." if neighbour.place else "Check the cable.",
    )


KIND = Kind("round trip to {name}", measure, slow=True)
