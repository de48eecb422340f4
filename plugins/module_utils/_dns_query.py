# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Asking a DNS server, past the resolver of this host: what it says, not what a cache or the hosts file says."""

from __future__ import annotations

import ipaddress
import os
import socket
import struct
from dataclasses import dataclass

from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import ClusterError

PORT = 53
TYPES = {"A": 1, "CNAME": 5, "PTR": 12, "AAAA": 28}
STATUSES = {0: "NOERROR", 1: "FORMERR", 2: "SERVFAIL", 3: "NXDOMAIN", 4: "NOTIMP", 5: "REFUSED"}
_HEADER = struct.Struct("!6H")
_RECORD = struct.Struct("!HHIH")
_RECURSION_DESIRED = 0x0100
_TRUNCATED = 0x0200
_LONGEST_CHAIN = 32


class DnsError(ClusterError):
    """There was no usable answer."""


@dataclass(frozen=True)
class DnsAnswer:
    """A status, and the values of the records of the type that was asked for."""

    status: str
    values: tuple[str, ...] = ()


def reverse_name(address: str) -> str:
    """Return the name under which an address has its name."""
    return ipaddress.ip_address(address).reverse_pointer


def ask(server: str, name: str, kind: str = "A", timeout: float = 3.0, protocol: str = "udp") -> DnsAnswer:
    """Ask one server one question; an answer that was cut is asked for again over TCP."""
    identifier = int.from_bytes(os.urandom(2), "big")
    query = encode(identifier, name, kind)
    try:
        message = _over_tcp(server, query, timeout) if protocol == "tcp" else _over_udp(server, query, timeout)
        if protocol == "udp" and _HEADER.unpack_from(message)[1] & _TRUNCATED:
            message = _over_tcp(server, query, timeout)
        return decode(message, identifier, kind)
    except socket.timeout:
        raise DnsError(f"{server} gave no answer within {timeout:g} seconds") from None
    except OSError as error:
        raise DnsError(f"{server} does not answer: {(error.strerror or str(error)).lower()}") from None
    except (struct.error, IndexError, ValueError):
        raise DnsError(f"{server} answered with something that is not a DNS message") from None


def encode(identifier: int, name: str, kind: str) -> bytes:
    """Write a question."""
    try:
        labels = [label.encode("idna") for label in name.rstrip(".").split(".")]
    except UnicodeError:
        labels = [b""]
    if not all(0 < len(label) < 64 for label in labels):
        raise DnsError(f"{name!r} is not a valid DNS name")
    wire = b"".join(bytes([len(label)]) + label for label in labels) + b"\0"
    return _HEADER.pack(identifier, _RECURSION_DESIRED, 1, 0, 0, 0) + wire + struct.pack("!2H", TYPES[kind], 1)


def decode(message: bytes, identifier: int, kind: str) -> DnsAnswer:
    """Read an answer."""
    found, flags, questions, answers, _, _ = _HEADER.unpack_from(message)
    if found != identifier:
        raise ValueError("an answer to another question")
    offset = _HEADER.size
    for _ in range(questions):
        offset = _name(message, offset)[1] + 4
    values = []
    for _ in range(answers):
        _, offset = _name(message, offset)
        number, _, _, length = _RECORD.unpack_from(message, offset)
        offset += _RECORD.size
        if number == TYPES[kind]:
            values.append(_value(message, offset, length, kind))
        offset += length
    return DnsAnswer(STATUSES.get(flags & 0x0F, str(flags & 0x0F)), tuple(values))


def _value(message: bytes, offset: int, length: int, kind: str) -> str:
    if kind in {"A", "AAAA"}:
        return str(ipaddress.ip_address(message[offset : offset + length]))
    return _name(message, offset)[0]


def _name(message: bytes, offset: int) -> tuple[str, int]:
    """Return a name, which may go on elsewhere, and where the message goes on after it."""
    labels, end = [], None
    for _ in range(_LONGEST_CHAIN * 4):
        length = message[offset]
        if length & 0xC0:
            end = end or offset + 2
            offset = struct.unpack_from("!H", message, offset)[0] & 0x3FFF
        elif length:
            labels.append(message[offset + 1 : offset + 1 + length].decode("ascii", "replace"))
            offset += 1 + length
        else:
            return ".".join(labels), end or offset + 1
    raise ValueError("a name without an end")


def _over_udp(server: str, query: bytes, timeout: float) -> bytes:
    with socket.socket(_family(server), socket.SOCK_DGRAM) as client:
        client.settimeout(timeout)
        client.connect((server, PORT))
        client.send(query)
        while True:
            answer = client.recv(65535)
            if answer[:2] == query[:2]:
                return answer


def _over_tcp(server: str, query: bytes, timeout: float) -> bytes:
    with socket.create_connection((server, PORT), timeout) as client:
        client.sendall(struct.pack("!H", len(query)) + query)
        (length,) = struct.unpack("!H", _exactly(client, 2))
        return _exactly(client, length)


def _exactly(client: socket.socket, length: int) -> bytes:
    data = b""
    while len(data) < length:
        part = client.recv(length - len(data))
        if not part:
            raise ValueError("the connection ended within a message")
        data += part
    return data


def _family(server: str) -> int:
    return socket.AF_INET6 if ":" in server else socket.AF_INET
