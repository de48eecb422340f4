# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The LAN port of a Linux host, as the kernel describes it in /sys, and `iw` the speed of Wi-Fi."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from ansible_collections.hybrid_ai.cluster.plugins.module_utils import _files
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import CommandError
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._lan_port.port import (
    BOND,
    BRIDGE,
    ETHERNET,
    FULL,
    HALF,
    OTHER,
    VLAN,
    WIFI,
    LanPort,
)

if TYPE_CHECKING:
    from pathlib import Path

    from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import Commands

DEVICES = "/sys/class/net"
READ_ADDRESSES = ["ip", "-json", "address", "show"]
READ_DEFAULT = ["ip", "-json", "route", "show", "default"]
_BITRATE = re.compile(r"^\s*tx bitrate: (\d+(?:\.\d+)?) MBit/s", re.MULTILINE)
_SUPPORTED = re.compile(r"^\tSupported link modes:(?P<modes>.*\n(?:\t +\S.*\n?)*)", re.MULTILINE)
_MODE = re.compile(r"\b(?P<megabits>\d+)base")
_ETHERNET_TYPE = "1"
"""ARPHRD_ETHER: what a tunnel is not."""


def read(commands: Commands, address: str) -> LanPort | None:
    """Return the port that has the address, or that of the default route; None where there is neither."""
    links = _list(commands, READ_ADDRESSES)
    device = next((_name(link, "ifname") for link in links if address in _addresses(link)), None)
    if device is None:
        device = next((_name(route, "dev") for route in _list(commands, READ_DEFAULT)), None)
    return _describe(commands, device) if device else None


def _list(commands: Commands, argv: list[str]) -> list[dict[str, Any]]:
    try:
        found = json.loads(commands.check_output(argv) or "[]")
    except ValueError:
        raise CommandError(f"`{' '.join(argv)}` printed no JSON.") from None
    return [entry for entry in found if isinstance(entry, dict)] if isinstance(found, list) else []


def _name(entry: dict[str, Any], key: str) -> str | None:
    return str(entry[key]) if entry.get(key) else None


def _addresses(link: dict[str, Any]) -> list[str]:
    return [str(entry.get("local")) for entry in link.get("addr_info", []) if isinstance(entry, dict)]


def _describe(commands: Commands, device: str, depth: int = 3) -> LanPort:
    folder = _files.real(f"{DEVICES}/{device}")
    link = {"1": True, "0": False}.get(_read(folder, "carrier") or "")
    speed, duplex = _read(folder, "speed") or "", _read(folder, "duplex")
    # What is down or has no speed of its own says -1, a number that is all ones, or nothing at all.
    megabits = float(speed) if speed.isdigit() and 0 < int(speed) < 2**31 else None
    known = duplex if duplex in (FULL, HALF) else None
    parts = _parts(folder) if depth else []
    if parts:
        made_of = tuple(_describe(commands, part, depth - 1) for part in parts)
        return LanPort(device, _stacked(folder), megabits, known, link, made_of)
    if (folder / "wireless").exists() or (folder / "phy80211").exists():
        return LanPort(device, WIFI, _wifi_megabits(commands, device), None, link)
    medium = ETHERNET if _read(folder, "type") == _ETHERNET_TYPE else OTHER
    if link is False:
        return LanPort(device, medium, link=link)
    capable = _capable(commands, device) if medium == ETHERNET else None
    return LanPort(device, medium, megabits, known, link, capable=capable)


def _capable(commands: Commands, device: str) -> float | None:
    """Ask the driver what the card could do, in megabits; a host without `ethtool` does not tell."""
    try:
        said = commands.run(["ethtool", device])
    except CommandError:
        return None
    supported = _SUPPORTED.search(said.out)
    return max((float(mode) for mode in _MODE.findall(supported["modes"])), default=None) if supported else None


def _read(folder: Path, name: str) -> str | None:
    try:
        return (folder / name).read_text(encoding="ascii").strip()
    except (OSError, UnicodeError):
        return None


def _parts(folder: Path) -> list[str]:
    """Return what a device lies upon; of a bridge the cards alone, where it joins virtual machines to them."""
    names = sorted(entry.name[len("lower_") :] for entry in folder.glob("lower_*"))
    cards = [name for name in names if _is_card(folder.parent / name)]
    return cards or names


def _is_card(folder: Path) -> bool:
    """Tell whether a device is hardware, or lies upon some."""
    return (folder / "device").exists() or any(folder.glob("lower_*"))


def _stacked(folder: Path) -> str:
    if (folder / "bonding").exists():
        return BOND
    return BRIDGE if (folder / "bridge").exists() else VLAN


def _wifi_megabits(commands: Commands, device: str) -> float | None:
    """Ask for the rate; a host without `iw` has Wi-Fi without a figure."""
    try:
        result = commands.run(["iw", "dev", device, "link"])
    except CommandError:
        return None
    found = _BITRATE.search(result.out) if result.rc == 0 else None
    return float(found[1]) if found else None
