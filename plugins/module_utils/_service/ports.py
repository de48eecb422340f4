# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Who holds a port of this host."""

from __future__ import annotations

import ipaddress
import pwd
import re
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import ClusterError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import Commands

PROC = "/proc"
LSOF = "/usr/sbin/lsof"
_LISTENING = "0A"
_UNBOUND_UDP = "07"


class PortError(ClusterError):
    """A port cannot be had."""


@dataclass(frozen=True)
class Holder:
    """A process that holds a port at an address; an unspecified address means all of them."""

    address: str
    protocol: str
    program: str
    pid: int
    user: str

    def __str__(self) -> str:
        """Name the process."""
        return f"{self.program} (process {self.pid} of user {self.user}, {self.protocol.upper()} {self.address})"


def clashes(holders: Iterable[Holder], addresses: list[str], allowed_user: str | None) -> list[Holder]:
    """Return who is in the way at these addresses."""
    return [
        holder
        for holder in holders
        if holder.user != allowed_user and any(_overlap(holder.address, address) for address in addresses)
    ]


def _overlap(first: str, second: str) -> bool:
    one, other = ipaddress.ip_address(first), ipaddress.ip_address(second)
    if one.version != other.version:
        # Every IPv6 address usually means every IPv4 address too; a single one never does.
        return one.is_unspecified if one.version == 6 else other.is_unspecified
    return one == other or one.is_unspecified or other.is_unspecified


def holders_on_linux(port: int, protocols: list[str], root: str = PROC) -> list[Holder]:
    """Return the processes that hold a port, from what the kernel lists."""
    found = []
    owners: dict[str, tuple[str, int, str]] | None = None
    for protocol in protocols:
        for table in (protocol, f"{protocol}6"):
            for address, inode in _sockets(Path(root) / "net" / table, port, protocol):
                owners = _socket_owners(root) if owners is None else owners
                program, pid, user = owners.get(inode, ("a process that cannot be seen", 0, "unknown"))
                found.append(Holder(address, protocol, program, pid, user))
    return found


def _sockets(table: Path, port: int, protocol: str) -> Iterator[tuple[str, str]]:
    try:
        lines = table.read_text(encoding="ascii").splitlines()[1:]
    except OSError:
        return
    for line in lines:
        fields = line.split()
        address, _, number = fields[1].partition(":")
        if int(number, 16) == port and fields[3] == (_LISTENING if protocol == "tcp" else _UNBOUND_UDP):
            yield _address(address), fields[9]


def _address(text: str) -> str:
    """Read an address as the kernel prints it: words of four bytes, each in the order of this machine."""
    data = b"".join(bytes.fromhex(text[at : at + 8])[::-1] for at in range(0, len(text), 8))
    address = ipaddress.ip_address(data)
    mapped = getattr(address, "ipv4_mapped", None)
    return str(mapped or address)


def _socket_owners(root: str) -> dict[str, tuple[str, int, str]]:
    owners = {}
    for process in Path(root).iterdir():
        if not process.name.isdigit():
            continue
        try:
            name = (process / "comm").read_text(encoding="utf-8", errors="replace").strip()
            user = _user(process.stat().st_uid)
            for handle in (process / "fd").iterdir():
                matched = re.fullmatch(r"socket:\[(\d+)\]", str(handle.readlink()))
                if matched:
                    owners[matched[1]] = (name, int(process.name), user)
        except OSError:
            continue  # it ended meanwhile
    return owners


def _user(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def holders_on_macos(commands: Commands, port: int, protocols: list[str]) -> list[Holder]:
    """Return the processes that hold a port, from `lsof`, which exits with 1 where there is none."""
    words = [f"-i{protocol.upper()}:{port}" for protocol in protocols]
    result = commands.run([LSOF, "-nP", "-FpcLPn", *words])
    if result.rc not in (0, 1) or (result.rc == 1 and result.err.strip()):
        raise PortError(f"lsof could not say who holds port {port}: {result.text}")
    return parse_lsof(result.out, port)


def parse_lsof(text: str, port: int) -> list[Holder]:
    """Read the fields, one a line: a process first, then its sockets."""
    found = []
    pid, program, user, protocol = 0, "", "", ""
    for line in text.splitlines():
        kind, value = line[:1], line[1:]
        if kind == "p":
            pid = int(value)
        elif kind == "c":
            program = value
        elif kind == "L":
            user = value
        elif kind == "P":
            protocol = value.lower()
        elif kind == "n" and "->" not in value and value.endswith(f":{port}"):
            host = value.rpartition(":")[0].strip("[]")
            address = "0.0.0.0" if host == "*" else host  # noqa: S104 - as the other platform words it
            found.append(Holder(address, protocol, program, pid, user))
    return found


def is_address(text: str) -> bool:
    """Tell whether a text is an IPv4 or IPv6 address."""
    for family in (socket.AF_INET, socket.AF_INET6):
        try:
            socket.inet_pton(family, text)
        except OSError:
            continue
        return True
    return False
