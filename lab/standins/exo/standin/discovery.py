# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Finding peers by multicast DNS on every IPv4 interface."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
import time
from typing import TYPE_CHECKING

from . import clock, identity, interfaces, mdns

if TYPE_CHECKING:
    from collections.abc import Callable

    from .log import Log

GROUP, PORT = "224.0.0.251", 5353
_FIRST_PROBE = 0.5
_QUERY_INTERVAL = 1500.0


class Discovery:
    """Ask on every interface, answer whoever asks, report what is heard as (peer id, address, port)."""

    def __init__(self, node_id: str, port: int, found: Callable[[str, str, int], None], log: Log) -> None:
        self._node_id, self._port, self._found, self._log = node_id, port, found, log
        self._peer_name = identity.new_peer_name()
        self._senders: dict[str, socket.socket] = {}
        self._probes: dict[str, tuple[float, float]] = {}
        self._receiver = self._open_receiver()

    @staticmethod
    def _open_receiver() -> socket.socket:
        """Bind the port every responder on a host shares."""
        receiver = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        receiver.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        receiver.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        receiver.bind(("0.0.0.0", PORT))  # noqa: S104 - multicast arrives on no single address
        receiver.setblocking(False)
        return receiver

    async def run(self) -> None:
        """Follow the interfaces and ask on each: at once, then ever more rarely."""
        loop = asyncio.get_running_loop()
        loop.add_reader(self._receiver, self._receive)
        try:
            while True:
                self._follow_interfaces()
                now = time.monotonic()
                for address, (due, interval) in list(self._probes.items()):
                    if now >= due:
                        self._probes[address] = (now + clock.scaled(interval), min(interval * 2, _QUERY_INTERVAL))
                        self._send(address, mdns.query())
                young = any(interval < clock.DIAL_INTERVAL for _, interval in self._probes.values())
                await clock.sleep(_FIRST_PROBE if young else clock.DIAL_INTERVAL)
        finally:
            loop.remove_reader(self._receiver)
            for sender in (self._receiver, *self._senders.values()):
                sender.close()

    def _follow_interfaces(self) -> None:
        """Open a sender for each new address and forget the ones that are gone."""
        current = interfaces.reachable_ipv4()
        for address in self._senders.keys() - current:
            self._senders.pop(address).close()
            self._probes.pop(address, None)
        for address in current - self._senders.keys():
            sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            try:
                membership = struct.pack("4s4s", socket.inet_aton(GROUP), socket.inet_aton(address))
                with contextlib.suppress(OSError):  # two addresses of one interface share the membership
                    self._receiver.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, membership)
                sender.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                sender.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
                sender.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(address))
                sender.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, 255)
                sender.bind((address, 0))
                sender.setblocking(False)
            except OSError:
                sender.close()
                continue
            self._senders[address] = sender
            self._probes[address] = (0.0, _FIRST_PROBE)

    def _send(self, address: str, packet: bytes) -> None:
        """Send on one interface; a link that is down is tried again at the next probe."""
        with contextlib.suppress(OSError):
            self._senders[address].sendto(packet, (GROUP, PORT))

    def _receive(self) -> None:
        """Answer a question on every interface, take over an answer."""
        with contextlib.suppress(BlockingIOError):
            while True:
                packet, _ = self._receiver.recvfrom(9000)
                try:
                    asked, addresses = mdns.parse(packet)
                except mdns.MalformedError:
                    continue
                if asked:
                    for own in self._senders:
                        multiaddress = f"/ip4/{own}/tcp/{self._port}/p2p/{self._node_id}"
                        self._send(own, mdns.response(self._peer_name, [multiaddress]))
                for address in addresses:
                    self._report(address)

    def _report(self, multiaddress: str) -> None:
        """Report /ip4/A/tcp/P/p2p/ID of another node."""
        parts = multiaddress.split("/")
        if len(parts) == 7 and (parts[1], parts[3], parts[5]) == ("ip4", "tcp", "p2p") and parts[6] != self._node_id:
            self._found(parts[6], parts[2], int(parts[4]))
