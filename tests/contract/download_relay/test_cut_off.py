# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The management node loses its power in the middle of downloads: they end within seconds, and none looks whole.

The cache is in another network, behind a cable that is cut: nobody ends its connections or answers for it.
"""

from __future__ import annotations

import contextlib
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.contract.networks import own_network
from tests.unit.roles.test_download_relay import SOURCE

if TYPE_CHECKING:
    from collections.abc import Iterator

HERE, THERE, CACHE_PORT, RELAY_PORT = "10.66.1.11", "10.66.1.10", 3128, 3127
# Keepalive of the relay, and some time for a busy machine.
SECONDS, GIVEN_UP_SECONDS = 30, 60
# A cache whose downloads never end, one of them without a length, and which takes whatever it is sent.
CACHE = f"""
import socket, threading, time

def serve(connection):
    head = connection.recv(65536)
    if b"squid-internal-mgr" in head:
        connection.sendall(b"HTTP/1.1 200 OK\\r\\nContent-Length: 0\\r\\n\\r\\n")
        connection.close()
        return
    length = b"Content-Length: 1000000000\\r\\n" if b"with-length" in head else b""
    connection.sendall(b"HTTP/1.1 200 OK\\r\\n" + length + b"\\r\\n")
    if b"upload" in head:
        while connection.recv(65536):
            pass
    while True:
        connection.sendall(b"part")
        time.sleep(0.2)

server = socket.create_server(("{THERE}", {CACHE_PORT}))
print("ready", flush=True)
while True:
    threading.Thread(target=serve, args=(server.accept()[0],), daemon=True).start()
"""


@contextlib.contextmanager
def running(*argv: str, **named: int) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(argv, text=True, **named)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


@pytest.fixture
def there() -> Iterator[list[str]]:
    """Have a relay here and a cache in another network; return the words that run something there."""
    with own_network(), running("unshare", "--net", "sleep", "infinity") as other:
        place = Path(f"/proc/{other.pid}/ns/net")
        while place.samefile("/proc/thread-self/ns/net"):
            time.sleep(0.05)
        enter = ["nsenter", f"--net={place}"]
        commands = [
            ["ip", "link", "add", "here", "type", "veth", "peer", "name", "there", "netns", str(other.pid)],
            ["ip", "address", "add", f"{HERE}/24", "dev", "here"],
            ["ip", "link", "set", "here", "up"],
            [*enter, "ip", "address", "add", f"{THERE}/24", "dev", "there"],
            [*enter, "ip", "link", "set", "there", "up"],
        ]
        for command in commands:
            subprocess.run(command, check=True)
        relay = [sys.executable, str(SOURCE), "--serve", f"{RELAY_PORT}={THERE}:{CACHE_PORT}"]
        with (
            running(*enter, sys.executable, "-c", CACHE, stdout=subprocess.PIPE) as cache,
            running(*relay),
        ):
            assert cache.stdout
            assert cache.stdout.readline() == "ready\n"
            yield enter


def connect() -> socket.socket:
    deadline = time.monotonic() + 20
    while True:
        try:
            return socket.create_connection(("127.0.0.1", RELAY_PORT), timeout=GIVEN_UP_SECONDS)
        except ConnectionRefusedError:
            assert time.monotonic() < deadline, "the relay does not listen"
            time.sleep(0.1)


def begin(request: str) -> socket.socket:
    """Begin something through the relay, and return once it is under way."""
    connection = connect()
    connection.sendall(request.encode())
    answer = b""
    while b"\r\n\r\n" not in answer:
        part = connection.recv(65536)
        assert part, answer
        answer += part
    return connection


def end(connection: socket.socket, *, sending: bool) -> tuple[str, float]:
    """Go on with it, and return how it ended and after how many seconds."""
    start = time.monotonic()
    try:
        while time.monotonic() - start < GIVEN_UP_SECONDS:
            if sending:
                connection.sendall(b"part")
                time.sleep(0.2)
            elif not connection.recv(65536):
                return "end of file", time.monotonic() - start
        return "it goes on", time.monotonic() - start
    except OSError as error:
        return type(error).__name__, time.monotonic() - start
    finally:
        connection.close()


REQUESTS = {
    "with a length": ("GET http://site.example/with-length HTTP/1.1\r\nHost: site.example\r\n\r\n", False),
    "without a length": ("GET http://site.example/ HTTP/1.1\r\nHost: site.example\r\n\r\n", False),
    "tunnel": ("CONNECT site.example:443 HTTP/1.1\r\n\r\n", False),
    "upload": ("POST http://site.example/upload HTTP/1.1\r\nHost: site.example\r\n\r\n", True),
}


def test_what_is_under_way_ends_within_seconds_and_does_not_look_whole(there: list[str]) -> None:
    begun = {kind: (begin(request), sending) for kind, (request, sending) in REQUESTS.items()}
    subprocess.run([*there, "ip", "link", "set", "there", "down"], check=True)
    with ThreadPoolExecutor(len(begun)) as pool:
        waiting = {kind: pool.submit(end, one, sending=sending) for kind, (one, sending) in begun.items()}
        ended = {kind: future.result() for kind, future in waiting.items()}
    assert {kind: seconds for kind, (_, seconds) in ended.items() if seconds > SECONDS} == {}
    ways = {kind: how for kind, (how, _) in ended.items()}
    assert ways.pop("upload") in {"ConnectionResetError", "BrokenPipeError"}
    assert set(ways.values()) == {"ConnectionResetError"}
