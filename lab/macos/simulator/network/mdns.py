# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Multicast DNS: the messages of Bonjour, and a socket that speaks it on every interface with an IPv4 address."""

from __future__ import annotations

import socket
import struct

GROUP = ("224.0.0.251", 5353)
PTR, TXT, A, SRV, ANY = 12, 16, 1, 33, 255
_RESPONSE = 0x8400
_CACHE_FLUSH = 0x8001
# The standard library does not name this option of the kernel.
_IP_PKTINFO = 8


class Record:
    """One resource record; its data is kept as it came, with the message it may point into."""

    def __init__(self, name: str, kind: int, ttl: int, data: bytes, *, message: bytes = b"", offset: int = 0) -> None:
        self.name = name
        self.kind = kind
        self.ttl = ttl
        self.data = data
        self._message = message or data
        self._offset = offset

    def target(self) -> str:
        """Return the name a PTR or SRV record points to."""
        return read_name(self._message, self._offset + (6 if self.kind == SRV else 0))[0]

    def port(self) -> int:
        """Return the port of an SRV record."""
        return int(struct.unpack_from("!H", self.data, 4)[0])

    def texts(self) -> list[str]:
        """Return the strings of a TXT record."""
        found, position = [], 0
        while position < len(self.data):
            length = self.data[position]
            found.append(self.data[position + 1 : position + 1 + length].decode(errors="replace"))
            position += 1 + length
        return [text for text in found if text]


def write_name(name: str) -> bytes:
    """Encode a name; a dot inside a label is written as a backslash and a dot."""
    labels = name.rstrip(".").replace("\\.", "\0").split(".")
    encoded = [label.replace("\0", ".").encode() for label in labels]
    return b"".join(bytes([len(label)]) + label for label in encoded) + b"\0"


def read_name(message: bytes, position: int) -> tuple[str, int]:
    """Decode a name and return it with the position behind it."""
    labels: list[str] = []
    end = 0
    for _ in range(128):
        length = message[position]
        if length >= 0xC0:
            end = end or position + 2
            position = (length & 0x3F) << 8 | message[position + 1]
            continue
        position += 1
        if not length:
            break
        labels.append(message[position : position + length].decode(errors="replace").replace(".", "\\."))
        position += length
    return ".".join(labels) + ".", end or position


def question(name: str, kind: int) -> bytes:
    """Return a message that asks for one name."""
    return struct.pack("!6H", 0, 0, 1, 0, 0, 0) + write_name(name) + struct.pack("!2H", kind, 1)


def answer(records: list[Record]) -> bytes:
    """Return a message that announces records."""
    body = b""
    for record in records:
        kind = 1 if record.kind == PTR else _CACHE_FLUSH
        body += write_name(record.name) + struct.pack("!2HIH", record.kind, kind, record.ttl, len(record.data))
        body += record.data
    return struct.pack("!6H", 0, _RESPONSE, 0, len(records), 0, 0) + body


def parse(message: bytes) -> tuple[list[tuple[str, int]], list[Record]]:
    """Return the questions and the records of a message; one that is cut short has what could be read."""
    questions: list[tuple[str, int]] = []
    records: list[Record] = []
    try:
        counts = struct.unpack_from("!6H", message)
        position = 12
        for _ in range(counts[2]):
            name, position = read_name(message, position)
            questions.append((name, struct.unpack_from("!H", message, position)[0]))
            position += 4
        for _ in range(sum(counts[3:])):
            name, position = read_name(message, position)
            kind, _, ttl, length = struct.unpack_from("!2HIH", message, position)
            position += 10
            records.append(
                Record(name, kind, ttl, message[position : position + length], message=message, offset=position)
            )
            position += length
    except (IndexError, struct.error):
        pass
    return questions, records


class Bonjour:
    """A socket in the group of multicast DNS, on the interfaces with the given addresses."""

    def __init__(self, addresses: list[str]) -> None:
        self._addresses = addresses
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        self.socket.setsockopt(socket.IPPROTO_IP, _IP_PKTINFO, 1)
        self.socket.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, 255)
        self.socket.bind(("", GROUP[1]))
        for address in addresses:
            membership = socket.inet_aton(GROUP[0]) + socket.inet_aton(address)
            self.socket.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, membership)

    def send(self, message: bytes) -> None:
        """Send a message on every interface."""
        for address in self._addresses:
            self.socket.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(address))
            self.socket.sendto(message, GROUP)

    def receive(self, seconds: float) -> tuple[bytes, int] | None:
        """Wait for a message and return it with the number of the interface it came in by."""
        self.socket.settimeout(seconds)
        try:
            message, extra, _, _ = self.socket.recvmsg(9000, 64)
        except TimeoutError:
            return None
        return message, struct.unpack_from("i", extra[0][2])[0] if extra else 0
