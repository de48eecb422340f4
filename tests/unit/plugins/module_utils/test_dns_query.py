# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Asking a DNS server, against one that answers what a test wants."""

from __future__ import annotations

import socket
import struct
import threading
from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.hybrid_ai.cluster.plugins.module_utils import _dns_query

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ADDRESS = "127.0.0.1"
A = b"\xc0\x0c\0\1\0\1\0\0\0\x0a\0\4\x0a\x42\1\x0b"
CNAME = b"\xc0\x0c\0\5\0\1\0\0\0\x0a\0\2\xc0\x0c"
PTR = b"\xc0\x0c\0\x0c\0\1\0\0\0\x0a\0\x0c\5olab1\4olab\0"
POINTER = "11.1.66.10.in-addr.arpa"


def _same_port() -> tuple[socket.socket, socket.socket]:
    """Return a socket of UDP and one of TCP; what is free for one of them may be somebody's for the other."""
    while True:
        udp, tcp = socket.socket(type=socket.SOCK_DGRAM), socket.socket()
        tcp.bind((ADDRESS, 0))
        try:
            udp.bind(tcp.getsockname())
        except OSError:
            udp.close()
            tcp.close()
        else:
            return udp, tcp


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., None]]:
    """Let a server answer with these flags and records over UDP and TCP; the query's number and question come first."""
    udp, tcp = _same_port()
    tcp.listen()
    monkeypatch.setattr(_dns_query, "PORT", tcp.getsockname()[1])

    def start(flags: int, *records: bytes, cut: bool = False, junk: bytes | None = None) -> None:
        def answer(query: bytes, more: int = 0) -> bytes:
            if junk is not None:
                return query[:2] + junk
            found = () if more else records
            return query[:2] + struct.pack("!5H", flags | more, 1, len(found), 0, 0) + query[12:] + b"".join(found)

        def over_udp() -> None:
            query, client = udp.recvfrom(512)
            udp.sendto(answer(query, 0x0200 if cut else 0), client)

        def over_tcp() -> None:
            stream, _ = tcp.accept()
            with stream:
                query = stream.recv(512)[2:]
                message = answer(query)
                stream.sendall(struct.pack("!H", len(message)) + message)

        for work in (over_udp, over_tcp):
            threading.Thread(target=work, daemon=True).start()

    yield start
    udp.close()
    tcp.close()


@pytest.mark.parametrize("protocol", ["udp", "tcp"])
@pytest.mark.parametrize(
    ("kind", "sent", "answer"),
    [
        pytest.param("A", (0x8180, A), ("NOERROR", ("10.66.1.11",)), id="an address"),
        pytest.param("A", (0x8180, CNAME, A), ("NOERROR", ("10.66.1.11",)), id="behind another name"),
        pytest.param("AAAA", (0x8180,), ("NOERROR", ()), id="no data"),
        pytest.param("A", (0x8183,), ("NXDOMAIN", ()), id="no such name"),
        pytest.param("PTR", (0x8180, PTR), ("NOERROR", ("olab1.olab",)), id="a reverse record"),
    ],
)
def test_answers(
    server: Callable[..., None], protocol: str, kind: str, sent: tuple[Any, ...], answer: tuple[Any, ...]
) -> None:
    server(*sent)
    assert _dns_query.ask(ADDRESS, "olab1.olab", kind, 2, protocol) == _dns_query.DnsAnswer(*answer)


def test_a_cut_answer_is_asked_for_again_over_tcp(server: Callable[..., None]) -> None:
    server(0x8180, A, cut=True)
    assert _dns_query.ask(ADDRESS, "olab1.olab", timeout=2).values == ("10.66.1.11",)


@pytest.mark.parametrize(
    "junk", [b"", b"\x81", b"\x81\x80\0\1\0\1\0\0\0\0\xc0\x0c"], ids=["nothing", "short", "a loop"]
)
def test_what_is_no_answer_is_a_sentence(server: Callable[..., None], junk: bytes) -> None:
    server(0, junk=junk)
    with pytest.raises(_dns_query.DnsError, match="something that is not a DNS message"):
        _dns_query.ask(ADDRESS, "olab1.olab", timeout=2)


def test_silence_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket(type=socket.SOCK_DGRAM) as deaf:
        deaf.bind((ADDRESS, 0))
        monkeypatch.setattr(_dns_query, "PORT", deaf.getsockname()[1])
        with pytest.raises(_dns_query.DnsError, match=r"127\.0\.0\.1 gave no answer within 0\.1 seconds"):
            _dns_query.ask(ADDRESS, "olab1.olab", timeout=0.1)


def test_refusal_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket(type=socket.SOCK_DGRAM) as probe:
        probe.bind((ADDRESS, 0))
        port = probe.getsockname()[1]
    monkeypatch.setattr(_dns_query, "PORT", port)
    with pytest.raises(_dns_query.DnsError, match="does not answer: connection refused"):
        _dns_query.ask(ADDRESS, "olab1.olab", timeout=1)


@pytest.mark.parametrize("name", ["", "a..b", "x" * 64])
def test_what_is_no_name_is_a_sentence(name: str) -> None:
    with pytest.raises(_dns_query.DnsError, match="not a valid DNS name"):
        _dns_query.encode(1, name, "A")


def test_reverse_name() -> None:
    assert _dns_query.reverse_name("10.66.1.11") == POINTER
