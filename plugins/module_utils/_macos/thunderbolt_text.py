# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What `system_profiler SPThunderboltDataType -json` says, read here alone: for modules, report and measurements.

It imports nothing of the collection, because a copy of it lies beside the measurements of node_exporter.
"""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_RECEPTACLE = re.compile(r"^receptacle_(\d+)_tag$")
_SPEED = re.compile(r"^(?P<limit>Up to )?(?P<gigabits>\d+) Gb/s")


@dataclass(frozen=True)
class ThunderboltPort:
    """One port of this Mac, and the Mac at the other end of its cable."""

    receptacle: int
    device: str | None
    connected: bool
    speed: str | None
    speed_gigabits: int | None
    capability_gigabits: int | None
    domain_uuid: str | None
    peer_domain_uuid: str | None
    peer_model: str | None
    peer_name: str | None

    def as_dict(self) -> dict[str, Any]:
        """Return the port the way a module reports it."""
        return asdict(self)


def parse_profile(profile: str, devices: Mapping[str, str]) -> list[ThunderboltPort]:
    """Join the buses with the devices, which go by the names of their hardware ports ("Thunderbolt N").

    A text that is not a list of buses is a ValueError, KeyError or TypeError.
    """
    ports = [
        _port(bus, int(match.group(1)), value, devices)
        for bus in json.loads(profile)["SPThunderboltDataType"]
        for key, value in bus.items()
        for match in [_RECEPTACLE.match(key)]
        if match
    ]
    return sorted(ports, key=lambda port: port.receptacle)


def _port(bus: dict[str, Any], number: int, receptacle: dict[str, Any], devices: Mapping[str, str]) -> ThunderboltPort:
    number = int(receptacle.get("receptacle_id_key", number))
    connected = receptacle.get("receptacle_status_key") == "receptacle_connected"
    speed = receptacle.get("current_speed_key")
    limit, gigabits = _gigabits(speed)
    peer = next(_macs(bus.get("_items", [])), {}) if connected else {}
    return ThunderboltPort(
        receptacle=number,
        device=devices.get(f"Thunderbolt {number}"),
        connected=connected,
        speed=speed,
        speed_gigabits=None if limit else gigabits,
        capability_gigabits=gigabits if limit else None,
        domain_uuid=bus.get("domain_uuid_key"),
        peer_domain_uuid=peer.get("domain_uuid_key"),
        peer_model=peer.get("device_name_key"),
        peer_name=peer.get("_name"),
    )


def _gigabits(speed: str | None) -> tuple[bool, int | None]:
    """Return whether the number is only what the port can do ("Up to …"), and the number."""
    match = _SPEED.match(speed or "")
    return (bool(match["limit"]), int(match["gigabits"])) if match else (False, None)


def _macs(items: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Yield every computer below a bus: only they have a domain of their own, docks and displays have none."""
    for item in items:
        if "domain_uuid_key" in item:
            yield item
        yield from _macs(item.get("_items", []))
