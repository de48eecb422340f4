# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What the stored preferences mean for the interfaces that are there: a pure function."""

from __future__ import annotations

from .addresses import prefix_length, self_assigned

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .links import Links
    from .ports import Port
    from .preferences import Preferences
    from .services import Service


class Resolver:
    """The DNS configuration of the host: the primary service's."""

    def __init__(self, device: str = "", servers: list[str] | None = None, search: list[str] | None = None) -> None:
        self.device = device
        self.servers = servers or []
        self.search = search or []


class Plan:
    """What the interfaces, routes and resolver of the host should be."""

    def __init__(self) -> None:
        self.addresses: dict[str, list[str]] = {}
        self.ipv6: dict[str, str] = {}
        self.ipv6_addresses: dict[str, list[str]] = {}
        self.mtu: dict[str, int] = {}
        self.routes: list[tuple[str, str, str]] = []
        self.default: tuple[str, str] | None = None
        self.primary: Service | None = None
        self.resolver = Resolver()


def make_plan(preferences: Preferences, ports: list[Port], links: Links, leases: dict[str, Any]) -> Plan:
    """Derive addresses, routes and resolver from the current location.

    As on a Mac an interface without a link gets no address, a port that a bridge has taken is no interface of its own,
    a port without a service has no addresses at all, and a service that is switched off loses IPv4 only.
    """
    plan = Plan()
    location = preferences.current
    devices = [port.device for port in ports if links.get(port.device)]
    plan.addresses = {device: [] for device in devices}
    plan.ipv6 = dict.fromkeys(devices, "Off")
    plan.ipv6_addresses = {device: [] for device in devices}
    plan.mtu = {device: location.mtu(device) for device in devices}
    for service in location.services():
        link = links.get(service.device)
        if link is None or link.bridge or service.device not in plan.addresses:
            continue
        _plan_ipv6(plan, service)
        if service.enabled and link.carrier:
            _plan_ipv4(plan, service, link.address, leases)
    if plan.primary:
        plan.resolver = make_resolver(plan.primary, leases)
    return plan


def active_ipv4(service: Service, ethernet_address: str, leases: dict[str, Any]) -> tuple[str, str, str] | None:
    """Return address, netmask and router ("" without one) of a service whose interface has a link."""
    method = service.method("IPv4")
    settings = service.entity("IPv4")
    if method == "Manual":
        return settings["Addresses"][0], settings["SubnetMasks"][0], settings.get("Router", "")
    lease = leases.get(service.device)
    if method == "INFORM":
        by_server = (lease["netmask"], lease.get("router", "")) if lease else ("255.255.255.0", "")
        return settings["Addresses"][0], *by_server
    if method not in ("DHCP", "BOOTP"):
        return None
    if lease:
        return lease["address"], lease["netmask"], lease.get("router", "")
    return self_assigned(ethernet_address), "255.255.0.0", ""


def make_resolver(service: Service, leases: dict[str, Any]) -> Resolver:
    """Return what a service says of DNS; what is not set by hand comes from its lease."""
    settings = service.entity("DNS")
    lease = leases.get(service.device, {}) if service.method("IPv4") in ("DHCP", "BOOTP", "INFORM") else {}
    servers = settings.get("ServerAddresses") or lease.get("dns", [])
    return Resolver(service.device, list(servers), list(settings.get("SearchDomains") or lease.get("search", [])))


def _plan_ipv4(plan: Plan, service: Service, ethernet_address: str, leases: dict[str, Any]) -> None:
    found = active_ipv4(service, ethernet_address, leases)
    if found is None:
        return
    address, netmask, router = found
    cidr = f"{address}/{prefix_length(netmask)}"
    if cidr not in plan.addresses[service.device]:
        plan.addresses[service.device].append(cidr)
    for route in service.entity("IPv4").get("AdditionalRoutes", []):
        destination = f"{route['DestinationAddress']}/{prefix_length(route['SubnetMask'])}"
        plan.routes.append((destination, route["GatewayAddress"], service.device))
    if router and plan.default is None:
        plan.default = (router, service.device)
        plan.primary = service
    elif plan.primary is None and service.entity("DNS").get("ServerAddresses"):
        plan.primary = service


def _plan_ipv6(plan: Plan, service: Service) -> None:
    method = service.method("IPv6")
    if plan.ipv6[service.device] == "Off":
        plan.ipv6[service.device] = method
    if method == "Manual":
        settings = service.entity("IPv6")
        pairs = zip(settings["Addresses"], settings["PrefixLength"], strict=True)
        plan.ipv6_addresses[service.device] = [f"{address}/{length}" for address, length in pairs]
