#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""A proxy on a host's own loopback: to the cache of the cluster while it serves, straight to the internet otherwise.

Programs read the address of their proxy once, when they start. With the address of the cache in it, they would fail for
as long as the management node is off; with this one they never notice.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import errno
import ipaddress
import logging
import signal
import socket
import ssl
import struct
import time
from dataclasses import dataclass, field
from urllib.parse import urlsplit

HEAD_SECONDS = 60.0
CHUNK = 1 << 18
PROBE = b"GET /squid-internal-mgr/menu HTTP/1.0\r\n\r\n"
PROBE_SECONDS = 2.0
VERDICT_SECONDS = 5.0
SILENT = "it does not answer"
CONNECT_SECONDS = 30.0
# A cache that says nothing for so long is asked whether it is there, so often and so many times: a management node that
# lost its power ends no connection, and the system would ask after two hours. In the LAN seconds are long.
IDLE_SECONDS, ASK_SECONDS, ASK_COUNT = 10, 5, 2
GONE_SECONDS = IDLE_SECONDS + ASK_SECONDS * ASK_COUNT
# What the errors say of a peer that is gone, not of one that ended the connection.
GONE = {errno.ETIMEDOUT, errno.EHOSTUNREACH, errno.ENETUNREACH, errno.EHOSTDOWN}
LOG = logging.getLogger("download-relay")

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


def authority_fault(path: str) -> str:
    """Say why nobody on this host accepts what the cache shows of a site; nothing where the authority is good."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        context.load_verify_locations(path)
        ends = [ssl.cert_time_to_seconds(str(found["notAfter"])) for found in context.get_ca_certs()]
    except (OSError, ValueError) as error:
        return f"its authority cannot be read: {error}"
    if not ends:
        return "its authority cannot be read: there is none in the file"
    return "its authority has ended" if min(ends) <= time.time() else ""


@dataclass
class Cache:
    """The cache, and whether it could be used when it was last asked."""

    host: str
    port: int
    authority: str | None = None
    """The certificate that this host trusts for what the cache opens; None where it opens nothing."""
    fault: str | None = None
    """Why it cannot be used; empty where it can, None before it was asked."""
    _asked: float = float("-inf")
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def is_usable(self) -> bool:
        """Ask again when the last answer is old; whoever comes meanwhile waits for the same answer."""
        async with self._lock:
            if time.monotonic() - self._asked >= VERDICT_SECONDS:
                self._judge(await self._find_fault())
        return self.fault == ""

    async def connect(self) -> Streams | None:
        """Return a connection that ends soon after the cache is gone, or None when there is nobody to connect to."""
        try:
            streams = await asyncio.wait_for(asyncio.open_connection(self.host, self.port), PROBE_SECONDS)
        except (OSError, asyncio.TimeoutError):
            self._judge(SILENT)
            return None
        end_when_gone(streams[1].get_extra_info("socket"))
        return streams

    async def _find_fault(self) -> str:
        """Say why the cache cannot be used: a frozen one still accepts connections, and a broken one answers."""
        fault = authority_fault(self.authority) if self.authority else ""
        if fault:
            return fault
        try:
            reader, writer = await asyncio.wait_for(asyncio.open_connection(self.host, self.port), PROBE_SECONDS)
        except (OSError, asyncio.TimeoutError):
            return SILENT
        try:
            writer.write(PROBE)
            line = await asyncio.wait_for(reader.readuntil(b"\n"), PROBE_SECONDS)
        except (OSError, EOFError, asyncio.LimitOverrunError, asyncio.TimeoutError):
            return SILENT
        finally:
            writer.close()
        words = line.decode("latin-1").split()
        if len(words) < 2 or not words[0].startswith("HTTP/"):
            return "it answers like no proxy"
        return "" if words[1] == "200" else f"it answers with status {words[1]}"

    def _judge(self, fault: str) -> None:
        if fault != self.fault:
            LOG.warning("%s:%s %s", self.host, self.port, f"is not used, {fault}: going direct" if fault else "is used")
        self.fault, self._asked = fault, time.monotonic()


@dataclass(frozen=True)
class Request:
    """The head of a request."""

    method: str
    target: str
    version: str
    headers: bytes
    raw: bytes

    @property
    def is_own(self) -> bool:
        """Tell whether it asks this program and nobody else."""
        return self.target.startswith("/")

    @property
    def destination(self) -> tuple[str, int]:
        """Return the host and port it wants to reach."""
        parts = urlsplit(f"//{self.target}" if self.method == "CONNECT" else self.target)
        port = parts.port or (443 if self.method == "CONNECT" else 80)
        if not parts.hostname or (self.method != "CONNECT" and parts.scheme != "http"):
            raise ValueError(self.target)
        return parts.hostname, port

    def direct(self) -> bytes:
        """Return the head as the site itself wants it: one request for each connection, nothing about proxies."""
        parts = urlsplit(self.target)
        path = parts._replace(scheme="", netloc="", fragment="").geturl() or "/"
        dropped = (b"proxy-", b"connection:", b"keep-alive:")
        kept = [line for line in self.headers.split(b"\r\n") if line and not line.lower().startswith(dropped)]
        start = f"{self.method} {path} HTTP/1.1".encode("latin-1")
        return b"\r\n".join([start, *kept, b"Connection: close", b"", b""])


async def read_request(reader: asyncio.StreamReader) -> Request | None:
    """Return the head of the next request, or None when nobody asks."""
    try:
        raw = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), HEAD_SECONDS)
    except (asyncio.IncompleteReadError, asyncio.TimeoutError, OSError):
        return None
    start, _, headers = raw.partition(b"\r\n")
    words = start.decode("latin-1").split(" ")
    if len(words) != 3:
        raise ValueError(start)
    return Request(words[0], words[1], words[2], headers, raw)


class Destinations:
    """What is reached without the cache whatever happens: the cluster itself."""

    def __init__(self, rules: list[str]) -> None:
        self._names = tuple(rule.lower() for rule in rules if rule.startswith("."))
        self._networks = [ipaddress.ip_network(rule) for rule in rules if not rule.startswith(".")]

    def has(self, host: str) -> bool:
        """Tell whether a name or address is one of them; a name without a dot is one of the cluster's own."""
        try:
            address = ipaddress.ip_address(host)
        except ValueError:
            return "." not in host or host.lower().endswith(self._names)
        return any(address in network for network in self._networks)


