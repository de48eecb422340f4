# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The bridge that macOS makes of all Thunderbolt ports: gone, or without a second way round."""

from __future__ import annotations

from ansible_collections.hybrid_ai.cluster.plugins.module_utils._macos import thunderbolt
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._macos_network import bridge as bridges
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._report._base import (
    Arguments,
    Context,
    Kind,
    Measurement,
)


def measure(arguments: Arguments, context: Context) -> Measurement:
    """Compare; a bridge that is wanted may have no more cables in it than the inventory says."""
    device = arguments.optional_text("device") or "bridge0"
    wanted = arguments.choice("expected", ("absent", "present"))
    cables = arguments.integer("cables", -1)
    bridge = bridges.read(context.commands, device)
    members = bridge.members
    if wanted == "absent":
        left = [f"{device} with {', '.join(members) or 'no members'}"] if bridge.running else []
        left += [f"{device} in {bridges.PREFERENCES}, so it comes back"] if bridge.stored else []
        return Measurement(not left, "; ".join(left) or "absent", "absent", "Repeat site.yml with the tag thunderbolt.")
    if not bridge.running:
        return Measurement(False, "absent", "present", "Repeat site.yml with the tag thunderbolt.")
    ports = thunderbolt.read(context.commands)
    plugged = [port.device for port in ports if port.connected and port.device in members]
    limit = f"at most {cables} cables" if cables >= 0 else "any number of cables"
    return Measurement(
        ok=cables < 0 or len(plugged) <= cables,
        measured=f"{device} of {', '.join(members) or 'no ports'}, cables in {', '.join(map(str, plugged)) or 'none'}",
        expected=f"{device} with {limit}",
        advice="A cable that is not in thunderbolt_links can close a loop: unplug it or add it.",
    )


KIND = Kind("Thunderbolt bridge", measure)
