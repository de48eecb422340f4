# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Whether a host has told its network card to wake it, by what its own settings say."""

from __future__ import annotations

import configparser
import json
from pathlib import Path
from typing import TYPE_CHECKING

from lab import cgroups, names

if TYPE_CHECKING:
    from lab.topology import Host

# Apple's own value of a desktop Mac.
_WOMP = 1
_LINK_FILES = "etc/systemd/network"
_PROFILES = "etc/NetworkManager/system-connections"
# NetworkManager's number for "magic", of its flags.
_MAGIC_FLAG = 0x40


def is_armed(lab: str, host: Host) -> bool:
    """Tell whether a magic packet wakes a running host."""
    leader = cgroups.leader(lab, host.name)
    if leader is None:
        return False
    root = Path(f"/proc/{leader}/root")
    return mac_is_armed(root) if host.kind == "macos" else linux_is_armed(root, host.interfaces[0].address)


def mac_is_armed(root: Path) -> bool:
    """Read what `pmset` has stored."""
    try:
        stored = json.loads((root / names.SIMULATOR_DATABASE / "state/power.json").read_text(encoding="utf-8"))
        return bool(stored.get("ac", {}).get("womp", _WOMP))
    except (OSError, ValueError, AttributeError):
        return bool(_WOMP)


def linux_is_armed(root: Path, address: str) -> bool:
    """Read what systemd's udev, or NetworkManager, would have told the card."""
    for path in sorted((root / _LINK_FILES).glob("*.link")):
        link = _read(path)
        matched = (link.get("Match", key, fallback="") for key in ("MACAddress", "PermanentMACAddress"))
        addresses = " ".join(matched).lower().split()
        if address.lower() in addresses:  # the first file that is about a card decides
            return "magic" in link.get("Link", "WakeOnLan", fallback="").split()
    for path in sorted((root / _PROFILES).glob("*.nmconnection")):
        ethernet = _read(path)
        if ethernet.get("ethernet", "mac-address", fallback="").lower() in {"", address.lower()}:
            flags = ethernet.get("ethernet", "wake-on-lan", fallback="")
            if flags.isdigit() and int(flags) & _MAGIC_FLAG:
                return True
    return False


def _read(path: Path) -> configparser.ConfigParser:
    parser = configparser.ConfigParser(interpolation=None, strict=False)
    try:
        parser.read_string(path.read_text(encoding="utf-8"))
    except (OSError, configparser.Error):
        return configparser.ConfigParser()
    return parser
