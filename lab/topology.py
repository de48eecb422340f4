# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What a lab consists of: hosts, their interfaces and the cables between them."""

from __future__ import annotations

import ipaddress
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal

from lab.errors import InventoryError, UnknownHostError
from lab.identity import APPLE_PREFIX, LOCAL_PREFIX, hardware_address

Kind = Literal["macos", "linux"]
THUNDERBOLT_PORTS = 3
LanPort = Literal["ethernet", "wifi"]
"""The port by which a Mac is in the LAN; the other one has no link."""


@dataclass(frozen=True)
class Interface:
    """One network port of a host."""

    device: str
    port: str
    address: str
    receptacle: int | None = None


@dataclass(frozen=True, order=True)
class End:
    """One end of a cable."""

    host: str
    receptacle: int

    def __str__(self) -> str:
        """Return the end as people write it."""
        return f"{self.host}:{self.receptacle}"


@dataclass(frozen=True)
class Cable:
    """A Thunderbolt cable; its ends are kept in order, so that equal cables compare equal."""

    first: End
    second: End

    @classmethod
    def between(cls, one: End, other: End) -> Cable:
        """Return the cable between two ends, whichever is named first."""
        return cls(*sorted((one, other)))

    @property
    def ends(self) -> tuple[End, End]:
        """Both ends."""
        return self.first, self.second

    def far_end(self, end: End) -> End:
        """Return the end that is not this one."""
        return self.second if end == self.first else self.first

    def __str__(self) -> str:
        """Return both ends as people write them."""
        return f"{self.first} {self.second}"


@dataclass(frozen=True)
class Host:
    """One simulated machine."""

    name: str
    kind: Kind
    address: str
    mac_address: str | None = None
    model: str = ""
    release: str = ""
    memory_gigabytes: int = 0
    has_homebrew: bool = False
    has_gpu: bool = False
    gpus: str = ""
    """The PCI devices of its GPUs, such as ``0x1db4,0x1db4``."""
    has_llama_cpp: bool = False
    lan_port: LanPort = "ethernet"

    @property
    def interfaces(self) -> tuple[Interface, ...]:
        """The host's ports, the one in the LAN first."""
        if self.kind == "linux":
            return (
                Interface("eth0", "Ethernet", self.mac_address or hardware_address(self.name, "eth0", LOCAL_PREFIX)),
            )
        thunderbolt = (
            Interface(f"en{n + 1}", f"Thunderbolt {n}", hardware_address(self.name, f"en{n + 1}"), n)
            for n in range(1, THUNDERBOLT_PORTS + 1)
        )
        ethernet = Interface("en0", "Ethernet", hardware_address(self.name, "en0", APPLE_PREFIX))
        wifi = Interface("en1", "Wi-Fi", hardware_address(self.name, "en1"))
        lan, other = (wifi, ethernet) if self.lan_port == "wifi" else (ethernet, wifi)
        return (replace(lan, address=self.mac_address or lan.address), other, *thunderbolt)

    def device(self, receptacle: int) -> str:
        """Return the interface behind a Thunderbolt receptacle."""
        for interface in self.interfaces:
            if interface.receptacle == receptacle:
                return interface.device
        raise InventoryError(f"The host {self.name} has no Thunderbolt port {receptacle}.")


@dataclass(frozen=True)
class Topology:
    """Every host and cable of a lab."""

    subnet: str
    hosts: tuple[Host, ...]
    cables: tuple[Cable, ...] = field(default=())

    @property
    def network(self) -> ipaddress.IPv4Network:
        """The LAN."""
        return ipaddress.IPv4Network(self.subnet)

    @property
    def gateway(self) -> str:
        """The router, which is also the hosts' resolver."""
        return str(self.network[1])

    @property
    def artifact_address(self) -> str:
        """The address of the server that stands for the internet's download hosts."""
        return str(self.network[2])

    def host(self, name: str) -> Host:
        """Return a host by its name."""
        for host in self.hosts:
            if host.name == name:
                return host
        known = ", ".join(host.name for host in self.hosts)
        raise UnknownHostError(f"The lab has no host {name}; it has {known}.")

    def cabled(self, end: End) -> End | None:
        """Return what is at the other end of the cable in a port, if there is one."""
        for cable in self.cables:
            if end in cable.ends:
                return cable.far_end(end)
        return None

    def to_json(self) -> dict[str, Any]:
        """Return the topology as plain data."""
        return {
            "subnet": self.subnet,
            "hosts": [asdict(host) for host in self.hosts],
            "cables": [{end.host: end.receptacle for end in cable.ends} for cable in self.cables],
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Topology:
        """Return the topology that `to_json` wrote."""
        cables = tuple(Cable.between(*(End(*end) for end in cable.items())) for cable in data["cables"])
        return cls(data["subnet"], tuple(Host(**host) for host in data["hosts"]), cables)
