#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""A proxy on a host's own loopback: to the cache of the cluster while it answers, straight to the internet otherwise.

Programs read the address of their proxy once, when they start. With the address of the cache in it, they would fail for
as long as the management node is off; with this one they never notice.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import ipaddress
import logging
import signal
import socket
import time
from dataclasses import dataclass, field
from urllib.parse import urlsplit

HEAD_SECONDS = 60.0
CHUNK = 1 << 18
PROBE = b"GET /squid-internal-mgr/menu HTTP/1.0\r\n\r\n"
PROBE_SECONDS = 2.0
VERDICT_SECONDS = 5.0
CONNECT_SECONDS = 30.0
LOG = logging.getLogger("download-relay")

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@dataclass
class Cache:
    """The cache, and whether it answered when it was last asked."""

    host: str
    port: int
    answers: bool = False
    _asked: float = float("-inf")
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def is_usable(self) -> bool:
        """Ask again when the last answer is old; whoever comes meanwhile waits for the same answer."""
        async with self._lock:
            if time.monotonic() - self._asked >= VERDICT_SECONDS:
                self._judge(await self._probe())
        return self.answers

    async def connect(self) -> Streams | None:
        """Return a connection, or None when there is nobody to connect to."""
        try:
            return await asyncio.wait_for(asyncio.open_connection(self.host, self.port), PROBE_SECONDS)
        except (OSError, asyncio.TimeoutError):
            self._judge(False)
            return None

    async def _probe(self) -> bool:
        """Tell whether the cache answers a request: a frozen or overloaded one still accepts connections."""
        try:
            reader, writer = await asyncio.wait_for(asyncio.open_connection(self.host, self.port), PROBE_SECONDS)
        except (OSError, asyncio.TimeoutError):
            return False
        try:
            writer.write(PROBE)
            return await asyncio.wait_for(reader.readexactly(5), PROBE_SECONDS) == b"HTTP/"
        except (OSError, EOFError, asyncio.TimeoutError):
            return False
        finally:
            writer.close()

    def _judge(self, answers: bool) -> None:
        if answers != self.answers or self._asked == float("-inf"):
            LOG.warning("%s:%s %s", self.host, self.port, "answers" if answers else "does not answer: going direct")
        self.answers, self._asked = answers, time.monotonic()


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
            way = "through the cache" if await self._cache.is_usable() else "direct"
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
    except OSError:
        pass
    finally:
        for way in ways:
            way.cancel()
        other[1].close()


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
    parser.add_argument("--inside", action="append", default=[], metavar="NETWORK", help="a network or .domain without")
    return parser.parse_args(argv)


async def run(arguments: argparse.Namespace) -> None:
    """Serve until told to stop."""
    inside = Destinations(arguments.inside)
    servers = []
    for rule in arguments.serve:
        port, _, address = rule.partition("=")
        host, _, cache_port = address.rpartition(":")
        relay = Relay(Cache(host, int(cache_port)), inside)
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
