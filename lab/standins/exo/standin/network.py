# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The mesh: who is connected to whom, dialling again, pinging, and passing every message on once."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import deque
from typing import TYPE_CHECKING, Any

from . import clock
from .link import Link, RefusedError, encode, private_network_key

if TYPE_CHECKING:
    from collections.abc import Callable

    from .log import Log

_REMEMBERED = 8192
_PING = encode({"ping": True})


class Network:
    """Connections to peers, one per discovered address and direction, and a flood over all of them."""

    def __init__(
        self,
        node_id: str,
        namespace: str,
        bootstrap_peers: list[str],
        log: Log,
        *,
        on_message: Callable[[str, Any], None],
        on_connections_changed: Callable[[], None],
    ) -> None:
        self._node_id, self._key, self._log = node_id, private_network_key(namespace), log
        self._on_message, self._on_connections_changed = on_message, on_connections_changed
        self._bootstrap = [target for peer in bootstrap_peers if (target := parse_multiaddress(peer))]
        self._known: dict[tuple[str, str, int], bool] = {}
        self._links: list[Link] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._seen: set[tuple[str, int]] = set()
        self._order: deque[tuple[str, int]] = deque()
        self._sequence = 0
        self._server: asyncio.Server | None = None
        self.leaked_since: float | None = None

    async def listen(self, port: int) -> int:
        """Accept connections on every address; return the port, chosen by the system for 0."""
        self._server = await asyncio.start_server(self._accept, "0.0.0.0", port)  # noqa: S104 - as the real program
        return int(self._server.sockets[0].getsockname()[1])

    async def run(self) -> None:
        """Ping, drop silent links and dial until cancelled."""
        last_dial = -clock.DIAL_INTERVAL
        try:
            while True:
                now = time.monotonic()
                for link in list(self._links):
                    if now - link.last_received > clock.network_timeout(clock.PING_TIMEOUT):
                        link.close()
                    else:
                        link.send(_PING)
                if now - last_dial >= clock.scaled(clock.DIAL_INTERVAL) * 0.9:
                    last_dial = now
                    for host, port in self._bootstrap:
                        self._spawn(self._dial(host, port, None))
                    for (peer, host, port), busy in self._known.items():
                        if not busy:
                            self._spawn(self._dial(host, port, peer))
                await clock.sleep(clock.PING_INTERVAL)
        finally:
            self.close()

    def close(self) -> None:
        """Drop every connection."""
        if self._server is not None:
            self._server.close()
        for link in list(self._links):
            link.close()
        for task in list(self._tasks):
            task.cancel()

    def found(self, peer: str, host: str, port: int) -> None:
        """Take over an address heard by discovery and dial it at once."""
        if (peer, host, port) not in self._known:
            self._known[(peer, host, port)] = False
            self._log.debug(f"discovered {peer} at {host}:{port}", where="networking::discovery:1")
            self._spawn(self._dial(host, port, peer))

    @property
    def connections(self) -> int:
        """Return how many connections are open, leaked ones included."""
        return len(self._links)

    def publish(self, topic: str, data: Any) -> None:
        """Send a message to every node that can be reached over any path."""
        self._sequence += 1
        self._remember((self._node_id, self._sequence))
        self._flood(encode({"id": [self._node_id, self._sequence], "topic": topic, "data": data}), None)

    def _flood(self, frame: bytes, source: str | None) -> None:
        """Send over one link per peer."""
        served = {source}
        for link in self._links:
            if link.peer not in served:
                served.add(link.peer)
                link.send(frame)

    def _remember(self, identity: tuple[str, int]) -> None:
        """Keep the last message ids."""
        self._seen.add(identity)
        self._order.append(identity)
        if len(self._order) > _REMEMBERED:
            self._seen.discard(self._order.popleft())

    def _spawn(self, work: Any) -> None:
        """Run a coroutine and keep it alive."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve an incoming connection."""
        try:
            link = await Link.open(reader, writer, self._node_id, self._key, outgoing=False)
        except RefusedError:
            writer.transport.abort()
            return
        await self._serve(link)

    async def _dial(self, host: str, port: int, expected: str | None) -> None:
        """Connect to one address; a discovered one is left alone while its connection lives."""
        entry = (expected or "", host, port)
        if expected is not None:
            self._known[entry] = True
        try:
            async with asyncio.timeout(clock.network_timeout(clock.DIAL_INTERVAL)):
                reader, writer = await asyncio.open_connection(host, port)
            try:
                link = await Link.open(reader, writer, self._node_id, self._key, outgoing=True)
            except RefusedError:
                writer.transport.abort()
                raise
            if link.peer == self._node_id or (expected is not None and link.peer != expected):
                link.close()
                if expected is not None:
                    del self._known[entry]
                return
            if expected is None and any(other.peer == link.peer for other in self._links):
                self.leaked_since = self.leaked_since or time.monotonic()
            await self._serve(link)
        except (OSError, TimeoutError, RefusedError):
            pass
        finally:
            if entry in self._known:
                self._known[entry] = False

    async def _serve(self, link: Link) -> None:
        """Read a link until it ends."""
        self._links.append(link)
        self._on_connections_changed()
        try:
            while True:
                message = await link.receive()
                if "topic" not in message:
                    continue
                identity = (str(message["id"][0]), int(message["id"][1]))
                if identity in self._seen:
                    continue
                self._remember(identity)
                self._flood(encode(message), link.peer)
                self._on_message(message["topic"], message["data"])
        except (OSError, ValueError, asyncio.IncompleteReadError):
            pass
        finally:
            link.close()
            with contextlib.suppress(ValueError):
                self._links.remove(link)
            self._on_connections_changed()


def parse_multiaddress(text: str) -> tuple[str, int] | None:
    """Return host and port of /ip4/A/tcp/P; anything else is accepted without a word and never dialled."""
    parts = text.split("/")
    if len(parts) in (5, 7) and parts[:2] == ["", "ip4"] and parts[3] == "tcp" and parts[4].isdigit():
        return parts[2], int(parts[4])
    return None
