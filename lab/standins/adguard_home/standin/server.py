# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Sockets on port 53, and the limit on questions from one network."""

from __future__ import annotations

import contextlib
import errno
import ipaddress
import os
import socket
import struct
import sys
import threading
import time
from typing import TYPE_CHECKING, Any

from . import messages
from .upstream import read_framed

if TYPE_CHECKING:
    from .journal import Journal
    from .resolver import Resolver

_IDLE_SECONDS = 10


class BindError(Exception):
    """A port cannot be had; the text is what the program says."""


class RateLimit:
    """So many questions within a second from one network."""

    def __init__(self, limit: int, prefix: int) -> None:
        self._limit, self._prefix = limit, prefix
        self._times: dict[str, list[float]] = {}
        self._lock = threading.Lock()

    def allows(self, address: str) -> bool:
        """Count a question, and tell whether it may be answered."""
        if not self._limit:
            return True
        network = str(ipaddress.ip_network(f"{address}/{self._prefix}", strict=False))
        now = time.monotonic()
        with self._lock:
            recent = [moment for moment in self._times.get(network, []) if moment > now - 1]
            self._times[network] = [*recent, now]
        return len(recent) < self._limit


def _refuse_as_macos_does(kind: str, host: str, port: int) -> None:
    """Refuse what XNU refuses: a low port at a certain address is root's alone, while every address is free to all."""
    is_mac = sys.executable.startswith("/System/Library/Simulator/")
    if is_mac and port < 1024 and os.geteuid() != 0 and not ipaddress.ip_address(host).is_unspecified:
        raise BindError(f"listen {kind} {host}:{port}: bind: {os.strerror(errno.EACCES).lower()}")


def _listener(kind: str, host: str, port: int) -> socket.socket:
    _refuse_as_macos_does(kind, host, port)
    listener = socket.socket(socket.AF_INET, socket.SOCK_DGRAM if kind == "udp" else socket.SOCK_STREAM)
    try:
        if kind == "tcp":
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        if kind == "tcp":
            listener.listen(64)
    except OSError as error:
        raise BindError(f"listen {kind} {host}:{port}: bind: {(error.strerror or '').lower()}") from error
    return listener


class Server:
    """Serves questions at every address of the configuration."""

    def __init__(self, configuration: dict[str, Any], resolver: Resolver, journal: Journal) -> None:
        dns = configuration["dns"]
        self._resolver, self._journal = resolver, journal
        self._rate = RateLimit(dns["ratelimit"], dns["ratelimit_subnet_len_ipv4"])
        self._udp = [_listener("udp", host, dns["port"]) for host in dns["bind_hosts"]]
        self._tcp = [_listener("tcp", host, dns["port"]) for host in dns["bind_hosts"]]

    def start(self) -> None:
        """Serve in the background."""
        for work, listeners in ((self._serve_udp, self._udp), (self._serve_tcp, self._tcp)):
            for listener in listeners:
                threading.Thread(target=work, args=(listener,), daemon=True).start()

    def _serve_udp(self, listener: socket.socket) -> None:
        while True:
            query, client = listener.recvfrom(65535)
            if self._rate.allows(client[0]):
                threading.Thread(target=self._answer_udp, args=(listener, query, client), daemon=True).start()

    def _answer_udp(self, listener: socket.socket, query: bytes, client: tuple[str, int]) -> None:
        with contextlib.suppress(ValueError, IndexError, struct.error, OSError):
            question = messages.parse_question(query)
            listener.sendto(messages.fit_udp(question, self._answer(question, query, client[0])), client)

    def _serve_tcp(self, listener: socket.socket) -> None:
        while True:
            stream, client = listener.accept()
            threading.Thread(target=self._answer_tcp, args=(stream, client[0]), daemon=True).start()

    def _answer_tcp(self, stream: socket.socket, client: str) -> None:
        stream.settimeout(_IDLE_SECONDS)
        with stream, contextlib.suppress(ValueError, IndexError, struct.error, OSError):
            while True:
                query = read_framed(stream)
                answer = self._answer(messages.parse_question(query), query, client)
                stream.sendall(struct.pack("!H", len(answer)) + answer)

    def _answer(self, question: messages.Question, query: bytes, client: str) -> bytes:
        start = time.monotonic()
        answer = self._resolver.answer(question, query)
        self._journal.note(question, answer, client, time.monotonic() - start)
        return answer.message
