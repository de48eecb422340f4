# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""DNS messages, as far as a forwarder needs them."""

from __future__ import annotations

import ipaddress
import struct
from dataclasses import dataclass

TYPES = {"A": 1, "CNAME": 5, "PTR": 12, "TXT": 16, "AAAA": 28}
NAMES = {number: name for name, number in TYPES.items()}
NOERROR, SERVFAIL, NXDOMAIN = 0, 2, 3
STATUSES = {"NOERROR": 0, "SERVFAIL": 2, "NXDOMAIN": 3, "REFUSED": 5}
TTL = 10
_HEADER = struct.Struct("!6H")
_UDP_SIZE = 512


@dataclass(frozen=True)
class Question:
    """What is asked, and the bytes it was asked with."""

    identifier: int
    flags: int
    name: str
    kind: int
    wire: bytes

    @property
    def kind_name(self) -> str:
        """The type as people write it."""
        return NAMES.get(self.kind, f"TYPE{self.kind}")


def parse_question(message: bytes) -> Question:
    """Read the one question of a message."""
    identifier, flags, count, *_ = _HEADER.unpack_from(message)
    if count != 1 or flags & 0x8000:
        raise ValueError("no single question")
    labels, offset = [], _HEADER.size
    while length := message[offset]:
        if length > 63:
            raise ValueError("a compressed name in a question")
        labels.append(message[offset + 1 : offset + 1 + length].decode("ascii"))
        offset += 1 + length
    kind, _ = struct.unpack_from("!2H", message, offset + 1)
    return Question(identifier, flags, ".".join(labels).lower(), kind, message[_HEADER.size : offset + 5])


def _name(name: str) -> bytes:
    labels = [label.encode() for label in name.rstrip(".").split(".") if label]
    return b"".join(bytes([len(label)]) + label for label in labels) + b"\0"


def _data(kind: str, value: str) -> bytes:
    if kind in {"A", "AAAA"}:
        return ipaddress.ip_address(value).packed
    if kind == "TXT":
        return bytes([len(value)]) + value.encode()
    return _name(value)


def reply(question: Question, status: int, records: list[tuple[str, str, str]] | None = None) -> bytes:
    """Return an answer with records of (name, type, value)."""
    flags = 0x8080 | (question.flags & 0x7900) | status
    body = b""
    for name, kind, value in records or []:
        data = _data(kind, value)
        body += _name(name) + struct.pack("!HHIH", TYPES[kind], 1, TTL, len(data)) + data
    return _HEADER.pack(question.identifier, flags, 1, len(records or []), 0, 0) + question.wire + body


def status_of(message: bytes) -> int:
    """Return the response code of an answer."""
    return message[3] & 0x0F


def fit_udp(question: Question, message: bytes) -> bytes:
    """Return an answer that fits into a datagram: a longer one is cut and says so."""
    if len(message) <= _UDP_SIZE:
        return message
    flags = struct.unpack_from("!H", message, 2)[0] | 0x0200
    return _HEADER.pack(question.identifier, flags, 1, 0, 0, 0) + question.wire
