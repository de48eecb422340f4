# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The hardware ports of a Mac, and the virtual one over its Thunderbolt ports."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..profile import Profile
    from .preferences import Preferences

STANDARD_MTU = 1500
SMALLEST_MTU = 1280
BRIDGE_PORT = "Thunderbolt Bridge"
ADAPTER = "Ethernet Adapter"


class Port:
    """One hardware port: its name, its device, its Ethernet address."""

    def __init__(
        self, name: str, device: str, address: str, *, receptacle: int = 0, largest_mtu: int = STANDARD_MTU
    ) -> None:
        self.name = name
        self.device = device
        self.address = address
        self.receptacle = receptacle
        self.largest_mtu = largest_mtu

    @property
    def kind(self) -> str:
        """What preferences call this kind of hardware."""
        if self.name == "Wi-Fi":
            return "IEEE80211"
        return "Bridge" if self.device.startswith("bridge") else "Ethernet"

    @property
    def is_adapter(self) -> bool:
        """Whether this is a USB-C port that could become an Ethernet port: it gets no service by itself."""
        return self.name.startswith(ADAPTER)

    @property
    def is_thunderbolt(self) -> bool:
        """Whether this is a Thunderbolt port itself (not the bridge over them)."""
        return self.receptacle > 0


def physical_ports(profile: Profile) -> list[Port]:
    """Return the ports the machine was built with, in the order of their devices."""
    interfaces = profile.host.get("interfaces") or _usual_interfaces(profile)
    return [_port(device, interfaces[device]) for device in sorted(interfaces, key=device_number)]


def hardware_ports(profile: Profile, preferences: Preferences) -> list[Port]:
    """Return all ports in macOS's order: the bridge stands before the Thunderbolt ports it was made of.

    From macOS 26 on it stands before Wi-Fi as well, and the USB-C ports of a mini are listed as Ethernet adapters.
    """
    physical = physical_ports(profile)
    bridges = [_bridge(device, settings, physical) for device, settings in sorted(preferences.bridges().items())]
    thunderbolt = sorted((port for port in physical if port.is_thunderbolt), key=lambda port: port.receptacle)
    others = [port for port in physical if not port.is_thunderbolt]
    if not profile.at_least("26"):
        return [*others, *bridges, *thunderbolt]
    wireless = [port for port in others if port.kind == "IEEE80211"]
    wired = [port for port in others if port not in wireless]
    return [*wired, *_adapters(profile, physical), *bridges, *wireless, *thunderbolt]


def _adapters(profile: Profile, physical: list[Port]) -> list[Port]:
    """Return the USB-C ports in front, which have a device and no link until something is plugged in."""
    taken = {port.device for port in physical}
    devices = [f"en{number}" for number in profile.hardware.get("adapters", ())]
    return [
        Port(f"{ADAPTER} ({device})", device, f"36:e3:5e:f0:6d:{0xC0 + number:02x}")
        for number, device in enumerate(devices)
        if device not in taken
    ]


def find_port(ports: list[Port], wanted: str) -> Port | None:
    """Find a port by its name or by its device."""
    return next((port for port in ports if wanted in (port.name, port.device)), None)


def device_number(device: str) -> tuple[str, int]:
    """Sort key that puts en10 after en2."""
    name = device.rstrip("0123456789")
    return name, int(device[len(name) :] or 0)


def _port(device: str, interface: dict[str, Any]) -> Port:
    return Port(
        interface["port"],
        device,
        interface["address"],
        receptacle=int(interface.get("receptacle", 0)),
        largest_mtu=int(interface.get("largest_mtu", STANDARD_MTU)),
    )


def _bridge(device: str, settings: dict[str, Any], physical: list[Port]) -> Port:
    members = [port for port in physical if port.device in settings.get("Interfaces", [])]
    return Port(settings.get("UserDefinedName", device), device, members[0].address if members else "00:00:00:00:00:00")


def _usual_interfaces(profile: Profile) -> dict[str, Any]:
    """Return the interfaces of a machine that no lab described: a Mac mini's, or a laptop's, whose Wi-Fi is en0."""
    wireless = {"port": "Wi-Fi", "address": "1c:f6:4c:00:00:02"}
    interfaces: dict[str, Any] = (
        {"en0": wireless}
        if profile.hardware.get("battery")
        else {"en0": {"port": "Ethernet", "address": "1c:f6:4c:00:00:01"}, "en1": wireless}
    )
    first = len(interfaces)
    for receptacle in range(1, profile.thunderbolt_ports + 1):
        interfaces[f"en{receptacle + first - 1}"] = {
            "port": f"Thunderbolt {receptacle}",
            "receptacle": receptacle,
            "address": f"36:e3:5e:f0:6d:{0x80 + 4 * (receptacle - 1):02x}",
        }
    return interfaces
