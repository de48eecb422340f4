# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""End the states of pf: they are marked connections of Linux, removed one by one over netlink."""

from __future__ import annotations

import socket
import struct

from .translate import STATE_MARK

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

_NETFILTER = 12
_GET, _DELETE = 0x101, 0x102
_REQUEST, _ACKNOWLEDGE, _DUMP = 0x1, 0x4, 0x300
_ERROR, _DONE = 2, 3
# Attributes of a connection: its tuple as it was opened, and its mark.
_ORIGINAL, _MARK = 1, 8
_TUPLE_IP = 1
_SOURCES, _TARGETS = (1, 3), (2, 4)
_KIND = 0x3FFF


def kill(source: str | None, target: str | None) -> int:
    """End the states whose ends lie in these networks, all of them where none is named; return their number."""
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, _NETFILTER) as link:
        link.bind((0, 0))
        found = [entry for family in (socket.AF_INET, socket.AF_INET6) for entry in _dump(link, family)]
        doomed = [(family, original) for family, original in found if _matches(original, source, target)]
        for family, original in doomed:
            nested = struct.pack("=HH", 4 + len(original), _ORIGINAL | 0x8000) + original
            _send(link, _DELETE, _REQUEST | _ACKNOWLEDGE, family, nested)
            link.recv(65536)
    return len(doomed)


def _send(link: socket.socket, kind: int, flags: int, family: int, body: bytes = b"") -> None:
    payload = struct.pack("=BBH", family, 0, 0) + body
    link.send(struct.pack("=IHHII", 16 + len(payload), kind, flags, 1, 0) + payload)


def _dump(link: socket.socket, family: int) -> Iterator[tuple[int, bytes]]:
    """Yield the opening tuple of every connection with the mark of pf."""
    _send(link, _GET, _REQUEST | _DUMP, family)
    while True:
        data = link.recv(1 << 20)
        while data:
            length, kind = struct.unpack_from("=IH", data)
            if kind in (_ERROR, _DONE):
                return
            attributes = dict(_attributes(data[20:length]))
            if attributes.get(_MARK) == struct.pack("!I", STATE_MARK):
                yield family, attributes[_ORIGINAL]
            data = data[length + 3 & ~3 :]


def _attributes(data: bytes) -> Iterator[tuple[int, bytes]]:
    while len(data) >= 4:
        length, kind = struct.unpack_from("=HH", data)
        if length < 4:
            return
        yield kind & _KIND, data[4:length]
        data = data[length + 3 & ~3 :]


def _matches(original: bytes, source: str | None, target: str | None) -> bool:
    addresses = dict(_attributes(dict(_attributes(original))[_TUPLE_IP]))
    return _within(addresses, _SOURCES, source) and _within(addresses, _TARGETS, target)


def _within(addresses: dict[int, bytes], keys: tuple[int, int], network: str | None) -> bool:
    import ipaddress

    if network is None:
        return True
    value = next(addresses[key] for key in keys if key in addresses)
    return ipaddress.ip_address(value) in ipaddress.ip_network(network, strict=False)
