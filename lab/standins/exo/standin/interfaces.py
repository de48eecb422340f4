# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The addresses of this host, read from the kernel without running a program."""

from __future__ import annotations

import array
import fcntl
import socket
import struct
from ipaddress import IPv6Address
from pathlib import Path
from typing import NamedTuple

_SIOCGIFCONF = 0x8912
_REQUEST_SIZE = 40  # sizeof(struct ifreq) on 64-bit Linux
_INET6 = Path("/proc/net/if_inet6")
_LINK_LOCAL_SCOPE = 0x20


class Address(NamedTuple):
    """One address of one interface."""

    interface: str
    address: str


def ipv4() -> list[Address]:
    """Return every IPv4 address in the kernel's order, loopback included."""
    buffer = array.array("B", bytes(_REQUEST_SIZE * 128))
    pointer, size = buffer.buffer_info()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        answer = fcntl.ioctl(probe, _SIOCGIFCONF, struct.pack("iL", size, pointer))
    used = struct.unpack("iL", answer)[0]
    data = buffer.tobytes()[:used]
    found = []
    for offset in range(0, used, _REQUEST_SIZE):
        name = data[offset : offset + 16].split(b"\0", 1)[0].decode().split(":", 1)[0]
        found.append(Address(name, socket.inet_ntoa(data[offset + 20 : offset + 24])))
    return found


def ipv6() -> list[Address]:
    """Return every IPv6 address; link-local ones carry their interface."""
    try:
        lines = _INET6.read_text().splitlines()
    except OSError:
        return []
    found = []
    for line in lines:
        packed, _, _, scope, _, name = line.split()
        suffix = f"%{name}" if int(scope, 16) == _LINK_LOCAL_SCOPE else ""
        found.append(Address(name, str(IPv6Address(bytes.fromhex(packed))) + suffix))
    return found


def everything() -> list[Address]:
    """Return all addresses grouped by interface, as the real program lists them."""
    addresses = [*ipv4(), *ipv6()]
    order = list(dict.fromkeys(item.interface for item in addresses))
    return sorted(addresses, key=lambda item: order.index(item.interface))


def reachable_ipv4() -> set[str]:
    """Return the IPv4 addresses other hosts may know this one by."""
    return {item.address for item in ipv4() if not item.address.startswith("127.")}
