# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Small sums with addresses; the standard library's ``ipaddress`` would double the start-up time of a tool."""

from __future__ import annotations

import binascii

LINK_LOCAL_PREFIX = 16


def number(address: str) -> int:
    """Return an IPv4 address as a number; anything else is a ValueError."""
    parts = address.split(".")
    if len(parts) != 4 or not all(part.isascii() and part.isdigit() and int(part) < 256 for part in parts):
        raise ValueError(address)
    return int.from_bytes(bytes(int(part) for part in parts), "big")


def text(value: int) -> str:
    """Return a number as an IPv4 address."""
    return ".".join(str(byte) for byte in value.to_bytes(4, "big"))


def is_address(address: str) -> bool:
    """Whether this is an IPv4 address."""
    try:
        number(address)
    except ValueError:
        return False
    return True


def prefix_length(netmask: str) -> int:
    """Return the length of a netmask; one with a hole in it is a ValueError."""
    bits = f"{number(netmask):032b}"
    if "01" in bits:
        raise ValueError(netmask)
    return bits.count("1")


def netmask_number(prefix: int) -> int:
    """Return the netmask of a prefix length as a number."""
    return 0xFFFFFFFF << (32 - prefix) & 0xFFFFFFFF


def netmask(prefix: int) -> str:
    """Return the netmask of a prefix length."""
    return text(netmask_number(prefix))


def network(address: str, prefix: int) -> str:
    """Return the first address of the subnet."""
    return text(number(address) & netmask_number(prefix))


def broadcast(address: str, prefix: int) -> str:
    """Return the last address of the subnet."""
    return text(number(address) | ~netmask_number(prefix) & 0xFFFFFFFF)


def self_assigned(ethernet_address: str) -> str:
    """Return the link-local address an interface gives itself: always the same one for the same hardware."""
    checksum = binascii.crc32(ethernet_address.encode())
    return f"169.254.{1 + checksum % 254}.{1 + checksum // 254 % 254}"
