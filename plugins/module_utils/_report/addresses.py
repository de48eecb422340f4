# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The IPv4 address of a network device, and where it comes from."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import TYPE_CHECKING

from ansible_collections.hybrid_ai.cluster.plugins.module_utils._macos_network.addressing import method_of
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._macos_network.tool import NetworkSetup, find_service
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._report._base import (
    Arguments,
    Context,
    Kind,
    Measurement,
    settled,
)
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._unknown import quoted

if TYPE_CHECKING:
    from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import Commands

_INET = re.compile(r"^\s+inet (\S+) netmask 0x([0-9a-f]{8})", re.MULTILINE)


def measure(arguments: Arguments, context: Context) -> Measurement:
    """Compare a device's address (with `prefix`, its network too) and on a Mac the method (manual or dhcp)."""
    device, address = arguments.text("device"), arguments.optional_text("address")
    prefix, method = arguments.optional_text("prefix"), arguments.optional_text("method")
    wanted = f"{address}/{prefix}" if address and prefix else address
    if not context.is_macos:
        return _compared(_linux_addresses(context, device), wanted, prefix)
    line = settled(lambda commands: _compared(_macos_addresses(commands, device), wanted, prefix), context)
    if not method:
        return line
    current = _method(context, device)
    return replace(
        line,
        ok=line.ok and current == method,
        measured=f"{line.measured} ({current})",
        expected=f"{line.expected} ({method})",
    )


def _compared(found: list[str], wanted: str | None, prefix: str | None) -> Measurement:
    plain = found if prefix else [entry.partition("/")[0] for entry in found]
    ok = wanted in plain if wanted else any(not entry.startswith("169.254.") for entry in plain)
    measured, expected = ", ".join(found) or "no address", wanted or "an address"
    return Measurement(ok, measured, expected, "Repeat site.yml; a port without a link has no address.")


def _macos_addresses(commands: Commands, device: str) -> list[str]:
    text = commands.check_output(["/sbin/ifconfig", device])
    return [f"{address}/{bin(int(mask, 16)).count('1')}" for address, mask in _INET.findall(text)]


def _linux_addresses(context: Context, device: str) -> list[str]:
    text = context.commands.check_output(["ip", "-json", "-4", "address", "show", "dev", device])
    return [
        f"{entry['local']}/{entry['prefixlen']}" for link in json.loads(text) for entry in link.get("addr_info", [])
    ]


def _method(context: Context, device: str) -> str:
    """Return how the service of a device gets its address; services are found by device, names are translated."""
    tool = NetworkSetup(context.commands)
    service = find_service(tool.services(), device, None)
    if service is None:
        return "no network service"
    info = tool.run("-getinfo", service.name)
    return method_of(info) or f"networksetup says {quoted(info)}"


KIND = Kind("address of {device}", measure)
