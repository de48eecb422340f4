# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Servers that other names are asked of: how they are written, and the way of asking one."""

from __future__ import annotations

import re
import socket
import struct
from dataclasses import dataclass

from .names import is_address, is_host_name

_DOMAINS = re.compile(r"\[/(?P<domains>[^\]]*)/\](?P<servers>.+)")
_PLAIN = re.compile(r"(?:(?P<scheme>udp|tcp)://)?(?P<host>[^:/\[\]@]+)(?::(?P<port>\d+))?")
_ENCRYPTED = re.compile(r"(?:https|tls|quic|h3)://(?:[^/@]*@)?(?P<host>\[[^\]]+\]|[^:/]+)(?::(?P<port>\d+))?(?:/\S*)?")
_STAMP = "sdns://"
_LARGEST_PORT = 65535


class UpstreamError(Exception):
    """An upstream is written in a form that nobody can ask."""


@dataclass(frozen=True)
class Upstream:
    """One server to ask, for some domains or for all."""

    text: str
    host: str
    port: int
    tcp: bool
    domains: tuple[str, ...]
    encrypted: bool

    def serves(self, name: str) -> bool:
        """Tell whether questions for this name go here."""
        return not self.domains or any(name == domain or name.endswith(f".{domain}") for domain in self.domains)

    def ask(self, query: bytes, timeout: float) -> bytes:
        """Ask; a cut answer is asked for again over TCP."""
        if self.encrypted:
            raise OSError("the stand-in speaks plain DNS only")
        if not self.tcp:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
                client.settimeout(timeout)
                client.connect((self.host, self.port))
                client.send(query)
                while (answer := client.recv(65535))[:2] != query[:2]:
                    pass
            if not answer[2] & 0x02:
                return answer
        with socket.create_connection((self.host, self.port), timeout) as client:
            client.sendall(struct.pack("!H", len(query)) + query)
            return read_framed(client)


def read_framed(stream: socket.socket) -> bytes:
    """Read one message of a TCP connection."""
    (length,) = struct.unpack("!H", read_exactly(stream, 2))
    return read_exactly(stream, length)


def read_exactly(stream: socket.socket, length: int) -> bytes:
    """Read so many bytes."""
    data = b""
    while len(data) < length:
        part = stream.recv(length - len(data))
        if not part:
            raise ConnectionError("the connection ended within a message")
        data += part
    return data


def parse(texts: list[str]) -> list[Upstream]:
    """Read a list of servers: comments are no server, and behind names of domains stand one or more."""
    found = []
    for text in texts:
        matched = _DOMAINS.fullmatch(text)
        domains = tuple(part for part in matched["domains"].split("/") if part) if matched else ()
        if text.startswith("#"):
            continue
        servers = matched["servers"].split() if matched else [text]
        # "#" stands for the servers of all other names.
        found += [_one(server, domains) for server in servers if server != "#"]
    return found


def _one(text: str, domains: tuple[str, ...]) -> Upstream:
    if text.startswith(_STAMP):
        return Upstream(text, "", 0, tcp=False, domains=domains, encrypted=True)
    encrypted = _ENCRYPTED.fullmatch(text)
    matched = encrypted or _PLAIN.fullmatch(text)
    if matched is None and is_address(text.strip("[]")):
        return Upstream(text, text.strip("[]"), 53, tcp=False, domains=domains, encrypted=False)
    host = matched["host"].strip("[]") if matched else ""
    port = int(matched["port"] or 53) if matched else 0
    if matched is None or not (is_address(host) or is_host_name(host)) or not 0 < port <= _LARGEST_PORT:
        raise UpstreamError(f"parsing upstream config: bad upstream {text!r}")
    tcp = not encrypted and matched["scheme"] == "tcp"
    return Upstream(text, host, port, tcp=tcp, domains=domains, encrypted=bool(encrypted))
