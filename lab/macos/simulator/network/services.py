# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Locations and services: views of the preferences' property list that change it in place."""

from __future__ import annotations

import os

from .ports import STANDARD_MTU

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .ports import Port

INACTIVE = "__INACTIVE__"
DEFAULT_BYPASS = ["*.local", "169.254/16"]


def new_id() -> str:
    """Return a new random identifier in macOS's spelling."""
    digits = os.urandom(16).hex().upper()
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-A{digits[17:20]}-{digits[20:]}"


class Service:
    """One network service: a set of settings for one port."""

    def __init__(self, identifier: str, data: dict[str, Any]) -> None:
        self.identifier = identifier
        self.data = data

    @property
    def name(self) -> str:
        """What people call it; free text that may be translated."""
        return str(self.data["UserDefinedName"])

    @name.setter
    def name(self, name: str) -> None:
        self.data["UserDefinedName"] = name

    @property
    def device(self) -> str:
        """The interface it configures."""
        return str(self.data["Interface"]["DeviceName"])

    @property
    def port_name(self) -> str:
        """The hardware port as it was called when the service was made."""
        return str(self.data["Interface"]["UserDefinedName"])

    @property
    def enabled(self) -> bool:
        """Whether it is in use."""
        return not self.data.get(INACTIVE)

    @enabled.setter
    def enabled(self, enabled: bool) -> None:
        if enabled:
            self.data.pop(INACTIVE, None)
        else:
            self.data[INACTIVE] = 1

    def entity(self, name: str) -> dict[str, Any]:
        """Return the settings of one protocol (IPv4, IPv6, DNS, Proxies), to be changed in place."""
        settings: dict[str, Any] = self.data.setdefault(name, {})
        return settings

    def method(self, protocol: str) -> str:
        """Return how a protocol is configured, in the words of the preferences; INFORM is an address beside DHCP."""
        settings = self.data.get(protocol, {})
        return "Off" if settings.get(INACTIVE) else str(settings.get("ConfigMethod", "Off"))

    def configure(self, protocol: str, method: str, **settings: object) -> None:
        """Replace the settings of IPv4 or IPv6; switched off they stay stored as Automatic, as macOS does it."""
        if method == "Off":
            self.data[protocol] = {"ConfigMethod": "DHCP" if protocol == "IPv4" else "Automatic", INACTIVE: 1}
        else:
            self.data[protocol] = {"ConfigMethod": method, **settings}


class Location:
    """One location: an ordered list of services, and hardware settings of their devices."""

    def __init__(self, data: dict[str, Any], identifier: str) -> None:
        self._data = data
        self.identifier = identifier

    @property
    def _network(self) -> dict[str, Any]:
        network: dict[str, Any] = self._data["Sets"][self.identifier]["Network"]
        return network

    @property
    def name(self) -> str:
        """What people call it."""
        return str(self._data["Sets"][self.identifier]["UserDefinedName"])

    @property
    def order(self) -> list[str]:
        """The identifiers of the services, first in rank first."""
        order: list[str] = self._network["Global"]["IPv4"]["ServiceOrder"]
        return order

    @order.setter
    def order(self, identifiers: list[str]) -> None:
        self._network["Global"]["IPv4"]["ServiceOrder"] = identifiers

    def services(self) -> list[Service]:
        """Return the services in their order."""
        return [Service(identifier, self._data["NetworkServices"][identifier]) for identifier in self.order]

    def service(self, name: str) -> Service | None:
        """Find a service by its name."""
        return next((service for service in self.services() if service.name == name), None)

    def create(self, name: str, port: Port) -> Service:
        """Add a service with a port's default settings at the end of the order."""
        identifier = new_id()
        data: dict[str, Any] = {
            "UserDefinedName": name,
            "Interface": {
                "DeviceName": port.device,
                "Hardware": "AirPort" if port.kind == "IEEE80211" else "Ethernet",
                "Type": "Ethernet",
                "UserDefinedName": port.name,
            },
            "IPv4": {"ConfigMethod": "DHCP"},
            "IPv6": {"ConfigMethod": "Automatic"},
            "DNS": {},
            "Proxies": {"ExceptionsList": list(DEFAULT_BYPASS), "FTPPassive": 1},
        }
        self._data["NetworkServices"][identifier] = data
        self._network["Service"][identifier] = {"__LINK__": f"/NetworkServices/{identifier}"}
        self.order = [*self.order, identifier]
        return Service(identifier, data)

    def remove(self, service: Service) -> None:
        """Remove a service."""
        del self._data["NetworkServices"][service.identifier]
        del self._network["Service"][service.identifier]
        self.order = [identifier for identifier in self.order if identifier != service.identifier]

    def mtu(self, device: str) -> int:
        """Return the MTU that is set for a device here."""
        return int(self._network["Interface"].get(device, {}).get("Ethernet", {}).get("MTU", STANDARD_MTU))

    def set_mtu(self, device: str, mtu: int) -> None:
        """Set the MTU of a device here."""
        self._network["Interface"].setdefault(device, {})["Ethernet"] = {"MTU": mtu, "MediaSubType": "autoselect"}
