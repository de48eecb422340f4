# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""RDMA over Thunderbolt: switched on, or not known to be."""

from __future__ import annotations

from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import CommandError
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._macos import rdma
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._report._base import (
    Arguments,
    Context,
    Kind,
    Measurement,
)


def measure(arguments: Arguments, context: Context) -> Measurement:  # noqa: ARG001 - every kind is called alike
    """Compare what the tool says; a macOS without it is too old."""
    try:
        state = rdma.read(context.commands)
    except CommandError as error:
        return Measurement(False, f"unknown: {error}".rstrip("."), rdma.ENABLED, rdma.ENABLE)
    return Measurement(state == rdma.ENABLED, str(state), rdma.ENABLED, rdma.ENABLE)


KIND = Kind("RDMA over Thunderbolt", measure)
