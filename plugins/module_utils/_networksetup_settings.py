# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The settings of a network service: how each is read, compared and written."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Callable

if TYPE_CHECKING:
    from ansible_collections.hybrid_ai.cluster.plugins.module_utils._networksetup import NetworkSetup

METHODS = {"DHCP": "dhcp", "Manual": "manual", "BOOTP": "bootp"}


def fields(text: str) -> dict[str, str]:
    """Read `Key: value` lines."""
    return {key: value.strip() for key, value in re.findall(r"^([^:\n]+):(.*)$", text, re.MULTILINE)}


def listed(text: str) -> list[str]:
    """Read one entry per line; the sentence that there is none is no entry."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return [] if not lines or lines[0].startswith("There aren't any") else lines


def parse_ipv4(info: str) -> dict[str, Any]:
    """Read how IPv4 is configured from `-getinfo`; without a `… Configuration` line it is off."""
    found = re.search(r"^(\w+) Configuration$", info, re.MULTILINE)
    method = METHODS.get(found.group(1), "off") if found else "off"
    if method != "manual":
        return {"method": method}
    values = fields(info)
    router = values.get("Router", "")
    return {
        "method": "manual",
        "address": values.get("IP address"),
        "netmask": values.get("Subnet mask"),
        "router": None if router in {"", "none", "(null)"} else router,
    }


def parse_address(info: str) -> str | None:
    """Read the IPv4 address in use from `-getinfo`, wherever it comes from."""
    return fields(info).get("IP address")


def parse_ipv6(info: str) -> str:
    """Read how IPv6 is configured from `-getinfo`."""
    return fields(info).get("IPv6", "Off").lower()


def parse_proxy(text: str) -> dict[str, Any]:
    """Read one of the proxies."""
    values = fields(text)
    port = values.get("Port", "0")
    return {
        "enabled": values.get("Enabled") == "Yes",
        "server": values.get("Server", ""),
        "port": int(port) if port.isdigit() else 0,
    }


def parse_auto_proxy(text: str) -> str:
    """Read the address of the proxy script; one that is stored but switched off counts as none."""
    values = fields(text)
    return values.get("URL", "") if values.get("Enabled") == "Yes" else ""


def parse_mtu(text: str) -> int | None:
    """Read the setting, which is not what is active while a link is down."""
    found = re.search(r"Current Setting: (\d+)", text)
    return int(found.group(1)) if found else None


def write_ipv4(name: str, device: str, wanted: dict[str, Any]) -> list[list[str]]:  # noqa: ARG001 - one signature
    """Return the commands for IPv4."""
    if wanted["method"] != "manual":
        return [[{"dhcp": "-setdhcp", "bootp": "-setbootp", "off": "-setv4off"}[wanted["method"]], name]]
    router = [wanted["router"]] if wanted.get("router") else []
    return [["-setmanual", name, wanted["address"], wanted["netmask"], *router]]


def write_ipv6(name: str, device: str, wanted: str) -> list[list[str]]:  # noqa: ARG001 - one signature
    """Return the commands for IPv6."""
    return [["-setv6off" if wanted == "off" else "-setv6automatic", name]]


def write_list(verb: str) -> Callable[[str, str, list[str]], list[list[str]]]:
    """Return a writer for a list that the word Empty clears."""
    return lambda name, device, wanted: [[verb, name, *(wanted or ["Empty"])]]  # noqa: ARG005 - one signature


def write_proxy(kind: str) -> Callable[[str, str, dict[str, Any]], list[list[str]]]:
    """Return a writer for a proxy: setting an address always turns it on, so turning it off comes last."""

    def write(name: str, device: str, wanted: dict[str, Any]) -> list[list[str]]:  # noqa: ARG001 - one signature
        address = [f"-set{kind}", name, wanted["server"], str(wanted["port"])]
        return [address] if wanted["enabled"] else [address, [f"-set{kind}state", name, "off"]]

    return write


def write_auto_proxy(name: str, device: str, wanted: str) -> list[list[str]]:  # noqa: ARG001 - one signature
    """Return the commands for the proxy script."""
    return [["-setautoproxyurl", name, wanted]] if wanted else [["-setautoproxystate", name, "off"]]


def write_mtu(name: str, device: str, wanted: int) -> list[list[str]]:  # noqa: ARG001 - one signature
    """Return the commands for the MTU, which belongs to the device."""
    return [["-setMTU", device, str(wanted)]]


def write_enabled(name: str, device: str, wanted: bool) -> list[list[str]]:  # noqa: ARG001 - one signature
    """Return the commands that switch a service on or off."""
    return [["-setnetworkserviceenabled", name, "on" if wanted else "off"]]


@dataclass(frozen=True)
class Setting:
    """One setting: the verb and parser that read it, what a new service has, and the commands that write it."""

    verb: str
    parse: Callable[[str], Any]
    default: Any
    write: Callable[[str, str, Any], list[list[str]]]
    of_device: bool = False


SETTINGS: dict[str, Setting] = {
    "ipv4": Setting("-getinfo", parse_ipv4, {"method": "dhcp"}, write_ipv4),
    "ipv6": Setting("-getinfo", parse_ipv6, "automatic", write_ipv6),
    "dns_servers": Setting("-getdnsservers", listed, [], write_list("-setdnsservers")),
    "search_domains": Setting("-getsearchdomains", listed, [], write_list("-setsearchdomains")),
    "web_proxy": Setting("-getwebproxy", parse_proxy, parse_proxy(""), write_proxy("webproxy")),
    "secure_web_proxy": Setting("-getsecurewebproxy", parse_proxy, parse_proxy(""), write_proxy("securewebproxy")),
    "proxy_bypass_domains": Setting("-getproxybypassdomains", listed, None, write_list("-setproxybypassdomains")),
    "auto_proxy_url": Setting("-getautoproxyurl", parse_auto_proxy, "", write_auto_proxy),
    "mtu": Setting("-getMTU", parse_mtu, None, write_mtu, of_device=True),
}
"""In the order in which they are written; `enabled` follows them, so that a service starts with its settings."""


def read_settings(tool: NetworkSetup, name: str, device: str, keys: list[str]) -> tuple[dict[str, Any], str | None]:
    """Read some settings of a service, and the address it has where that was asked for on the way."""
    printed: dict[str, str] = {}
    values = {}
    for key in keys:
        setting = SETTINGS[key]
        if setting.verb not in printed:
            printed[setting.verb] = tool.run(setting.verb, device if setting.of_device else name)
        values[key] = setting.parse(printed[setting.verb])
    return values, parse_address(printed["-getinfo"]) if "-getinfo" in printed else None


def complete(key: str, wanted: Any, current: Any) -> Any:
    """Fill in what the wish leaves open, so that it compares with what is there."""
    if key == "ipv4":
        return (
            {name: wanted.get(name) for name in ("method", "address", "netmask", "router")}
            if (wanted["method"] == "manual")
            else {"method": wanted["method"]}
        )
    if key in {"web_proxy", "secure_web_proxy"}:
        there = current or parse_proxy("")
        return {
            "enabled": wanted["enabled"],
            "server": wanted["server"] if wanted.get("server") is not None else there["server"],
            "port": wanted["port"] if wanted.get("port") is not None else there["port"],
        }
    return wanted
