# Copyright: (c) 2026, the hybrid_ai.cluster contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""`python -m tests.benchmarks.gateway_speaker PORT`: a backend whose chunks say when they were sent.

A request with "stream" gets "seed" chunks, RATE a second, and then nothing more; another one a whole answer.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from typing import TYPE_CHECKING

import uvloop

from tests.benchmarks.gateway_proxies import ANSWER

if TYPE_CHECKING:
    from asyncio import StreamReader, StreamWriter

RATE = 40
_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"


async def speak(reader: StreamReader, writer: StreamWriter) -> None:
    """Answer the requests of a connection."""
    try:
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            (length,) = [line[15:] for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
            asked = json.loads(await reader.readexactly(int(length)))
            if not asked.get("stream"):
                body = ANSWER.encode()
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n")
                writer.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
                continue
            writer.write(_HEAD)
            for number in range(asked["seed"]):
                data = b"data: %d\n\n" % time.monotonic_ns()
                writer.write(b"%x\r\n%s\r\n" % (len(data), data))
                if number + 1 < asked["seed"]:
                    await asyncio.sleep(1 / RATE)
            await reader.read()
            return
    except (asyncio.IncompleteReadError, ConnectionError):
        pass
    finally:
        writer.close()


async def _main(port: int) -> None:
    server = await asyncio.start_server(speak, "127.0.0.1", port, backlog=4096)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(_main(int(sys.argv[1])))
