# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""AdGuard Home in a directory of its own: the stand-in, or the real program that ADGUARD_HOME_PROGRAM names."""

from __future__ import annotations

import base64
import json
import os
import socket
import struct
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from ansible_collections.hybrid_ai.cluster.plugins.module_utils import _dns_query

from lab.standins.adguard_home import archive

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ADDRESS = "127.0.0.1"
PASSWORD = "correct horse battery"
# Of the password above, made once.
HASH = "$2b$04$JqSfi5jgmCkUvIYteD.PwOF7JvKN/6PYcAl5Fv9x2QlVOolxKn6o2"
POINTER = "||11.1.66.10.in-addr.arpa^$dnsrewrite=NOERROR;PTR;olab1.olab."


@dataclass
class Home:
    """The program, a directory of its own, and ports nobody else has."""

    command: list[str]
    directory: Path
    dns_port: int
    web_port: int
    upstream: str
    process: subprocess.Popen[bytes] | None = None
    log: list[str] = field(default_factory=list)

    @property
    def path(self) -> Path:
        return self.directory / "AdGuardHome.yaml"

    def minimal(self, **changes: Any) -> dict[str, Any]:
        """Return the smallest file that needs no wizard."""
        return {
            "schema_version": 34,
            "http": {"address": f"{ADDRESS}:{self.web_port}"},
            "users": [{"name": "admin", "password": HASH}],
            "dns": {
                "bind_hosts": [ADDRESS],
                "port": self.dns_port,
                "upstream_dns": [self.upstream],
                "bootstrap_dns": [ADDRESS],
                "ratelimit": 0,
                "use_private_ptr_resolvers": False,
                **changes.pop("dns", {}),
            },
            "filters": [],
            "user_rules": [POINTER],
            "filtering": {
                "rewrites": [
                    {"domain": "olab1.olab", "answer": "10.66.1.11", "enabled": True},
                    {"domain": "exo.olab", "answer": "10.66.1.11", "enabled": True},
                    {"domain": "exo.olab", "answer": "10.66.1.12", "enabled": True},
                    {"domain": "*.wild.olab", "answer": "10.66.1.13", "enabled": True},
                ]
            },
            **changes,
        }

    def write(self, content: dict[str, Any] | str) -> None:
        self.directory.mkdir(exist_ok=True)
        self.path.write_text(content if isinstance(content, str) else yaml.safe_dump(content, sort_keys=False))

    def read(self) -> dict[str, Any]:
        found: dict[str, Any] = yaml.safe_load(self.path.read_text())
        return found

    def check(self) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*self.command, "--check-config", "-c", str(self.path), "-w", str(self.directory)],
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )

    def start(self) -> None:
        self.process = subprocess.Popen(
            [*self.command, "--no-check-update", "-c", str(self.path), "-w", str(self.directory)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            try:
                self.ask("olab1.olab", timeout=0.5)
                self.get("status")
            except (_dns_query.DnsError, OSError):
                time.sleep(0.1)
            else:
                return
        raise AssertionError("the program does not answer")

    def stop(self) -> None:
        if self.process:
            self.process.terminate()
            self.process.wait(20)
            self.process = None

    def ask(self, name: str, kind: str = "A", **named: Any) -> _dns_query.DnsAnswer:
        return _dns_query.ask(ADDRESS, name, kind, **named)

    def get(self, path: str, password: str | None = PASSWORD) -> tuple[int, Any]:
        return self._request(path, None, password)

    def post(self, path: str, body: Any, password: str | None = PASSWORD) -> tuple[int, Any]:
        return self._request(path, json.dumps(body).encode(), password)

    def _request(self, path: str, body: bytes | None, password: str | None) -> tuple[int, Any]:
        request = urllib.request.Request(f"http://{ADDRESS}:{self.web_port}/control/{path}", data=body)
        request.add_header("Content-Type", "application/json")
        if password is not None:
            token = base64.b64encode(f"admin:{password}".encode()).decode()
            request.add_header("Authorization", f"Basic {token}")
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(request, timeout=5) as response:
                text = response.read()
                return response.status, json.loads(text) if text.strip().startswith((b"{", b"[")) else None
        except urllib.error.HTTPError as error:
            return error.code, None


IDENTIFIER = 4660


def start_with(home: Home, *rewrites: dict[str, Any]) -> None:
    """Start with these rewrites, and the one that is asked for to see that it answers."""
    content = home.minimal()
    content["filtering"]["rewrites"].extend(rewrites)
    home.write(content)
    home.start()


def exchange(home: Home, name: str, kind: str | int, size: int | None = None) -> bytes:
    """Return the datagram that answers a question, which may say how long that may be (EDNS)."""
    query = _dns_query.encode(IDENTIFIER, name, kind if isinstance(kind, str) else "A")
    if isinstance(kind, int):
        query = query[:-4] + struct.pack("!2H", kind, 1)
    if size is not None:
        query = query[:10] + struct.pack("!H", 1) + query[12:] + b"\0" + struct.pack("!HHIH", 41, size, 0, 0)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.settimeout(5)
        client.sendto(query, (ADDRESS, home.dns_port))
        return client.recv(65535)


def free_port() -> int:
    """Return a port that is free for both protocols: DNS wants the same one twice."""
    for _ in range(100):
        with (
            socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one,
            socket.socket(socket.AF_INET, socket.SOCK_STREAM) as other,
        ):
            one.bind((ADDRESS, 0))
            port: int = one.getsockname()[1]
            try:
                other.bind((ADDRESS, port))
            except OSError:
                continue
            return port
    raise AssertionError("no port is free for both protocols")


@pytest.fixture(scope="session")
def command(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    real = os.environ.get("ADGUARD_HOME_PROGRAM")
    if real:
        return [real]
    path = tmp_path_factory.mktemp("stand-in") / "AdGuardHome"
    path.write_bytes(archive.program(sys.executable))
    return [sys.executable, "-I", str(path)]


@pytest.fixture
def asked() -> list[str]:
    """The names that the upstream was asked for."""
    return []


@pytest.fixture
def upstream(asked: list[str]) -> Iterator[str]:
    """Somebody to ask for other names: answers every A question with 192.0.2.7, and knows nothing else."""
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind((ADDRESS, 0))

    def serve() -> None:
        while True:
            try:
                query, client = server.recvfrom(512)
            except OSError:
                return
            end = query.index(b"\0", 12) + 5
            asked.append(_dns_query._name(query, 12)[0].lower())
            if query[end - 4 : end - 2] != b"\0\x01":
                server.sendto(query[:2] + b"\x81\x83\0\1\0\0\0\0\0\0" + query[12:end], client)
                continue
            answer = query[:2] + b"\x81\x80\0\1\0\1\0\0\0\0" + query[12:end]
            server.sendto(answer + b"\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4\xc0\0\2\7", client)

    threading.Thread(target=serve, daemon=True).start()
    yield f"{ADDRESS}:{server.getsockname()[1]}"
    server.close()


@pytest.fixture
def home(command: list[str], tmp_path: Path, upstream: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Home]:
    port = free_port()
    monkeypatch.setattr(_dns_query, "PORT", port)
    found = Home(command, tmp_path / "home", port, free_port(), upstream)
    yield found
    found.stop()


@pytest.fixture
def running(home: Home) -> Home:
    home.write(home.minimal())
    home.start()
    return home
