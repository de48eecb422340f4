# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Thunderbolt buses: one for each receptacle, and the Mac at the other end of its cable."""

from __future__ import annotations

import os

from ..state import read_json
from .links import observe
from .ports import physical_ports

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..profile import Profile
    from ..tool import Context

_MODELS = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "models")
# Two Thunderbolt 5 ports agree on 80 Gb/s each way; every older pair on 40.
_FASTEST, _FAST, _USUAL = 120, 80, 40


class Peer:
    """The Mac at the other end of a cable."""

    def __init__(self, end: dict[str, Any]) -> None:
        self.model = str(end["model"])
        hardware = read_json(f"{_MODELS}/{self.model}.json", {"name": "Mac", "thunderbolt_speed": _USUAL})
        self.name = str(hardware["name"])
        self.capability = int(hardware["thunderbolt_speed"])
        self.domain = bus_domain(end["domain_uuid"], int(end["receptacle"]))


class Bus:
    """One bus with its receptacle."""

    def __init__(self, profile: Profile, receptacle: int, end: dict[str, Any] | None, *, connected: bool) -> None:
        described = profile.host.get("thunderbolt", {})
        self.number = receptacle - 1
        self.receptacle = receptacle
        self.model_name = profile.model_name
        self.switch = bus_switch(described.get("switch_uid", "0x05AC000000000000"), receptacle)
        self.domain = bus_domain(described.get("domain_uuid", "00000000-0000-4000-8000-000000000000"), receptacle)
        self.capability = profile.thunderbolt_speed
        self.peer = Peer(end) if connected and end else None
        self.connected = connected

    @property
    def speed(self) -> str:
        """What the link runs at, or what the receptacle is capable of."""
        if not self.connected:
            return f"Up to {self.capability} Gb/s"
        other = self.peer.capability if self.peer else _USUAL
        return f"{_FAST if min(self.capability, other) >= _FASTEST else _USUAL} Gb/s"


def buses(context: Context) -> list[Bus]:
    """Return every bus by its number. Whether something is connected is told by the port's carrier."""
    links = observe(context)
    cables = context.profile.cables()
    ports = [port for port in physical_ports(context.profile) if port.is_thunderbolt]
    return [
        Bus(
            context.profile,
            port.receptacle,
            cables.get(str(port.receptacle)),
            connected=links.has_carrier(port.device),
        )
        for port in sorted(ports, key=lambda port: port.receptacle)
    ]


def bus_domain(base: str, receptacle: int) -> str:
    """Return the domain of one bus: the machine's identifier counted on, so that both ends derive the same one."""
    digits = f"{int(base.replace('-', ''), 16) + receptacle - 1:032X}"
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


def bus_switch(base: str, receptacle: int) -> str:
    """Return the identifier of one bus's switch."""
    return f"0x{int(base, 16) + receptacle - 1:016X}"
