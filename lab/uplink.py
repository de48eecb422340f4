# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The lab's way out: a link to this machine's network, address translation, and a route to the LAN if it is free."""

from __future__ import annotations

import contextlib
import hashlib
import ipaddress
import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from lab import names, process
from lab.errors import LabError

if TYPE_CHECKING:
    from lab.topology import Topology

# The range for benchmarks of network devices: no real network uses it.
_POOL = ipaddress.IPv4Network("198.18.0.0/15")
_LINK_PREFIX = 30
_FORWARDING = Path("/proc/sys/net/ipv4/ip_forward")


def _marker() -> Path:
    return names.RUNTIME / "ip_forward.was-off"


def up(lab: str, topology: Topology) -> None:
    """Connect the fabric to this machine's network."""
    interface, fabric = names.root_interface(lab), names.fabric_namespace(lab)
    existing = _address_of(interface)
    if existing is None:
        process.run("ip", "link", "delete", "dev", interface, check=False)
        link = free_link(lab, _routes())
        process.run("ip", "link", "add", interface, "type", "veth", "peer", "name", names.UPLINK, "netns", fabric)
        process.run("ip", "address", "add", f"{link[1]}/{_LINK_PREFIX}", "dev", interface)
    else:
        link = ipaddress.IPv4Network(f"{existing}/{_LINK_PREFIX}", strict=False)
    process.run("ip", "link", "set", "dev", interface, "up")
    process.batch(
        ["ip", "-n", fabric, "-batch", "-"],
        [
            f"address replace {link[2]}/{_LINK_PREFIX} dev {names.UPLINK}",
            f"link set dev {names.UPLINK} up",
            f"route replace default via {link[1]}",
        ],
    )
    process.run("ip", "netns", "exec", fabric, "nft", "-f", "-", stdin=fabric_rules(topology.subnet))
    process.run("nft", "-f", "-", stdin=root_rules(lab, str(link)))
    _allow_forwarding(interface)
    if not any(route.overlaps(topology.network) for route in _routes()):
        # Another lab that comes up at the same time may be first.
        process.run("ip", "route", "add", topology.subnet, "via", str(link[2]), "dev", interface, check=False)


def free_link(lab: str, routes: list[ipaddress.IPv4Network]) -> ipaddress.IPv4Network:
    """Return a small network for the link that this machine has no route to; a lab gets the same one each time."""
    count = 2 ** (_LINK_PREFIX - _POOL.prefixlen)
    start = int.from_bytes(hashlib.sha256(lab.encode()).digest()[:4], "big")
    for attempt in range(256):
        offset = (start + attempt) % count * 2 ** (32 - _LINK_PREFIX)
        link = ipaddress.IPv4Network((int(_POOL.network_address) + offset, _LINK_PREFIX))
        if not any(route.overlaps(link) for route in routes):
            return link
    raise LabError(f"This machine has routes to all of {_POOL}, where the lab needs a small network; remove one.")


def fabric_rules(subnet: str) -> str:
    """Return the packet filter of the lab's router: the hosts share one address, as behind a home router."""
    return (
        "table ip lab\ndelete table ip lab\ntable ip lab {\n"
        "  chain postrouting {\n    type nat hook postrouting priority srcnat\n"
        f'    ip saddr {subnet} oifname "{names.UPLINK}" masquerade\n  }}\n}}\n'
    )


def root_rules(lab: str, link: str) -> str:
    """Return this machine's packet filter table for the lab."""
    table, interface = names.packet_filter_table(lab), names.root_interface(lab)
    return (
        f"table ip {table}\ndelete table ip {table}\ntable ip {table} {{\n"
        "  chain postrouting {\n    type nat hook postrouting priority srcnat\n"
        f'    ip saddr {link} oifname != "{interface}" masquerade\n  }}\n'
        "  chain forward {\n    type filter hook forward priority mangle\n"
        # Path MTU discovery does not survive every network: the segments are made to fit the way out.
        f'    iifname "{interface}" tcp flags syn tcp option maxseg size set rt mtu\n  }}\n}}\n'
    )


def _address_of(interface: str) -> str | None:
    listed = process.run("ip", "-json", "-4", "address", "show", "dev", interface, check=False)
    for link in json.loads(listed.stdout or "[]") if listed.returncode == 0 else []:
        for address in link.get("addr_info", []):
            return str(address["local"])
    return None


def _routes() -> list[ipaddress.IPv4Network]:
    listed = json.loads(process.run("ip", "-json", "-4", "route", "show").stdout or "[]")
    return [ipaddress.IPv4Network(route["dst"]) for route in listed if route["dst"] != "default"]


def _allow_forwarding(interface: str) -> None:
    if _FORWARDING.read_text(encoding="ascii").strip() == "0":
        _marker().touch()
        _FORWARDING.write_text("1", encoding="ascii")
    for rule in _firewall_rules(interface):
        # Docker sets the policy of FORWARD to DROP; only a rule in the same chain lets other traffic pass.
        if process.run("iptables", "-C", *rule, check=False).returncode != 0:
            process.run("iptables", "-I", *rule, check=False)


def _firewall_rules(interface: str) -> list[tuple[str, ...]]:
    if shutil.which("iptables") is None:
        return []
    policy = process.run("iptables", "-S", "FORWARD", check=False).stdout
    if "-P FORWARD ACCEPT" in policy and interface not in policy:
        return []
    return [("FORWARD", "-i", interface, "-j", "ACCEPT"), ("FORWARD", "-o", interface, "-j", "ACCEPT")]


def down(lab: str) -> None:
    """Remove the link, its routes and its rules; forwarding is switched off again after the last lab."""
    interface, table = names.root_interface(lab), names.packet_filter_table(lab)
    for rule in _firewall_rules(interface):
        process.run("iptables", "-D", *rule, check=False)
    process.run("ip", "link", "delete", "dev", interface, check=False)
    process.run("nft", "delete", "table", "ip", table, check=False)


def restore_forwarding() -> None:
    """Switch forwarding off again if the first lab had to switch it on."""
    if _marker().exists():
        with contextlib.suppress(OSError):
            _FORWARDING.write_text("0", encoding="ascii")
        _marker().unlink(missing_ok=True)
