# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Thunderbolt ports of a Mac: what is plugged in where, from `system_profiler` and the hardware ports."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import ClusterError
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._macos.thunderbolt_text import parse_profile
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._macos_network import hardware_ports

if TYPE_CHECKING:
    from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import Commands
    from ansible_collections.hybrid_ai.cluster.plugins.module_utils._macos.thunderbolt_text import ThunderboltPort

READ = ["/usr/sbin/system_profiler", "SPThunderboltDataType", "-json"]


class ThunderboltError(ClusterError):
    """The Thunderbolt ports could not be read."""


def read(commands: Commands) -> list[ThunderboltPort]:
    """Return all ports in the order of their numbers."""
    profile = commands.check_output(READ, timeout=120)
    devices = {port.name: port.device for port in hardware_ports.read(commands)}
    try:
        return parse_profile(profile, devices)
    except (ValueError, KeyError, TypeError) as error:
        raise ThunderboltError(f"`{' '.join(READ)}` gave no list of Thunderbolt buses: {error}") from error
