# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The bridge over the Thunderbolt ports: a real one, without any protection against loops, as on a Mac."""

from __future__ import annotations

from .links import observe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from ..tool import Context
    from .preferences import Preferences

# A Mac's bridge forgets an address after 1200 seconds; the kernel counts in hundredths.
_AGEING = "120000"


def create(context: Context, device: str) -> bool:
    """Make a bridge without members. It forwards at once, floods all multicast and never looks for a loop."""
    settings = ("stp_state", "0", "forward_delay", "0", "mcast_snooping", "0", "ageing_time", _AGEING)
    return context.run("ip", "link", "add", device, "type", "bridge", *settings).returncode == 0


def destroy(context: Context, device: str) -> None:
    """Take a bridge away; its members are ports of their own again."""
    context.run("ip", "link", "delete", device, "type", "bridge")


def add_member(context: Context, device: str, member: str) -> bool:
    """Put a port into a bridge."""
    return context.run("ip", "link", "set", member, "master", device).returncode == 0


def delete_member(context: Context, member: str) -> None:
    """Take a port out of its bridge."""
    context.run("ip", "link", "set", member, "nomaster")


def restore(context: Context, preferences: Preferences, devices: Iterable[str] | None = None) -> None:
    """Make the stored bridges that are missing: all of them, or those over one of the given devices."""
    links = observe(context)
    for device, settings in preferences.bridges().items():
        members = [member for member in settings.get("Interfaces", []) if links.get(member)]
        wanted = devices is None or any(member in devices for member in members)
        if not members or links.get(device) or not wanted:
            continue
        create(context, device)
        first = links.get(members[0])
        if first:
            # The bridge carries the address of the first Thunderbolt port.
            context.run("ip", "link", "set", device, "address", first.address)
        for member in members:
            add_member(context, device, member)
        context.run("ip", "link", "set", device, "up")
