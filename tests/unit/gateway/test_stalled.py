# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""A client that asks for a stream and takes nothing of it keeps no place for long."""

from __future__ import annotations

import asyncio
import json
import socket

from hybrid_cluster.gateway import asking
from tests.unit.gateway.fakes import CHAT_PATH, CHAT_STREAM, FIRST, STREAM, Backend, run, running

LONG_ANSWER = [*FIRST * 100_000, *CHAT_STREAM]


def test_a_place_is_free_again_when_a_client_takes_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr(asking, "STALLED_SECONDS", 0.5)

    async def scenario():
        backend = Backend(LONG_ANSWER)
        async with running(tmp_path, ("llama_cpp", backend), slots=1) as gate:
            client = socket.socket()
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            client.setblocking(False)
            loop, body = asyncio.get_running_loop(), json.dumps(STREAM)
            await loop.sock_connect(client, gate.gateway.addresses[0])
            head = f"POST {CHAT_PATH} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {gate.secret}\r\n"
            await loop.sock_sendall(client, f"{head}Content-Length: {len(body)}\r\n\r\n{body}".encode())
            await backend.left.wait()
            backend.answer = CHAT_STREAM
            _, raw = await gate.stream(CHAT_PATH, STREAM)
            assert raw.endswith(b"data: [DONE]\n\n")
            assert [line.get("error") for line in gate.lines()] == ["client_left", None]
            client.close()

    run(scenario())
