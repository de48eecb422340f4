# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The options of a call, checked: whatever networksetup would store without a word is refused here."""

from __future__ import annotations

import ipaddress
from typing import Any

from ansible_collections.hybrid_ai.cluster.plugins.module_utils._macos_network.state import Wanted
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._macos_network.tool import NetworkError

SMALLEST_MTU = 1280


def wanted_from(options: dict[str, Any]) -> Wanted:
    """Check the options and put them together."""
    for service in options["services"]:
        _check_service(service)
    named = [service.get("device") or service["port"] for service in options["services"]]
    for name in named:
        if named.count(name) > 1:
            raise NetworkError(f"{name} is listed twice under services: put its settings into one entry.")
    bridge = options.get("bridge") or {}
    return Wanted(
        services=options["services"],
        order=options["order"],
        cabled_ports=options["cabled_ports"],
        bridge_device=bridge.get("device"),
        bridge_state=bridge.get("state", "present"),
    )


def _check_service(service: dict[str, Any]) -> None:
    where = service.get("device") or service["port"]
    ipv4 = service.get("ipv4") or {}
    if ipv4.get("method") == "manual":
        _check_ipv4(where, ipv4)
    for server in service.get("dns_servers") or []:
        if not _is_address(server):
            raise NetworkError(
                f"{server} is not a valid address of a name server for {where}: write an IPv4 or IPv6 address."
            )
    for key in ("web_proxy", "secure_web_proxy"):
        proxy = service.get(key) or {}
        if proxy.get("enabled") and not (proxy.get("server") and proxy.get("port")):
            raise NetworkError(f"The {key} of {where} is to be enabled: give its server and its port.")
    mtu = service.get("mtu")
    if mtu is not None and mtu < SMALLEST_MTU:
        raise NetworkError(f"An MTU of {mtu} on {where} is refused: macOS allows no less than {SMALLEST_MTU}.")


def _check_ipv4(where: str, ipv4: dict[str, Any]) -> None:
    address, netmask, router = ipv4["address"], ipv4["netmask"], ipv4.get("router")
    try:
        interface = ipaddress.IPv4Interface(f"{address}/{netmask}")
    except ValueError as error:
        raise NetworkError(
            f"{address} with the netmask {netmask} is not a valid IPv4 address for {where}: {error}."
        ) from error
    if router and (not _is_address(router) or ipaddress.ip_address(router) not in interface.network):
        raise NetworkError(f"The router {router} of {where} is not in the network {interface.network} of its address.")


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True
