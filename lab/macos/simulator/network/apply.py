# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Bring the host's real interfaces to the stored preferences.

An address that stays is never touched, so that a session over it lives through any other change. What this did is
remembered until the next start: an address that somebody added by hand with ifconfig is left alone, as configd does.
DHCP is answered from the table the lab wrote into host.json, which stands in for a server; a port that is in no row of
it but has a link gives itself an address in 169.254.0.0/16.
"""

from __future__ import annotations

import os

from . import bridge
from .links import Links, default_routes, ipv6_switch, observe
from .plan import Plan, make_plan
from .ports import hardware_ports, physical_ports
from .preferences import FILE, Edit, load
from .resolver import write_resolver
from .session import boot_session

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from ..tool import Context
    from .preferences import Preferences

AREA = "network-applied"


def apply(context: Context, relinked: Iterable[str] = ()) -> set[str]:
    """Apply the preferences and return the devices that had a link for it.

    The first call after a start also makes the stored bridges and forgets all else.

    A stored bridge that was destroyed by hand comes back when one of its ports in ``relinked`` gets a link again.
    """
    if not os.path.exists(context.path(FILE)):
        with Edit(context):
            pass
    preferences = load(context)
    session = boot_session(context.profile.name)
    with context.state.edit(AREA) as applied:
        if applied.get("session") != session:
            applied.clear()
            applied["session"] = session
            _start(context, preferences)
        elif relinked:
            bridge.restore(context, preferences, relinked)
        return _bring(context, preferences, applied)


def leases(context: Context) -> dict[str, Any]:
    """Return the lab's stand-in for a DHCP server: what each interface is given."""
    found: dict[str, Any] = context.profile.host.get("dhcp", {})
    return found


def plan_now(context: Context) -> Plan:
    """Return the plan for the interfaces as they are now, changing nothing."""
    preferences = load(context)
    return make_plan(preferences, hardware_ports(context.profile, preferences), observe(context), leases(context))


def _start(context: Context, preferences: Preferences) -> None:
    """Forget what an earlier start left on the interfaces, which outlive the host, and make the stored bridges."""
    for link in observe(context):
        if link.is_bridge:
            bridge.destroy(context, link.name)
    for port in physical_ports(context.profile):
        context.run("ip", "addr", "flush", "dev", port.device, "scope", "global")
        powered = port.name != "Wi-Fi" or wifi_power(context, port.device)
        context.run("ip", "link", "set", port.device, "up" if powered else "down")
    context.run("ip", "link", "set", "lo", "up")
    # A Mac answers for an address only on the interface that has it; Linux would answer on every cable.
    context.run("sysctl", "-qw", "net.ipv4.conf.all.arp_ignore=1", "net.ipv4.conf.all.arp_announce=2")
    # XNU lets everybody have a port below 1024 as long as it is asked for at every address.
    context.run("sysctl", "-qw", "net.ipv4.ip_unprivileged_port_start=0")
    bridge.restore(context, preferences)


def wifi_power(context: Context, device: str) -> bool:
    """Whether the radio of a Wi-Fi port is switched on."""
    return bool(context.state.read("wifi").get(device, True))


def _bring(context: Context, preferences: Preferences, applied: dict[str, Any]) -> set[str]:
    links = observe(context)
    plan = make_plan(preferences, hardware_ports(context.profile, preferences), links, leases(context))
    _bring_mtu(context, plan, links)
    _bring_ipv6(context, plan, links, applied)
    _bring_addresses(context, plan, links, applied)
    _bring_routes(context, plan, applied)
    write_resolver(context, plan.resolver)
    return links.carriers()


def _bring_mtu(context: Context, plan: Plan, links: Links) -> None:
    for device, mtu in plan.mtu.items():
        link = links.get(device)
        if link and link.mtu != mtu:
            context.run("ip", "link", "set", device, "mtu", str(mtu))


def _bring_ipv6(context: Context, plan: Plan, links: Links, applied: dict[str, Any]) -> None:
    given: dict[str, list[str]] = applied.setdefault("inet6", {})
    for device, method in plan.ipv6.items():
        wanted = {
            "disable_ipv6": "1" if method == "Off" else "0",
            "accept_ra": "1" if method == "Automatic" else "0",
        }
        changes = [
            f"net.ipv6.conf.{device}.{name}={value}"
            for name, value in wanted.items()
            if ipv6_switch(device, name) not in ("", value)
        ]
        if changes:
            context.run("sysctl", "-qw", *changes)
        link = links.get(device)
        _bring_device(context, device, plan.ipv6_addresses[device], given.get(device, []), link.inet6 if link else [])
        given[device] = plan.ipv6_addresses[device]


def _bring_addresses(context: Context, plan: Plan, links: Links, applied: dict[str, Any]) -> None:
    given: dict[str, list[str]] = applied.setdefault("inet", {})
    for device, wanted in plan.addresses.items():
        link = links.get(device)
        _bring_device(context, device, wanted, given.get(device, []), link.inet if link else [])
        given[device] = wanted


def _bring_device(context: Context, device: str, wanted: list[str], given: list[str], present: list[str]) -> None:
    # The old address goes first: where both are of one subnet the kernel would take the new one away with it.
    for cidr in given:
        if cidr in present and cidr not in wanted:
            context.run("ip", "addr", "delete", cidr, "dev", device)
    for cidr in wanted:
        if cidr not in present:
            broadcast = () if ":" in cidr else ("broadcast", "+")
            context.run("ip", "addr", "add", cidr, *broadcast, "dev", device)


def _bring_routes(context: Context, plan: Plan, applied: dict[str, Any]) -> None:
    routes = [list(route) for route in plan.routes]
    for destination, gateway, device in applied.get("routes", []):
        if [destination, gateway, device] not in routes:
            context.run("ip", "route", "delete", destination, "via", gateway, "dev", device)
    for destination, gateway, device in plan.routes:
        context.run("ip", "route", "replace", destination, "via", gateway, "dev", device)
    applied["routes"] = routes
    before = applied.get("default")
    wanted = list(plan.default) if plan.default else None
    present = default_routes(context)
    if before and before != wanted and tuple(before) in present:
        context.run("ip", "route", "delete", "default", "via", before[0], "dev", before[1])
    if plan.default and plan.default not in present:
        context.run("ip", "route", "replace", "default", "via", plan.default[0], "dev", plan.default[1])
    applied["default"] = wanted
