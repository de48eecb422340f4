# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Which name servers a Linux host asks: found out who rules, written there, tried, and taken back where it fails.

systemd-resolved rules where /etc/resolv.conf leads to it. Where that is a file of its own it is written, and a DHCP
client that would write it again is kept from it. Where NetworkManager, resolvconf or another program writes it, that
program has the last word, so nothing is changed.
"""

from __future__ import annotations

import socket
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from ansible_collections.hybrid_ai.cluster.plugins.module_utils import _files, _names
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import ClusterError

if TYPE_CHECKING:
    from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import Commands

RESOLV_CONF = "/etc/resolv.conf"
DROP_IN = "/etc/systemd/resolved.conf.d/hybrid-ai.conf"
DHCLIENT_HOOKS = "/etc/dhcp/dhclient-enter-hooks.d"
DHCLIENT_HOOK = f"{DHCLIENT_HOOKS}/hybrid-ai"
STATE = _names.LINUX_STATE_DIRECTORY
BEFORE = f"{STATE}/resolv.conf.before"
SYSTEMCTL = "/usr/bin/systemctl"
NOTICE = "# Written by hybrid_ai.cluster; changes are overwritten.\n"
# What the C library uses; more are ignored.
MOST_SERVERS = 3
OPTIONS = "options timeout:1 attempts:2\n"
_HOOK = f"{NOTICE}make_resolv_conf() {{ :; }}\n"
_RULERS = {
    "NetworkManager": "NetworkManager",
    "resolvconf": "resolvconf",
    "netconfig": "netconfig",
    "dhcpcd": "dhcpcd",
}


class ResolverError(ClusterError):
    """The name servers of a host could not be set."""


@dataclass(frozen=True)
class Wanted:
    """Servers in the order they are asked, and the domains that are tried for a short name."""

    servers: tuple[str, ...]
    search: tuple[str, ...]


@dataclass(frozen=True)
class Change:
    """A file, what it holds and what it is to hold; nothing means that there is no file."""

    path: str
    before: str | None
    after: str | None

    @property
    def needed(self) -> bool:
        """Tell whether there is anything to do."""
        return self.before != self.after


class Ruler(Protocol):
    """Who decides which servers are asked."""

    name: str

    def plan(self, wanted: Wanted | None) -> list[Change]:
        """Return the files to change; nothing wanted means as it was before."""

    def reload(self) -> None:
        """Make the changed files count."""


def _text(path: str) -> str | None:
    content = _files.read(path)
    return None if content is None else content.decode("utf-8", "replace")


class Resolved:
    """systemd-resolved: a file beside its own."""

    name = "systemd-resolved"

    def __init__(self, commands: Commands) -> None:
        self._commands = commands

    def plan(self, wanted: Wanted | None) -> list[Change]:
        """Return the one file; the domain `~.` sends all questions to these servers, whatever DHCP brings."""
        text = None
        if wanted:
            domains = " ".join([*wanted.search, "~."])
            text = f"{NOTICE}[Resolve]\nDNS={' '.join(wanted.servers)}\nDomains={domains}\n"
        return [Change(DROP_IN, _text(DROP_IN), text)]

    def reload(self) -> None:
        """Restart it: older versions do not reload."""
        self._commands.check_output([SYSTEMCTL, "restart", "systemd-resolved.service"])


class PlainFile:
    """A resolv.conf that nobody else writes, or only a DHCP client that can be kept from it."""

    name = RESOLV_CONF

    def plan(self, wanted: Wanted | None) -> list[Change]:
        """Return the file, the one that remembers it, and the DHCP client's hook."""
        now, kept = _text(RESOLV_CONF), _text(BEFORE)
        hook = _text(DHCLIENT_HOOK)
        if wanted is None:
            if kept is None:
                return []
            return [
                Change(DHCLIENT_HOOK, hook, None),
                Change(RESOLV_CONF, now, kept or None),
                Change(BEFORE, kept, None),
            ]
        text = f"{NOTICE}search {' '.join(wanted.search)}\n" if wanted.search else NOTICE
        text += "".join(f"nameserver {server}\n" for server in wanted.servers) + OPTIONS
        remember = [] if kept is not None else [Change(BEFORE, kept, now or "")]
        hooks = [Change(DHCLIENT_HOOK, hook, _HOOK)] if _files.exists(DHCLIENT_HOOKS) else []
        return [*remember, *hooks, Change(RESOLV_CONF, now, text)]

    def reload(self) -> None:
        """Do nothing: the C library sees that the file is another one."""


def is_ours() -> bool:
    """Tell whether anything is left of a change of ours, whoever rules by now."""
    return any(_files.exists(path) for path in (DROP_IN, BEFORE))


def find_ruler(commands: Commands) -> Ruler:
    """Find out who decides, and refuse where a change would not last."""
    target = str(_files.real(RESOLV_CONF).readlink()) if _files.real(RESOLV_CONF).is_symlink() else ""
    if "systemd/resolve" in target:
        return Resolved(commands)
    head = (_text(RESOLV_CONF) or "").partition("nameserver")[0]
    for sign, program in _RULERS.items():
        if sign in target or (sign in head and NOTICE not in head):
            raise ResolverError(
                f"{RESOLV_CONF} is written by {program}, which would undo any change; set the name servers there, or"
                f" install systemd-resolved and let {RESOLV_CONF} lead to it."
            )
    if target:
        raise ResolverError(f"{RESOLV_CONF} leads to {target}, and nobody knows who writes that; make it a plain file.")
    return PlainFile()


def write(changes: list[Change]) -> None:
    """Write the files, and read them back."""
    for change in changes:
        if change.after is None:
            _files.remove(change.path)
        else:
            _files.make_directory(str(Path(change.path).parent))
            _files.write(change.path, change.after.encode())
        if _text(change.path) != change.after:
            raise ResolverError(f"{change.path} does not hold what was written to it; check the disk.")


def undone(changes: list[Change]) -> list[Change]:
    """Return the changes that take others back."""
    return [Change(change.path, change.after, change.before) for change in reversed(changes)]


def resolves(name: str) -> bool:
    """Tell whether the resolver of this host knows a name."""
    try:
        return bool(socket.getaddrinfo(name, None, socket.AF_INET))
    except OSError:
        return False
