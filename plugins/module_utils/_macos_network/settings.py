# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The settings of a network service: how each is read, compared and written."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Callable

from ansible_collections.hybrid_ai.cluster.plugins.module_utils._macos_network.addressing import (
    complete_ipv4,
    parse_ipv4,
    parse_ipv6,
    write_ipv4,
    write_ipv6,
)
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._unknown import Unknown

if TYPE_CHECKING:
    from ansible_collections.hybrid_ai.cluster.plugins.module_utils._macos_network.tool import NetworkSetup

NO_PROXY: dict[str, Any] = {"enabled": False, "server": "", "port": 0}
_YES = {"Yes": True, "No": False}
_NONE_SET = re.compile(r"There aren['\u2019]t any .+ set on .+")


def fields(text: str) -> dict[str, str]:
    """Read `Key: value` lines."""
    return {key: value.strip() for key, value in re.findall(r"^([^:\n]+):(.*)$", text, re.MULTILINE)}


def listed(text: str, is_entry: Callable[[str], bool]) -> list[str] | Unknown:
    """Read one entry per line, or the sentence that there is none."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if len(lines) == 1 and _NONE_SET.fullmatch(lines[0]):
        return []
    return lines if lines and all(is_entry(line) for line in lines) else Unknown.of(text)


def _is_server(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def parse_servers(text: str) -> list[str] | Unknown:
    """Read name servers, which are addresses and nothing else."""
    return listed(text, _is_server)


def parse_domains(text: str) -> list[str] | Unknown:
    """Read domains, which are single words."""
    return listed(text, lambda line: len(line.split()) == 1)


def parse_proxy(text: str) -> dict[str, Any] | Unknown:
    """Read one of the proxies."""
    values = fields(text)
    enabled, port = _YES.get(values.get("Enabled", "")), values.get("Port", "")
    authenticated = {"0": False, "1": True}.get(values.get("Authenticated Proxy Enabled", "0"))
    if enabled is None or authenticated is None or "Server" not in values or not port.isdigit():
        return Unknown.of(text)
    found = {"enabled": enabled, "server": values["Server"], "port": int(port)}
    return {**found, "authenticated": True} if authenticated else found


def parse_auto_proxy(text: str) -> dict[str, Any] | Unknown:
    """Read the address of the proxy script, and whether it is used."""
    values = fields(text)
    enabled, url = _YES.get(values.get("Enabled", "")), values.get("URL")
    if enabled is None or url is None:
        return Unknown.of(text)
    return {"enabled": enabled, "url": "" if url == "(null)" else url}


def parse_mtu(text: str) -> int | Unknown:
    """Read the setting, which is not what is active while a link is down."""
    found = re.search(r"Current Setting: (\d+)\)", text)
    return int(found.group(1)) if found else Unknown.of(text)


def write_list(verb: str) -> Callable[[str, str, list[str]], list[list[str]]]:
    """Return a writer for a list that the word Empty clears."""
    return lambda name, device, wanted: [[verb, name, *(wanted or ["Empty"])]]  # noqa: ARG005 - one signature


def write_proxy(kind: str) -> Callable[[str, str, dict[str, Any]], list[list[str]]]:
    """Return a writer for a proxy: setting an address always turns it on, so turning it off comes last."""

    def write(name: str, device: str, wanted: dict[str, Any]) -> list[list[str]]:  # noqa: ARG001 - one signature
        address = [f"-set{kind}", name, wanted["server"], str(wanted["port"])]
        return [address] if wanted["enabled"] else [address, [f"-set{kind}state", name, "off"]]

    return write


def write_auto_proxy(name: str, device: str, wanted: dict[str, Any]) -> list[list[str]]:  # noqa: ARG001 - one signature
    """Return the commands for the proxy script, which an address always turns on."""
    address = [["-setautoproxyurl", name, wanted["url"]]] if wanted["url"] else []
    return address if wanted["enabled"] else [*address, ["-setautoproxystate", name, "off"]]


def write_mtu(name: str, device: str, wanted: int) -> list[list[str]]:  # noqa: ARG001 - one signature
    """Return the commands for the MTU, which belongs to the device."""
    return [["-setMTU", device, str(wanted)]]


def write_enabled(name: str, device: str, wanted: bool) -> list[list[str]]:  # noqa: ARG001 - one signature
    """Return the commands that switch a service on or off."""
    return [["-setnetworkserviceenabled", name, "on" if wanted else "off"]]


def complete_ipv6(wanted: str, current: Any) -> dict[str, Any]:  # noqa: ARG001 - one signature
    """Say what is wanted as it is read."""
    return {"method": wanted}


def complete_proxy(wanted: dict[str, Any], current: Any) -> dict[str, Any]:
    """Fill in the address that is left open."""
    there = current if isinstance(current, dict) else NO_PROXY
    given = {key: wanted[key] for key in ("server", "port") if wanted.get(key) is not None}
    return {**there, **given, "enabled": wanted["enabled"]}


def complete_auto_proxy(wanted: str, current: Any) -> dict[str, Any]:
    """Say what is wanted as it is read: without an address the stored one stays, switched off."""
    there = current["url"] if isinstance(current, dict) else ""
    return {"enabled": bool(wanted), "url": wanted or there}


@dataclass(frozen=True)
class Setting:
    """One setting: the verb and parser that read it, what a new service has, and the commands that write it."""

    verb: str
    parse: Callable[[str], Any]
    default: Any
    write: Callable[[str, str, Any], list[list[str]]]
    complete: Callable[[Any, Any], Any] = lambda wanted, current: wanted  # noqa: ARG005 - one signature
    """Fills in what is left open, so that it compares with what is there."""
    of_device: bool = False


SETTINGS: dict[str, Setting] = {
    "ipv4": Setting("-getinfo", parse_ipv4, {"method": "dhcp"}, write_ipv4, complete_ipv4),
    "ipv6": Setting("-getinfo", parse_ipv6, {"method": "automatic"}, write_ipv6, complete_ipv6),
    "dns_servers": Setting("-getdnsservers", parse_servers, [], write_list("-setdnsservers")),
    "search_domains": Setting("-getsearchdomains", parse_domains, [], write_list("-setsearchdomains")),
    "web_proxy": Setting("-getwebproxy", parse_proxy, NO_PROXY, write_proxy("webproxy"), complete_proxy),
    "secure_web_proxy": Setting(
        "-getsecurewebproxy", parse_proxy, NO_PROXY, write_proxy("securewebproxy"), complete_proxy
    ),
    "proxy_bypass_domains": Setting(
        "-getproxybypassdomains", parse_domains, None, write_list("-setproxybypassdomains")
    ),
    "auto_proxy_url": Setting(
        "-getautoproxyurl", parse_auto_proxy, {"enabled": False, "url": ""}, write_auto_proxy, complete_auto_proxy
    ),
    "mtu": Setting("-getMTU", parse_mtu, None, write_mtu, of_device=True),
}
"""In the order in which they are written; `enabled` follows them, so that a service starts with its settings."""


def read_settings(tool: NetworkSetup, name: str, device: str, keys: list[str]) -> dict[str, Any]:
    """Read some settings of a service; one call says several."""
    printed: dict[str, str] = {}
    values = {}
    for key in keys:
        setting = SETTINGS[key]
        if setting.verb not in printed:
            printed[setting.verb] = tool.run(setting.verb, device if setting.of_device else name)
        values[key] = setting.parse(printed[setting.verb])
    return values


def irreversible(key: str, before: Any) -> str | None:
    """Say why a setting could not be written back exactly as it is; None where it could."""
    if isinstance(before, Unknown):
        return f"`networksetup {SETTINGS[key].verb}` says {before.says}"
    if isinstance(before, dict) and before.get("authenticated"):
        return "the proxy that is set has a user and a password, which networksetup does not tell"
    return None
