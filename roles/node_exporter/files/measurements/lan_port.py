# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The port by which this host is in the LAN: its medium, its duplex, and the speed it has agreed on."""

from __future__ import annotations

import platform
from typing import TYPE_CHECKING

from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import ClusterError, Commands
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._lan_port import linux, mac

from .command import MeasurementError

if TYPE_CHECKING:
    from .exposition import Metrics

_MEGABIT = 1_000_000


def measure(metrics: Metrics, address: str, commands: Commands | None = None, system: str | None = None) -> None:
    """Find the port with the address; of a bond every member is one. A speed that is unknown has no figure."""
    read = mac.read if (system or platform.system()) == "Darwin" else linux.read
    try:
        port = read(commands or Commands(), address)
    except ClusterError as error:
        raise MeasurementError(str(error)) from error
    if port is None:
        raise MeasurementError(f"no port has the address {address}, and there is no default route")
    for end in port.ends:
        labels = {"device": end.device, "medium": end.medium}
        metrics.add("lan_port_info", "A port of this host in the LAN.", 1, **labels, duplex=end.duplex or "unknown")
        speed = 0 if end.link is False else end.megabits
        if speed is not None:
            metrics.add("lan_port_bits_per_second", "Speed of the link, 0 without one.", speed * _MEGABIT, **labels)
        if end.capable is not None:
            told = "The fastest that the port could agree on."
            metrics.add("lan_port_capable_bits_per_second", told, end.capable * _MEGABIT, **labels)
