# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The real interfaces of the host, as the kernel has them now."""

from __future__ import annotations

import json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from ..tool import Context

_IPV6 = "/proc/sys/net/ipv6/conf"


class Link:
    """One interface with its addresses."""

    def __init__(self, data: dict[str, Any]) -> None:
        flags = data.get("flags", [])
        info = data.get("linkinfo", {})
        self.name = str(data["ifname"])
        self.index = int(data.get("ifindex", 0))
        self.mtu = int(data.get("mtu", 0))
        self.address = str(data.get("address", "00:00:00:00:00:00"))
        self.up = "UP" in flags
        self.carrier = "LOWER_UP" in flags and "NO-CARRIER" not in flags
        self.is_bridge = info.get("info_kind") == "bridge"
        self.bridge = str(data["master"]) if info.get("info_slave_kind") == "bridge" else ""
        found = data.get("addr_info", [])
        self.inet = [f"{item['local']}/{item['prefixlen']}" for item in found if item["family"] == "inet"]
        self.inet6 = [f"{item['local']}/{item['prefixlen']}" for item in found if item["family"] == "inet6"]


class Links:
    """All interfaces of the host by their names."""

    def __init__(self, found: list[Link]) -> None:
        self._links = {link.name: link for link in found}

    def __iter__(self) -> Iterator[Link]:
        """Go through the interfaces in the kernel's order."""
        return iter(self._links.values())

    def get(self, device: str) -> Link | None:
        """Return an interface that exists."""
        return self._links.get(device)

    def members(self, bridge: str) -> list[str]:
        """Return the devices that a bridge joins, in the order of their numbers."""
        return [link.name for link in sorted(self, key=lambda link: link.index) if link.bridge == bridge]

    def carriers(self) -> set[str]:
        """Return the devices with a link."""
        return {link.name for link in self if link.carrier}

    def has_carrier(self, device: str) -> bool:
        """Whether a device exists and something answers at the other end of its cable."""
        link = self._links.get(device)
        return link is not None and link.carrier


def observe(context: Context) -> Links:
    """Ask the kernel for every interface."""
    completed = context.run("ip", "-j", "-d", "addr", "show")
    return Links([Link(data) for data in json.loads(completed.stdout or "[]") if data])


def default_routes(context: Context, family: str = "-4") -> list[tuple[str, str]]:
    """Return the default routes as (gateway, device), best first."""
    completed = context.run("ip", "-j", family, "route", "show", "default")
    found = json.loads(completed.stdout or "[]")
    ranked = sorted(found, key=lambda route: int(route.get("metric", 0)))
    return [(str(route.get("gateway", "")), str(route.get("dev", ""))) for route in ranked]


def ipv6_switch(device: str, name: str) -> str:
    """Read one of the kernel's IPv6 switches of a device; empty where the kernel has no IPv6."""
    try:
        with open(f"{_IPV6}/{device}/{name}", encoding="ascii") as file:
            return file.read().strip()
    except OSError:
        return ""


def routes(context: Context) -> list[dict[str, Any]]:
    """Return the IPv4 routes of the main table."""
    found: list[dict[str, Any]] = json.loads(context.run("ip", "-j", "-4", "route", "show").stdout or "[]")
    return found
