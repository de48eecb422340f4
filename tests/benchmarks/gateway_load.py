# Copyright: (c) 2026, the hybrid_ai.cluster contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Clients of the benchmark of the gateway: many requests one after the other, and streams."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tests.benchmarks.gateway_proxies import MODEL, OTHERS, PATH, SECRET
from tests.benchmarks.gateway_speaker import RATE

if TYPE_CHECKING:
    from tests.benchmarks.gateway_proxies import Proxy

SECONDS, CLIENTS = 3, 32
_STREAMS, _CHUNKS = 20, 5 * RATE
_PATIENCE = 60
"""Seconds for an answer of the slowest."""
_SCRIPT = """\
wrk.method = "POST"
wrk.headers["Authorization"] = "Bearer {secret}"
wrk.headers["Content-Type"] = "application/json"
wrk.body = io.open("{body}"):read("*a")
done = function(summary, latency)
  local errors = summary.errors
  local wrong = errors.connect + errors.read + errors.write + errors.status + errors.timeout
  io.write(string.format("found %d %d %d %d %d\\n", summary.requests, summary.duration, wrong,
    latency:percentile(50), latency:percentile(99)))
end
"""


@dataclass(frozen=True)
class Load:
    """What came of some seconds of requests."""

    rate: float
    """Requests a second."""
    p50: float
    """Microseconds; so are the next two."""
    p99: float
    cpu: float
    """Processor time of the proxy for each request."""


def body(size: int) -> bytes:
    """Return a request of about so many bytes, as clients write it: the model comes first."""
    text = "The quick brown fox jumps over the lazy dog. "
    value = {"model": MODEL, "messages": [{"role": "user", "content": ""}], "temperature": 0.7}
    left = size - len(json.dumps(value))
    value["messages"] = [{"role": "user", "content": (text * (left // len(text) + 1))[:left]}]
    return json.dumps(value).encode()


def run(proxy: Proxy, size: int) -> Load:
    """Ask as fast as it answers."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "body").write_bytes(body(size))
        (folder / "ask.lua").write_text(_SCRIPT.format(secret=SECRET, body=folder / "body"))
        words = [
            *OTHERS,
            "wrk",
            "-t1",
            f"-c{CLIENTS}",
            f"-d{SECONDS}s",
            "--timeout",
            f"{_PATIENCE}s",
            "-s",
            str(folder / "ask.lua"),
            proxy.url,
        ]
        before = _processor(proxy)
        said = subprocess.run(words, capture_output=True, text=True, check=True).stdout
        used = _processor(proxy) - before
    found = re.search(r"found (\d+) (\d+) (\d+) (\d+) (\d+)", said)
    if found is None or int(found[3]) or not int(found[1]):
        sys.exit(f"Requests to {proxy.url} failed: {said}")
    requests, microseconds, _, p50, p99 = map(int, found.groups())
    return Load(requests / microseconds * 1e6, p50, p99, used / requests * 1e6)


def _processor(proxy: Proxy) -> float:
    """Return the seconds of processor time of its processes so far."""
    ticks = 0
    for pid in proxy.processes:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def _megabytes(proxy: Proxy) -> float:
    sizes = (re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{pid}/status").read_text()) for pid in proxy.processes)
    return sum(int(size[1]) for size in sizes if size) / 1024


async def _ask(port: int, chunks: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    asked = json.dumps(
        {"model": MODEL, "messages": [{"role": "user", "content": "hi"}], "stream": True, "seed": chunks}
    )
    head = f"POST {PATH} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {SECRET}\r\nContent-Length: {len(asked)}\r\n\r\n"
    writer.write(head.encode() + asked.encode())
    status = await reader.readline()
    if b" 200 " not in status:
        sys.exit(f"A stream was refused: {status!r}")
    return reader, writer


async def _listen(port: int, delays: list[float]) -> None:
    reader, writer = await _ask(port, _CHUNKS)
    heard = 0
    while heard < _CHUNKS:
        line = await reader.readline()
        if line.startswith(b"data: "):
            delays.append((time.monotonic_ns() - int(line[6:])) / 1e9)
            heard += 1
        elif not line:
            sys.exit("A stream ended too early.")
    writer.close()


async def _late(port: int) -> float:
    """Return after how many seconds 99 of 100 chunks have come."""
    delays: list[float] = []
    await asyncio.gather(*(_listen(port, delays) for _ in range(_STREAMS)))
    return sorted(delays)[int(0.99 * len(delays))]


async def chunk_delays(straight: int, proxy: Proxy) -> tuple[float, float]:
    """Return how late chunks are straight from the backend, and through a proxy, in seconds."""
    return await _late(straight), await _late(proxy.port)


async def idle(proxy: Proxy, streams: int) -> float:
    """Return how much memory a proxy has in megabytes while so many streams wait for their next word."""
    opened = []
    for _ in range(streams // 50):
        opened += await asyncio.gather(*(_ask(proxy.port, 1) for _ in range(50)))
    await asyncio.sleep(2)
    found = _megabytes(proxy)
    for _, writer in opened:
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()
    return found
