# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""How a network service gets its addresses: what `-getinfo` says, and the commands that bring exactly that back."""

from __future__ import annotations

import ipaddress
from typing import Any

from ansible_collections.hybrid_ai.cluster.plugins.module_utils._unknown import Unknown

HEADS = {
    "DHCP Configuration": "dhcp",
    "Manual Configuration": "manual",
    "Manually Using DHCP Router Configuration": "manual_with_dhcp_router",
    "BOOTP Configuration": "bootp",
}
"""The line above the IPv4 settings; without any of them, and without a head, IPv4 is off."""

IPV6_METHODS = {
    "Automatic": "automatic",
    "Manual": "manual",
    "Off": "off",
    "Link Local": "link_local",
    "Link-Local": "link_local",
    "Link-local only": "link_local",
}
_OF_IPV4 = {"IP address", "Subnet mask", "Router", "Client ID"}
_NOTHING = {"", "none", "(null)"}

_VERBS = {"dhcp": "-setdhcp", "bootp": "-setbootp", "off": "-setv4off"}
_IPV6_VERBS = {"automatic": "-setv6automatic", "link_local": "-setv6LinkLocal", "off": "-setv6off"}


def method_of(info: str) -> str | None:
    """Name how IPv4 is configured, whatever address there is; None where nobody knows."""
    head, values = _read(info)
    if not head:
        return "off" if "IPv6" in values and not _OF_IPV4 & set(values) else None
    return HEADS.get(head[0]) if len(head) == 1 else None


def parse_ipv4(info: str) -> dict[str, Any] | Unknown:
    """Read how IPv4 is configured. A head line that nobody knows is unknown, and so are settings without their head."""
    method, values = method_of(info), _read(info)[1]
    client = values.get("Client ID", "")
    if method == "dhcp" and client not in _NOTHING:
        return {"method": method, "client_id": client}
    if method in {"dhcp", "bootp", "off"}:
        return {"method": method}
    address, router = values.get("IP address", ""), values.get("Router", "")
    if method == "manual_with_dhcp_router" and _is_ipv4(address):
        return {"method": method, "address": address}
    netmask = values.get("Subnet mask", "")
    if method == "manual" and _is_ipv4(address) and _is_ipv4(netmask) and (router in _NOTHING or _is_ipv4(router)):
        return {
            "method": "manual",
            "address": address,
            "netmask": netmask,
            "router": None if router in _NOTHING else router,
        }
    return Unknown.of(info)


def parse_ipv6(info: str) -> dict[str, Any] | Unknown:
    """Read how IPv6 is configured; addresses given by hand count with the length of their prefix."""
    _, values = _read(info)
    method = IPV6_METHODS.get(values.get("IPv6", ""))
    if method != "manual":
        return {"method": method} if method else Unknown.of(info)
    address, length = values.get("IPv6 IP address", ""), values.get("IPv6 Prefix Length", "")
    router = values.get("IPv6 Router", "")
    if _is_ipv6(address) and length.isdigit() and int(length) <= 128 and (router in _NOTHING or _is_ipv6(router)):
        return {
            "method": "manual",
            "address": address,
            "prefix_length": int(length),
            "router": None if router in _NOTHING else router,
        }
    return Unknown.of(info)


def write_ipv4(name: str, device: str, wanted: dict[str, Any]) -> list[list[str]]:  # noqa: ARG001 - one signature
    """Return the commands for IPv4."""
    method = wanted["method"]
    if method == "manual":
        router = [wanted["router"]] if wanted.get("router") else []
        return [["-setmanual", name, wanted["address"], wanted["netmask"], *router]]
    if method == "manual_with_dhcp_router":
        return [["-setmanualwithdhcprouter", name, wanted["address"]]]
    client = [wanted["client_id"]] if wanted.get("client_id") else []
    return [[_VERBS[method], name, *client]]


def write_ipv6(name: str, device: str, wanted: dict[str, Any]) -> list[list[str]]:  # noqa: ARG001 - one signature
    """Return the commands for IPv6."""
    if wanted["method"] == "manual":
        router = [wanted["router"]] if wanted.get("router") else []
        return [["-setv6manual", name, wanted["address"], str(wanted["prefix_length"]), *router]]
    return [[_IPV6_VERBS[wanted["method"]], name]]


def complete_ipv4(wanted: dict[str, Any], current: Any) -> dict[str, Any]:
    """Fill in what is left open: a client that gives itself a name to DHCP keeps it."""
    if wanted["method"] == "manual":
        return {name: wanted.get(name) for name in ("method", "address", "netmask", "router")}
    if wanted["method"] == "dhcp" and isinstance(current, dict) and current.get("method") == "dhcp":
        return current
    return {"method": wanted["method"]}


def parse_routes(text: str) -> list[str] | Unknown:
    """Read `-getadditionalroutes` as the words that set the same routes: destination, netmask and gateway of each."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if len(lines) == 1 and lines[0].startswith("There are no additional IPv4 routes on "):
        return []
    rows = [line.replace(",", " ").split() for line in lines]
    if rows and all(len(row) == 3 and all(map(_is_ipv4, row)) for row in rows):
        return [word for row in rows for word in row]
    return Unknown.of(text)


def _read(info: str) -> tuple[list[str], dict[str, str]]:
    """Return the `Key: value` lines, and all others: no more than a head unless it means something nobody knows."""
    head: list[str] = []
    values: dict[str, str] = {}
    for line in info.splitlines():
        key, colon, value = line.strip().partition(":")
        if colon and values.get(key, value.strip()) == value.strip():
            values[key] = value.strip()
        elif key:
            head.append(key)
    return head, values


def _is_ipv4(text: str) -> bool:
    return _is_address(ipaddress.IPv4Address, text)


def _is_ipv6(text: str) -> bool:
    return _is_address(ipaddress.IPv6Address, text)


def _is_address(kind: type, text: str) -> bool:
    try:
        kind(text)
    except ValueError:
        return False
    return True
