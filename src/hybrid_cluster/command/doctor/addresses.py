# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""A host that does not answer where the inventory says: whether it answers elsewhere, and what to write then."""

from __future__ import annotations

import ipaddress
import json
import re
import socket
import subprocess
import sys
from typing import TYPE_CHECKING

from hybrid_cluster.command.doctor import here
from hybrid_cluster.command.doctor.finding import Finding, Seen

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from hybrid_cluster.command.inventory import Cluster, Host

_SECONDS = 10
_MOST_ADDRESSES = 1024
_DISCARD = 9
_LINUX_NEIGHBOURS = ("ip", "-json", "-4", "neigh", "show")
_MACOS_NEIGHBOURS = ("/usr/sbin/arp", "-an")
_MACOS_NEIGHBOUR = re.compile(r"\((\S+)\) at ([0-9a-f]{1,2}(?::[0-9a-f]{1,2}){5}) ", re.IGNORECASE)


def look(cluster: Cluster, silent: Iterable[str]) -> Seen:
    """Look for hosts that did not answer, by their network cards and by the names that they give themselves."""
    seen, asked = Seen(), [cluster.hosts[name] for name in silent if cluster.hosts[name].ssh_port is not None]
    if not asked:
        return seen
    stir(cluster.shared("cluster_lan_subnet"))
    around = neighbours()
    for host in asked:
        for address in candidates(cluster, host, around):
            if (same := same_host_key(host, address)) is not False:
                seen.wrong.append(_moved(host, address, proved=bool(same)))
                break
    return seen


def candidates(cluster: Cluster, host: Host, around: Mapping[str, str]) -> list[str]:
    """Return where it may be; `around` has the hardware address behind each address that answers near this machine."""
    card = _card(host.mac_address) if host.mac_address else None
    found = [address for address, behind in around.items() if card and behind == card]
    taken = set(cluster.addresses.values())
    return [one for one in dict.fromkeys([*found, *here.resolve(f"{host.name}.local")]) if one not in taken]


def _moved(host: Host, address: str, *, proved: bool) -> Finding:
    how = "with the same host key" if proved else "and nothing proves that it is the same machine: compare its host key"
    fix = (
        f"Write ansible_host: {address} for {host.name}, have the router give it that address always, and run"
        " playbooks/bootstrap.yml for it, which learns its host key there."
    )
    said = f"it answers at {address}, {how}"
    return Finding(host.name, "address", said, fix, "other-address", host.address)


def stir(subnets: object) -> None:
    """Have this machine ask who has each address of the LAN, so that it knows its neighbours."""
    for text in subnets if isinstance(subnets, (list, tuple)) else [subnets]:
        try:
            network = ipaddress.IPv4Network(str(text))
        except ValueError:
            continue
        if network.num_addresses > _MOST_ADDRESSES:
            continue
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.setblocking(False)
            for address in network.hosts():
                try:
                    probe.sendto(b"", (str(address), _DISCARD))
                except OSError:
                    continue


def neighbours() -> dict[str, str]:
    """Return the hardware address behind each address near this machine."""
    if sys.platform == "darwin":
        return parse_arp(_said(_MACOS_NEIGHBOURS))
    return parse_neighbours(_said(_LINUX_NEIGHBOURS))


def parse_arp(text: str) -> dict[str, str]:
    """Read `arp -an` of macOS, which leaves out leading zeros."""
    return {address: _card(card) for address, card in _MACOS_NEIGHBOUR.findall(text)}


def parse_neighbours(text: str) -> dict[str, str]:
    """Read `ip -json neigh` of Linux."""
    try:
        return {entry["dst"]: _card(entry["lladdr"]) for entry in json.loads(text or "[]") if entry.get("lladdr")}
    except (ValueError, TypeError, KeyError, AttributeError):
        return {}


def _card(text: str) -> str:
    return ":".join(part.zfill(2) for part in text.lower().split(":"))


def same_host_key(host: Host, address: str) -> bool | None:
    """Tell whether a key of sshd there is one that is known of the host; None where there is nothing to compare."""
    target = host.address if host.ssh_port in (None, 22) else f"[{host.address}]:{host.ssh_port}"
    known = _keys(_said(("ssh-keygen", "-F", target)))
    shown = _keys(_said(("ssh-keyscan", "-T", "3", "-p", str(host.ssh_port or 22), address)))
    if not shown:
        # Nobody there whom one could log in to.
        return False
    return bool(known & shown) if known else None


def _keys(text: str) -> set[tuple[str, ...]]:
    lines = (line.split() for line in text.splitlines() if not line.startswith("#"))
    return {tuple(words[1:3]) for words in lines if len(words) >= 3}


def _said(argv: tuple[str, ...]) -> str:
    try:
        done = subprocess.run(
            argv, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout
