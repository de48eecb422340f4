# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""One connection between two nodes: a handshake keyed by the namespace, then length-prefixed JSON."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import hmac
import json
import os
import struct
import time
from typing import Any

from . import clock

DEFAULT_NAMESPACE = "v0.0.1"
_NONCE_SIZE = 24
_MAXIMUM_FRAME = 16 * 1024 * 1024


class RefusedError(Exception):
    """The other end is of another namespace, or is not a node at all."""


def private_network_key(namespace: str) -> bytes:
    """Return the key both ends must share; without it nothing is even said."""
    return hashlib.sha3_256(b"exo_discovery_network" + namespace.encode()).digest()


class Link:
    """A connection that finished its handshake."""

    def __init__(
        self, peer: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, address: str, *, outgoing: bool
    ) -> None:
        self.peer, self.address, self.outgoing = peer, address, outgoing
        self._reader, self._writer = reader, writer
        self.last_received = time.monotonic()

    @classmethod
    async def open(
        cls,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        node_id: str,
        key: bytes,
        *,
        outgoing: bool,
    ) -> Link:
        """Shake hands: each end proves the shared key over the other's random number."""
        try:
            async with asyncio.timeout(clock.network_timeout(clock.DIAL_INTERVAL)):
                nonce = os.urandom(_NONCE_SIZE)
                writer.write(nonce)
                challenge = await reader.readexactly(_NONCE_SIZE)
                proof = hmac.digest(key, challenge + node_id.encode(), "sha3_256").hex()
                writer.write(_frame({"node": node_id, "proof": proof}))
                hello = await _read_frame(reader)
        except (TimeoutError, OSError, ValueError, asyncio.IncompleteReadError) as error:
            raise RefusedError("no handshake") from error
        peer = str(hello.get("node"))
        expected = hmac.digest(key, nonce + peer.encode(), "sha3_256").hex()
        if not hmac.compare_digest(expected, str(hello.get("proof"))):
            raise RefusedError("another namespace")
        address = (writer.get_extra_info("peername") or ("",))[0]
        return cls(peer, reader, writer, address, outgoing=outgoing)

    def send(self, frame: bytes) -> None:
        """Queue an encoded message."""
        if not self._writer.is_closing():
            self._writer.write(frame)

    async def receive(self) -> dict[str, Any]:
        """Return the next message; raise when the connection is over."""
        message = await _read_frame(self._reader)
        self.last_received = time.monotonic()
        return message

    def close(self) -> None:
        """End the connection without waiting for the other end."""
        with contextlib.suppress(OSError, RuntimeError):
            self._writer.transport.abort()


def encode(message: dict[str, Any]) -> bytes:
    """Encode one message for any number of links."""
    return _frame(message)


def _frame(message: dict[str, Any]) -> bytes:
    """Prefix the message with its length."""
    data = json.dumps(message, separators=(",", ":")).encode()
    return struct.pack(">I", len(data)) + data


async def _read_frame(reader: asyncio.StreamReader) -> dict[str, Any]:
    """Read one message."""
    (size,) = struct.unpack(">I", await reader.readexactly(4))
    if size > _MAXIMUM_FRAME:
        raise ValueError("oversized message")
    message = json.loads(await reader.readexactly(size))
    if not isinstance(message, dict):
        raise ValueError("not a message")
    return message
