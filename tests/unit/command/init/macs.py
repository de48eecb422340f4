# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Macs as they answer the script of `cluster init`: system_profiler's recorded forms, with other domains and ports."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

FIXTURE = Path(__file__).parents[2] / "plugins/fixtures/system_profiler-thunderbolt.macos-26.json"
_CABLED, _DOCK, _IDLE = json.loads(FIXTURE.read_text(encoding="utf-8"))["SPThunderboltDataType"]
HARDWARE = {
    "_name": "hardware_overview",
    "chip_type": "Apple M4",
    "machine_model": "Mac16,10",
    "machine_name": "Mac mini",
    "number_processors": "proc 10:4:6",
    "physical_memory": "16 GB",
}
ROUTE = """\
   route to: default
destination: default
       mask: default
    gateway: 192.168.1.1
  interface: en0
      flags: <UP,GATEWAY,DONE,STATIC,PRCLONING,GLOBAL>
"""


def domain(host: str, receptacle: int) -> str:
    """Return the Thunderbolt domain of a port."""
    return f"{host.encode().hex().upper():0>8}-0000-4000-8000-{receptacle:012d}"


def bus(host: str, receptacle: int, peer: tuple[str, int] | None = None, **changed: Any) -> dict[str, Any]:
    """Return the bus of a port, with the Mac at the other end of its cable."""
    found = copy.deepcopy(_CABLED if peer else _IDLE)
    found["domain_uuid_key"] = domain(host, receptacle)
    found["receptacle_1_tag"] |= {"receptacle_id_key": str(receptacle), **changed}
    if peer:
        found["_items"][0]["domain_uuid_key"] = domain(*peer)
    return found


def dock(host: str, receptacle: int) -> dict[str, Any]:
    """Return the bus of a port with a dock."""
    found = copy.deepcopy(_DOCK)
    found["domain_uuid_key"] = domain(host, receptacle)
    found["receptacle_1_tag"]["receptacle_id_key"] = str(receptacle)
    return found


def profile(*buses: dict[str, Any]) -> str:
    """Return what system_profiler prints."""
    return json.dumps({"SPHardwareDataType": [HARDWARE], "SPThunderboltDataType": list(buses)}, indent=2)


def buses(host: str, cables: list[dict[str, int]], count: int = 3) -> list[dict[str, Any]]:
    """Return all buses of a Mac that is cabled like this."""
    peers = {
        link[host]: next((other, port) for other, port in link.items() if other != host)
        for link in cables
        if host in link
    }
    return [bus(host, number, peers.get(number)) for number in range(count, 0, -1)]


def answer(host: str, number: int, said: str) -> str:
    """Return what a Mac answers to the whole script."""
    interface = f"""\
en0: flags=8863<UP,BROADCAST,SMART,RUNNING,SIMPLEX,MULTICAST> mtu 1500
	options=460<TSO4,TSO6,CHANNEL_IO>
	ether 1c:f6:4c:00:00:{number:02x}
	inet6 fe80::1ef6:4cff:fec3:46da%en0 prefixlen 64 secured scopeid 0x2
	inet 192.168.1.{number} netmask 0xffffff00 broadcast 192.168.1.255
	status: active
"""
    parts = {
        "kernel": "Darwin",
        "name": host,
        "release": "26.5.2",
        "memory": "17179869184",
        "profile": said,
        "route": ROUTE,
        "interface": interface,
        "homebrew": "",
        "end": "",
    }
    return "".join(f"\n@@cluster-init {name}\n{text}\n" for name, text in parts.items())
