# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Wi-Fi power."""

from __future__ import annotations

from ansible_collections.hybrid_ai.cluster.plugins.module_utils._macos import wifi
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._macos_network import hardware_ports
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._report._base import (
    Arguments,
    Context,
    Kind,
    Measurement,
    compare,
)


def measure(arguments: Arguments, context: Context) -> Measurement:
    """Compare whether the radio is on."""
    wanted = arguments.switch("expected")
    device = wifi.find_device(hardware_ports.read(context.commands))
    advice = "Repeat site.yml with the tag macos_headless."
    return compare(wifi.read(context.commands, device)["power"], wanted, advice)


KIND = Kind("Wi-Fi", measure)
