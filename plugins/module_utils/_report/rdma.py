# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""RDMA over Thunderbolt: switched on, or not known to be."""

from __future__ import annotations

from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import CommandError
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._macos import rdma, thunderbolt
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._report._base import (
    Arguments,
    Context,
    Kind,
    Measurement,
)

THUNDERBOLT_5_GIGABITS = 80
"""What a port can do at least that RDMA works on; Thunderbolt 3 and 4 agree on half of that."""


def measure(arguments: Arguments, context: Context) -> Measurement:  # noqa: ARG001 - every kind is called alike
    """Compare what the tool says; a macOS without it is too old."""
    try:
        state = rdma.read(context.commands)
    except CommandError as error:
        return Measurement(False, f"unknown: {error}".rstrip("."), rdma.ENABLED, rdma.ENABLE)
    return Measurement(state == rdma.ENABLED, str(state), rdma.ENABLED, rdma.ENABLE)


def measure_generation(arguments: Arguments, context: Context) -> Measurement:  # noqa: ARG001 - every kind's signature
    """Say what the ports can do; the line is never false.

    macOS 26.2 and later gives ports of Thunderbolt 4 an RDMA device too, so exo asks to enable what cannot work.
    """
    ports = thunderbolt.read(context.commands)
    most = max((port.capability_gigabits or port.speed_gigabits or 0 for port in ports), default=0)
    # A port with a cable tells what both ends agreed on, and what it could do only where nothing is plugged in.
    known = most >= THUNDERBOLT_5_GIGABITS or any(port.capability_gigabits for port in ports)
    if not known:
        return Measurement(True, "unknown: every port has a cable", "either")
    if most >= THUNDERBOLT_5_GIGABITS:
        return Measurement(True, f"possible, Thunderbolt 5 with {most} Gb/s", "either", values={"gigabits": most})
    measured = f"not possible, {most} Gb/s; ignore what exo shows about enabling RDMA"
    return Measurement(True, measured, "either", values={"gigabits": most})


KIND = Kind("RDMA over Thunderbolt", measure)
GENERATION_KIND = Kind("RDMA by these ports", measure_generation)
