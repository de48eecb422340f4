# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
# Generated from plugins/module_utils/_wake/sender.py by `make generate`; change it there.
"""Sending a datagram from one interface to all of its destinations, without any right of root's."""

from __future__ import annotations

import contextlib
import socket
import struct
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from hybrid_cluster.shared._wake.ways import Way

PORT = 9
"""The port of UDP that nobody answers, which magic packets are sent to by custom."""

# Python names neither: of <linux/in.h>, and of <netinet/in.h> on a Mac.
_IP_PKTINFO = 8
_IP_BOUND_IF = 25


class Sender:
    """A socket for each way."""

    def __init__(self, system: str, ways: Sequence[Way]) -> None:
        self._system, self._ways = system, ways
        self.sent = 0
        self.errors: dict[str, str] = {}

    def send(self, packet: bytes) -> None:
        """Send one packet to every destination; what one refuses does not keep the others from it."""
        for way in self._ways:
            self._send_from(way, packet)

    def _send_from(self, way: Way, packet: bytes) -> None:
        try:
            with self._socket(way) as out:
                for destination in way.destinations:
                    self._send(out, way, destination, packet)
        except OSError as error:  # the interface or its address is gone
            self._remember(way.interface, error)

    @contextlib.contextmanager
    def _socket(self, way: Way) -> Iterator[socket.socket]:
        # A new one each time: a refusal of the last round would be reported by this one.
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out:
            out.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
            out.setblocking(False)
            if self._system == "Darwin":
                index = struct.pack("I", socket.if_nametoindex(way.interface))
                out.setsockopt(socket.IPPROTO_IP, _IP_BOUND_IF, index)
            out.bind((way.source, 0))
            yield out

    def _send(self, out: socket.socket, way: Way, destination: str, packet: bytes) -> None:
        try:
            # Without a default route Linux refuses the limited broadcast, unless the packet names its interface.
            out.sendmsg([packet], self._ancillary(way), 0, (destination, PORT))
        except OSError as error:
            self._remember(f"{way.interface} to {destination}", error)
        else:
            self.sent += 1

    def _ancillary(self, way: Way) -> list[tuple[int, int, bytes]]:
        if self._system == "Darwin":
            return []
        index, source = socket.if_nametoindex(way.interface), socket.inet_aton(way.source)
        return [(socket.IPPROTO_IP, _IP_PKTINFO, struct.pack("@i4s4s", index, source, bytes(4)))]

    def _remember(self, where: str, error: OSError) -> None:
        self.errors[where] = (error.strerror or str(error)).lower()
