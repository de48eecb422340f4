# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The DNS messages of libp2p's peer discovery: one question, and one answer that carries the addresses."""

from __future__ import annotations

import struct

SERVICE = "_p2p._udp.local"
TTL = 2500
_PTR, _TXT = 12, 16
_IN, _CACHE_FLUSH = 1, 0x8000
_RESPONSE = 0x8400
_POINTER = 0xC0
_MAXIMUM_JUMPS = 16


class MalformedError(ValueError):
    """A packet that is not a DNS message."""


def _name(name: str) -> bytes:
    """Encode a domain name."""
    return b"".join(bytes([len(label)]) + label.encode() for label in name.split(".")) + b"\0"


def query() -> bytes:
    """Return the question for every node's records."""
    return struct.pack(">HHHHHH", 0, 0, 1, 0, 0, 0) + _name(SERVICE) + struct.pack(">HH", _PTR, _IN)


def response(peer_name: str, addresses: list[str]) -> bytes:
    """Return the answer: a pointer to the node's name and one text record per address."""
    owner = _peer_name(peer_name)
    pointer = _name(SERVICE) + struct.pack(">HHIH", _PTR, _IN, TTL, len(owner)) + owner
    extra = b""
    for address in addresses:
        text = f"dnsaddr={address}".encode()
        data = bytes([len(text)]) + text
        extra += owner + struct.pack(">HHIH", _TXT, _CACHE_FLUSH | _IN, TTL, len(data)) + data
    return struct.pack(">HHHHHH", 0, _RESPONSE, 0, 1, 0, len(addresses)) + pointer + extra


def _peer_name(name: str) -> bytes:
    """Encode a node's name below the service; a label holds 63 bytes at most."""
    return b"".join(bytes([len(part)]) + part.encode() for part in (name[:63],)) + _name(SERVICE)


def _skip_name(packet: bytes, offset: int) -> tuple[str, int]:
    """Return the name at offset and the offset behind it."""
    labels: list[str] = []
    end, jumps = -1, 0
    while True:
        if offset >= len(packet):
            raise MalformedError("the name runs past the packet")
        length = packet[offset]
        if length & _POINTER == _POINTER:
            jumps += 1
            if jumps > _MAXIMUM_JUMPS or offset + 1 >= len(packet):
                raise MalformedError("the name does not end")
            end = offset + 2 if end < 0 else end
            offset = (length & ~_POINTER) << 8 | packet[offset + 1]
            continue
        offset += 1
        if length == 0:
            return ".".join(labels), end if end >= 0 else offset
        labels.append(packet[offset : offset + length].decode("utf-8", "replace"))
        offset += length


def parse(packet: bytes) -> tuple[bool, list[str]]:
    """Return whether the packet asks for our service, and the addresses it announces."""
    try:
        _, flags, questions, *counts = struct.unpack_from(">HHHHHH", packet)
        offset, asked = 12, False
        for _ in range(questions):
            name, offset = _skip_name(packet, offset)
            kind, _ = struct.unpack_from(">HH", packet, offset)
            offset += 4
            asked = asked or (name == SERVICE and kind == _PTR)
        addresses = []
        for _ in range(sum(counts)):
            name, offset = _skip_name(packet, offset)
            kind, _, _, size = struct.unpack_from(">HHIH", packet, offset)
            offset += 10
            data = packet[offset : offset + size]
            offset += size
            if kind == _TXT and name.endswith(SERVICE) and data[1:].startswith(b"dnsaddr="):
                addresses.append(data[1 : 1 + data[0]].decode("utf-8", "replace").removeprefix("dnsaddr="))
    except (struct.error, IndexError) as error:
        raise MalformedError(str(error)) from error
    return asked and not flags & 0x8000, addresses
