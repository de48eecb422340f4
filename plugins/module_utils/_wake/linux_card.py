# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The network card of a Linux host: which one it is, and whether a magic packet wakes it, as its driver says."""

from __future__ import annotations

import contextlib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ansible_collections.hybrid_ai.cluster.plugins.module_utils import _files
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._problem import enumerate_names
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._wake.packet import WakeError

if TYPE_CHECKING:
    from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import Commands

CARDS = "/sys/class/net"
_SUPPORTED = re.compile(r"^\s*Supports Wake-on: ([a-z]+)$", re.MULTILINE)
_SET = re.compile(r"^\s*Wake-on: ([a-z]+)$", re.MULTILINE)
_MAGIC = "g"


@dataclass(frozen=True)
class Waking:
    """What wakes a card, in the letters of ethtool: g is the magic packet, d nothing."""

    supported: str
    modes: str

    @property
    def is_armed(self) -> bool:
        """Tell whether a magic packet wakes it."""
        return _MAGIC in self.modes


def find(address: str) -> str:
    """Return the interface of the card with this address; bridges and VLANs above it may have the same."""
    cards = _cards()
    found = [name for name, own in sorted(cards.items()) if own == address.lower()]
    if not found:
        known = enumerate_names(f"{name} ({own})" for name, own in sorted(cards.items())) or "none"
        raise WakeError(f"mac_address {address} belongs to no network card of this host, which has {known}.")
    return found[0]


def _cards() -> dict[str, str]:
    root = _files.real(CARDS)
    found = {}
    for folder in sorted(root.iterdir()) if root.is_dir() else ():
        with contextlib.suppress(OSError):
            own = (folder / "address").read_text(encoding="ascii").strip().lower()
            kind = (folder / "uevent").read_text(encoding="ascii")
            # What is not a card says what it is: bridge, vlan, bond, wlan. A wireless card is one all the same.
            if folder.name != "lo" and "DEVTYPE=" not in kind.replace("DEVTYPE=wlan", ""):
                found[folder.name] = own
    return found


def read(commands: Commands, interface: str) -> Waking:
    """Ask the driver."""
    result = commands.run(["ethtool", interface])
    supported, modes = _SUPPORTED.search(result.out), _SET.search(result.out)
    if result.rc != 0 or not supported or not modes or _MAGIC not in supported[1]:
        raise WakeError(
            f"The card {interface} of this host cannot be woken by a magic packet: its driver does not offer it."
            " Remove cluster_wake, or cable a card that can, and write its address as mac_address."
        )
    return Waking(supported[1], modes[1])


def write(commands: Commands, interface: str, modes: str) -> None:
    """Tell the driver, and see that it obeys."""
    result = commands.run(["ethtool", "--change", interface, "wol", modes])
    now = read(commands, interface).modes
    if now != modes:
        said = result.text or "nothing"
        raise WakeError(f"The card {interface} keeps Wake-on {now} where {modes} was asked for; ethtool said {said}.")
