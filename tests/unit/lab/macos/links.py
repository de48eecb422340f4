# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Interfaces as the hidden ``ip`` describes them, for the tests of the network tools."""

from __future__ import annotations

import json
from typing import Any

ETHERNET = {"en0": "1c:f6:4c:00:00:01", "en1": "1c:f6:4c:00:00:02"}
THUNDERBOLT = {"en2": "36:e3:5e:f0:6d:80", "en3": "36:e3:5e:f0:6d:84", "en4": "36:e3:5e:f0:6d:88"}
INDEX = {"lo": 1, "en0": 4, "en1": 5, "en2": 8, "en3": 9, "en4": 10, "bridge0": 11}
SHOW = ("ip", "-j", "-d", "addr", "show")


def link(name: str, *addresses: str, carrier: bool = True, bridge: str = "", up: bool = True) -> dict[str, Any]:
    """One interface; the addresses are written with their prefix lengths."""
    flags = [*(["UP"] if up else []), *(["LOWER_UP"] if carrier and up else ["NO-CARRIER"])]
    info = {"info_kind": "bridge"} if name.startswith("bridge") else {"info_kind": "veth"}
    if bridge:
        info["info_slave_kind"] = "bridge"
    return {
        "ifindex": INDEX[name],
        "ifname": name,
        "flags": flags,
        "mtu": 1500,
        "address": {**ETHERNET, **THUNDERBOLT, "bridge0": THUNDERBOLT["en2"]}.get(name, "00:00:00:00:00:00"),
        "linkinfo": info,
        **({"master": bridge} if bridge else {}),
        "addr_info": [
            {
                "family": "inet6" if ":" in cidr else "inet",
                "local": cidr.partition("/")[0],
                "prefixlen": int(cidr.partition("/")[2]),
            }
            for cidr in addresses
        ],
    }


def new_mac(*, cabled: tuple[str, ...] = ()) -> list[dict[str, Any]]:
    """A Mac after its first start: Ethernet has its lease, the bridge joins every Thunderbolt port."""
    return [
        link("lo", "127.0.0.1/8"),
        link("en0", "10.66.1.11/24", "fe80::1ef6:4cff:fe00:1/64"),
        link("en1", carrier=False),
        *(link(name, bridge="bridge0", carrier=name in cabled) for name in THUNDERBOLT),
        link("bridge0", carrier=bool(cabled)),
    ]


def per_port(*cabled: str) -> list[dict[str, Any]]:
    """A Mac without a bridge."""
    return [
        link("lo", "127.0.0.1/8"),
        link("en0", "10.66.1.11/24"),
        link("en1", carrier=False),
        *(link(name, carrier=name in cabled) for name in THUNDERBOLT),
    ]


def as_text(links: list[dict[str, Any]]) -> str:
    """The answer of the hidden program."""
    return json.dumps(links)
