# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What tells a card of a Linux host at every boot that magic packets wake it.

NetworkManager does where the card is its own. Elsewhere udev does, by a file of systemd.link. It obeys the first file
that is about a card and no other, so ours repeats what the one before said.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Protocol

from ansible_collections.hybrid_ai.cluster.plugins.module_utils import _files
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._wake.linux_card import CARDS
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._wake.packet import WakeError

if TYPE_CHECKING:
    from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import Commands

LINK_FILE = "/etc/systemd/network/00-hybrid-ai-wake.link"
SETTING = "802-3-ethernet.wake-on-lan"
MAGIC = "magic"
_NOTICE = "# Written by hybrid_ai.cluster; changes are overwritten."
_APPLIED = re.compile(r"^ID_NET_LINK_FILE=(.+)$", re.MULTILINE)
_LINK = re.compile(r"^\[Link\]\n(.*?)(?=^\[|\Z)", re.MULTILINE | re.DOTALL)
# What systemd's own 99-default.link says.
_DEFAULT = ["NamePolicy=keep kernel database onboard slot path", "MACAddressPolicy=persistent"]


class Keeper(Protocol):
    """Who tells the card at every boot."""

    name: str

    def read(self) -> str | None:
        """Return what it says now; nothing where it says nothing about waking."""

    def wanted(self) -> str:
        """Return what it has to say."""

    def write(self, value: str | None) -> None:
        """Have it say something; what it says is read back."""


def find(commands: Commands, interface: str, address: str) -> Keeper:
    """Find out who has the last word about a card."""
    if commands.run(["systemctl", "is-active", "--quiet", "NetworkManager.service"]).rc == 0:
        asked = ["nmcli", "--get-values", "GENERAL.STATE,GENERAL.CON-UUID", "device", "show", interface]
        state, _, profile = commands.check_output(asked).strip().partition("\n")
        if not state.startswith("10 ") and profile:  # 10: it leaves the card alone
            return NetworkManager(commands, profile)
    return LinkFile(commands, interface, address)


class NetworkManager:
    """The profile that the card is connected by."""

    def __init__(self, commands: Commands, profile: str) -> None:
        self._commands, self._profile = commands, profile
        self.name = f"NetworkManager's profile {profile}"

    def read(self) -> str | None:
        """Return its word for what wakes the card."""
        argv = ["nmcli", "--get-values", SETTING, "connection", "show", "uuid", self._profile]
        return self._commands.check_output(argv).strip()

    def wanted(self) -> str:
        """Return its word for the magic packet, or the words it has, when that is among them."""
        now = self.read() or ""
        return now if MAGIC in re.split(r"[,\s]+", now) else MAGIC

    def write(self, value: str | None) -> None:
        """Change the profile."""
        wanted = value or "default"
        self._commands.check_output(["nmcli", "connection", "modify", "uuid", self._profile, SETTING, wanted])
        now = self.read()
        if now != wanted:
            raise WakeError(f"{self.name} says {now} about waking where {wanted} was written; see its journal.")


class LinkFile:
    """A file for udev."""

    name = LINK_FILE

    def __init__(self, commands: Commands, interface: str, address: str) -> None:
        self._commands, self._interface, self._address = commands, interface, address.lower()

    def read(self) -> str | None:
        """Return our file."""
        content = _files.read(LINK_FILE)
        return None if content is None else content.decode("utf-8", "replace")

    def wanted(self) -> str:
        """Return our file as it should be."""
        match = [_NOTICE, "[Match]", f"PermanentMACAddress={self._address}", "", "[Link]"]
        return "\n".join([*match, *self._before(), "WakeOnLan=magic"]) + "\n"

    def _before(self) -> list[str]:
        """Return what udev was told about the card without us."""
        ours = self.read()
        if ours is not None:
            return _settings(ours)
        said = self._commands.check_output(["udevadm", "info", "--query=property", f"--path={CARDS}/{self._interface}"])
        applied = _APPLIED.search(said)
        content = _files.read(applied[1]) if applied else None
        return _settings(content.decode("utf-8", "replace")) if content is not None else list(_DEFAULT)

    def write(self, value: str | None) -> None:
        """Write or remove the file; udev reads it when it next meets the card."""
        if value is None:
            _files.remove(LINK_FILE)
        else:
            _files.make_directory("/etc/systemd/network")
            _files.write(LINK_FILE, value.encode())
        self._commands.check_output(["udevadm", "control", "--reload"])


def _settings(text: str) -> list[str]:
    """Return the lines of the sections [Link], without what is said about waking."""
    lines = [line.strip() for section in _LINK.findall(text) for line in section.splitlines()]
    return [line for line in lines if line and line[0] not in "#;" and not line.startswith("WakeOnLan=")]
