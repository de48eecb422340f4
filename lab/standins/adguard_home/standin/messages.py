# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""DNS messages, as far as a forwarder needs them."""

from __future__ import annotations

import ipaddress
import struct
from dataclasses import dataclass

TYPES = {"A": 1, "CNAME": 5, "SOA": 6, "PTR": 12, "TXT": 16, "AAAA": 28}
OPT, ANY = 41, 255
NAMES = {number: name for name, number in TYPES.items()}
NOERROR, SERVFAIL, NXDOMAIN, NOTIMP = 0, 2, 3, 4
STATUSES = {"NOERROR": 0, "SERVFAIL": 2, "NXDOMAIN": 3, "REFUSED": 5}
TTL = 10
_HEADER = struct.Struct("!6H")
_UDP_SIZE = 512
_OUR_SIZE = 1232
_POINTER_TO_THE_QUESTION = b"\xc0\x0c"


@dataclass(frozen=True)
class Question:
    """What is asked, and the bytes it was asked with."""

    identifier: int
    flags: int
    name: str
    kind: int
    wire: bytes
    asked: str = ""
    """The name in the letters of the question."""
    size: int | None = None
    """The longest datagram that is taken, where the question says so (EDNS)."""

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
    asked, end = ".".join(labels), offset + 5
    return Question(identifier, flags, asked.lower(), kind, message[_HEADER.size : end], asked, _size(message, end))


def _size(message: bytes, offset: int) -> int | None:
    """Return the size that the first additional record of a question offers, where it is one of EDNS."""
    if not _HEADER.unpack_from(message)[5] or message[offset : offset + 1] != b"\0":
        return None
    kind, size = struct.unpack_from("!2H", message, offset + 1)
    return max(size, _UDP_SIZE) if kind == OPT else None


def _name(name: str) -> bytes:
    labels = [label.encode() for label in name.rstrip(".").split(".") if label]
    return b"".join(bytes([len(label)]) + label for label in labels) + b"\0"


def _data(kind: str, value: str) -> bytes:
    if kind in {"A", "AAAA"}:
        return ipaddress.ip_address(value).packed
    if kind == "SOA":
        return _name("localhost") + _name("hostmaster.localhost") + struct.pack("!5I", 1, 1800, 60, 604800, TTL)
    if kind == "TXT":
        return bytes([len(value)]) + value.encode()
    return _name(value)


def reply(question: Question, status: int, records: list[tuple[str, str, str]] | None = None) -> bytes:
    """Return an answer with records of (name, type, value); one without any says how long that is true."""
    body = b"".join(_record(question, *record) for record in records or [])
    negative = not records and status in {NOERROR, NXDOMAIN}
    return _message(question, status, len(records or []), body, _record(question, question.asked, "SOA", "") * negative)


def _message(question: Question, status: int, count: int, body: bytes, authority: bytes = b"") -> bytes:
    flags = 0x8080 | (question.flags & 0x7900) | status
    edns = b"" if question.size is None else b"\0" + struct.pack("!HHIH", OPT, _OUR_SIZE, 0, 0)
    head = _HEADER.pack(question.identifier, flags, 1, count, bool(authority), bool(edns))
    return head + question.wire + body + authority + edns


def _record(question: Question, name: str, kind: str, value: str) -> bytes:
    data = _data(kind, value)
    owner = _POINTER_TO_THE_QUESTION if name == question.asked else _name(name)
    return owner + struct.pack("!HHIH", TYPES[kind], 1, TTL, len(data)) + data


@dataclass(frozen=True)
class Other:
    """A question about another name, and the message that asks it."""

    question: Question
    query: bytes


def ask_for(question: Question, name: str) -> Other:
    """Return the same question about another name."""
    wire = _name(name) + question.wire[-4:]
    query = _HEADER.pack(question.identifier, question.flags, 1, 0, 0, 0) + wire
    return Other(parse_question(query), query)


def has_answers(message: bytes) -> bool:
    """Tell whether an answer has records."""
    return bool(_HEADER.unpack_from(message)[3])


def behind_alias(question: Question, target: str, message: bytes) -> bytes:
    """Return an answer that names another name, with the addresses that an answer about that one has."""
    records = [(target, kind, value) for kind, value in _addresses(message)]
    alias = (question.asked, "CNAME", target)
    body = b"".join(_record(question, *record) for record in [alias, *records])
    return _message(question, status_of(message), len(records) + 1, body)


def _addresses(message: bytes) -> list[tuple[str, str]]:
    """Return the addresses in an answer."""
    count, offset, found = _HEADER.unpack_from(message)[3], _HEADER.size, []
    offset = _after_name(message, offset) + 4
    for _ in range(count):
        offset = _after_name(message, offset)
        kind, _, _, length = struct.unpack_from("!HHIH", message, offset)
        data = message[offset + 10 : offset + 10 + length]
        if NAMES.get(kind) in {"A", "AAAA"}:
            found.append((NAMES[kind], str(ipaddress.ip_address(data))))
        offset += 10 + length
    return found


def _after_name(message: bytes, offset: int) -> int:
    while (length := message[offset]) and length < 0xC0:
        offset += 1 + length
    return offset + (2 if length else 1)


def status_of(message: bytes) -> int:
    """Return the response code of an answer."""
    return message[3] & 0x0F


def fit_udp(question: Question, message: bytes) -> bytes:
    """Return an answer that fits into a datagram: a longer one is cut and says so."""
    if len(message) <= (question.size or _UDP_SIZE):
        return message
    flags = struct.unpack_from("!H", message, 2)[0] | 0x0200
    return _HEADER.pack(question.identifier, flags, 1, 0, 0, 0) + question.wire