class Relay:
    """Serves the connections to one port."""

    def __init__(self, cache: Cache, inside: Destinations) -> None:
        self._cache = cache
        self._inside = inside

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection to its end; whatever goes wrong ends this connection and no other."""
        try:
            request = await read_request(reader)
            if request is not None:
                await self._answer(request, reader, writer)
        except (ValueError, asyncio.LimitOverrunError):
            await refuse(writer, "400 Bad Request", "This is a proxy: it takes requests for other hosts.")
        except OSError as error:
            LOG.debug("a connection ended: %s", error)
        finally:
            writer.close()

    async def _answer(self, request: Request, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if request.is_own:
            way = (
                "through the cache"
                if await self._cache.is_usable()
                else f"direct, the cache is not used: {self._cache.fault}"
            )
            await refuse(writer, "200 OK", f"Downloads go {way}.")
            return
        host, port = request.destination
        if not self._inside.has(host) and await self._cache.is_usable():
            cache = await self._cache.connect()
            if cache is not None:
                cache[1].write(request.raw)
                await join((reader, writer), cache)
                return
        try:
            site = await asyncio.wait_for(asyncio.open_connection(host, port), CONNECT_SECONDS)
        except (OSError, asyncio.TimeoutError) as error:
            reason = str(error) or "no answer"
            await refuse(writer, "502 Bad Gateway", f"{host}:{port} cannot be reached: {reason}")
            return
        if request.method == "CONNECT":
            writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        else:
            site[1].write(request.direct())
        await join((reader, writer), site)


async def refuse(writer: asyncio.StreamWriter, status: str, text: str) -> None:
    """Answer for ourselves."""
    body = f"{text}\n".encode()
    head = f"HTTP/1.1 {status}\r\nContent-Type: text/plain\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    writer.write(head.encode("latin-1") + body)
    with contextlib.suppress(OSError):
        await writer.drain()


async def join(one: Streams, other: Streams) -> None:
    """Carry what either side says to the other until both have ended, or one broke."""
    for _, writer in (one, other):
        connection = writer.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    ways = [asyncio.ensure_future(carry(one[0], other[1])), asyncio.ensure_future(carry(other[0], one[1]))]
    try:
        await asyncio.gather(*ways)
    except OSError as error:
        if error.errno in GONE:
            # What was cut off must not look whole: a length is not always said, and then an end is the end of the file.
            for _, writer in (one, other):
                linger = struct.pack("ii", 1, 0)
                writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
                writer.transport.abort()
    finally:
        for way in ways:
            way.cancel()
        other[1].close()


def end_when_gone(connection: socket.socket) -> None:
    """Have a connection end when the other side is gone, whether we wait for it or have sent something."""
    # A Mac has other names, some of which its Python does not know.
    options = {
        getattr(socket, "TCP_KEEPIDLE", getattr(socket, "TCP_KEEPALIVE", 0x10)): IDLE_SECONDS,
        getattr(socket, "TCP_KEEPINTVL", 0x101): ASK_SECONDS,
        getattr(socket, "TCP_KEEPCNT", 0x102): ASK_COUNT,
    }
    unanswered = {0x80: GONE_SECONDS}  # TCP_RXT_CONNDROPTIME
    if hasattr(socket, "TCP_USER_TIMEOUT"):
        unanswered = {socket.TCP_USER_TIMEOUT: GONE_SECONDS * 1000}
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for option, value in {**options, **unanswered}.items():
        connection.setsockopt(socket.IPPROTO_TCP, option, value)


async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Carry one direction to its end."""
    while data := await reader.read(CHUNK):
        writer.write(data)
        await writer.drain()
    if writer.can_write_eof():
        writer.write_eof()


def parse(argv: list[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description="A proxy that goes through the cache while the cache answers.")
    parser.add_argument("--serve", action="append", required=True, metavar="PORT=HOST:PORT", help="port, and its cache")
    parser.add_argument(
        "--authority", action="append", default=[], metavar="PORT=FILE", help="whom this host trusts for what it opens"
    )
    parser.add_argument("--inside", action="append", default=[], metavar="NETWORK", help="a network or .domain without")
    return parser.parse_args(argv)


async def run(arguments: argparse.Namespace) -> None:
    """Serve until told to stop."""
    inside = Destinations(arguments.inside)
    authorities = dict(rule.split("=", 1) for rule in arguments.authority)
    servers = []
    for rule in arguments.serve:
        port, _, address = rule.partition("=")
        host, _, cache_port = address.rpartition(":")
        relay = Relay(Cache(host, int(cache_port), authorities.get(port)), inside)
        servers.append(await asyncio.start_server(relay.serve, "127.0.0.1", int(port), limit=CHUNK))
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    await stopped.wait()
    for server in servers:
        server.close()


if __name__ == "__main__":
    logging.basicConfig(level=logging.WARNING, format="%(message)s")
    asyncio.run(run(parse()))
