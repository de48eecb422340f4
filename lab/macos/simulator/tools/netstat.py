# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""``netstat -i``: packets and bytes of every interface, a line for its hardware and one for each address."""

from __future__ import annotations

import ipaddress
import json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from ..tool import Context

PATHS = ("/usr/sbin/netstat",)
USAGE = "usage: netstat [-i | -I interface] [-bn]"
_WITH_ARGUMENT = "I"
_LOOPBACK = {"lo": "lo0"}


def main(context: Context) -> int:
    """Print the table of interfaces, the only one that is simulated."""
    letters, only, words = "", "", list(context.argv)
    while words:
        word = words.pop(0)
        letters += word.lstrip("-")
        if word.endswith(_WITH_ARGUMENT) and words:
            only = words.pop(0)
    if not _is_known(letters):
        context.err(USAGE)
        return 1
    bytes_too = "b" in letters
    context.out(_line("Name", "Mtu", "Network", "Address", _head(bytes_too)))
    found: list[dict[str, Any]] = json.loads(context.run("ip", "-j", "-s", "addr", "show").stdout or "[]")
    for link in found:
        name = _LOOPBACK.get(str(link["ifname"]), str(link["ifname"]))
        if only in ("", name):
            for network, address, errors in _rows(link):
                counters = _counters(link["stats64"], errors, bytes_too=bytes_too)
                context.out(_line(name, str(link["mtu"]), network, address, counters))
    return 0


def _is_known(letters: str) -> bool:
    """Whether these option letters ask for the table of interfaces."""
    return bool(set(letters) & {"i", "I"}) and set(letters) <= set("iIbn")


def _rows(link: dict[str, Any]) -> Iterator[tuple[str, str, bool]]:
    hardware = str(link.get("address", ""))
    yield f"<Link#{link['ifindex']}>", "" if link["ifname"] == "lo" else hardware, True
    for entry in link.get("addr_info", []):
        interface = ipaddress.ip_interface(f"{entry['local']}/{entry['prefixlen']}")
        if interface.version == 4:
            octets = str(interface.network.network_address).split(".")
            network = ".".join(octets[: max(1, -(-interface.network.prefixlen // 8))])
        else:
            network = str(interface.network.network_address)
        yield network, str(interface.ip), False


def _head(bytes_too: bool) -> list[str]:
    return ["Ipkts", "Ierrs", *(["Ibytes"] if bytes_too else []), "Opkts", "Oerrs"] + (
        ["Obytes", "Coll"] if bytes_too else ["Coll"]
    )


def _counters(stats: dict[str, Any], hardware: bool, *, bytes_too: bool) -> list[str]:
    """Return the counters; errors are told in the line of the hardware only."""
    words = []
    for end in ("rx", "tx"):
        words += [str(stats[end]["packets"]), str(stats[end]["errors"]) if hardware else "-"]
        words += [str(stats[end]["bytes"])] if bytes_too else []
    return [*words, str(stats["tx"]["collisions"]) if hardware else "-"]


def _line(name: str, mtu: str, network: str, address: str, counters: list[str]) -> str:
    widths = (8, 5, 10, 8, 5, 10, 5) if len(counters) == 7 else (8, 5, 8, 5, 5)
    shown = " ".join(f"{word:>{width}}" for word, width in zip(counters, widths, strict=True))
    return f"{name:<10} {mtu:<5} {network:<13} {address:<17} {shown}"
