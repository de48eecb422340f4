# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The relay on real sockets: through the cache while it answers, directly while it does not."""

from __future__ import annotations

import asyncio
import importlib.util
import subprocess
import sys
import time
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[3] / "roles/proxy_client/files/download_relay.py"


@pytest.fixture(scope="module")
def relay():
    """Return the program as a module."""
    specification = importlib.util.spec_from_file_location("download_relay", SOURCE)
    module = importlib.util.module_from_spec(specification)
    sys.modules["download_relay"] = module
    specification.loader.exec_module(module)
    return module


class Stage:
    """A relay, a cache that can be silent or gone, and a site."""

    def __init__(self, module) -> None:
        self.module = module
        self.seen: list[bytes] = []
        self.cache_answers = True
        self.probe_answer = b"HTTP/1.1 200 OK"

    async def serve(self, handler) -> tuple[asyncio.Server, int]:
        server = await asyncio.start_server(handler, "127.0.0.1", 0)
        return server, server.sockets[0].getsockname()[1]

    async def cache(self, reader, writer) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        if not self.cache_answers:
            await asyncio.sleep(60)
        status = b"HTTP/1.1 200 OK"
        if b"squid-internal-mgr" not in head:
            self.seen.append(head)
        else:
            status = self.probe_answer
        writer.write(status + b"\r\nContent-Length: 5\r\n\r\ncache")
        writer.close()

    async def site(self, reader, writer) -> None:
        self.seen.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nsite")
        writer.close()

    async def ask(self, port: int, request: bytes) -> bytes:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(request)
        answer = await asyncio.wait_for(reader.read(), 10)
        writer.close()
        return answer


def play(
    relay,
    monkeypatch,
    request_text: str,
    *,
    cache: str = "up",
    inside: tuple[str, ...] = (),
    probe_answer: str = "HTTP/1.1 200 OK",
    authority: str | None = None,
):
    """Ask the relay once and return what came back, and what the cache or the site was sent."""
    monkeypatch.setattr(relay, "PROBE_SECONDS", 0.3)

    async def main():
        stage = Stage(relay)
        stage.cache_answers = cache == "up"
        stage.probe_answer = probe_answer.encode()
        site, site_port = await stage.serve(stage.site)
        cache_server, cache_port = await stage.serve(stage.cache)
        if cache == "gone":
            cache_server.close()
            await cache_server.wait_closed()
        handler = relay.Relay(relay.Cache("127.0.0.1", cache_port, authority), relay.Destinations(list(inside)))
        server, port = await stage.serve(handler.serve)
        answer = await stage.ask(port, request_text.replace("SITE", f"localhost.test:{site_port}").encode())
        again = await stage.ask(port, b"GET / HTTP/1.1\r\n\r\n")
        for each in (site, cache_server, server):
            each.close()
        return answer, stage.seen, again

    real = asyncio.open_connection

    async def resolving(host, port, **named):
        return await real("127.0.0.1" if host == "localhost.test" else host, port, **named)

    monkeypatch.setattr(asyncio, "open_connection", resolving)
    return asyncio.run(main())


GET = "GET http://SITE/a?b=1 HTTP/1.1\r\nHost: SITE\r\nProxy-Connection: keep-alive\r\nConnection: keep-alive\r\n\r\n"
CONNECT = "CONNECT SITE HTTP/1.1\r\nHost: SITE\r\n\r\nGET / HTTP/1.1\r\n\r\n"


@pytest.mark.parametrize(
    ("request_text", "cache", "inside", "body", "way"),
    [
        pytest.param(GET, "up", (), b"cache", b"through the cache", id="through the cache"),
        pytest.param(GET, "gone", (), b"site", b"direct", id="the cache is gone"),
        pytest.param(GET, "silent", (), b"site", b"direct", id="the cache accepts and does not answer"),
        pytest.param(GET, "up", (".test",), b"site", b"through the cache", id="inside the cluster"),
        pytest.param(CONNECT, "up", (), b"cache", b"through the cache", id="tunnel through the cache"),
        pytest.param(CONNECT, "gone", (), b"site", b"direct", id="tunnel, the cache is gone"),
    ],
)
def test_the_way_taken(relay, monkeypatch, request_text, cache, *, inside, body, way):
    answer, seen, again = play(relay, monkeypatch, request_text, cache=cache, inside=inside)
    assert answer.endswith(body)
    assert len(seen) == 1
    assert way in again


@pytest.mark.parametrize(
    ("probe_answer", "fault"),
    [
        pytest.param("HTTP/1.1 503 Service Unavailable", "it answers with status 503", id="out of order"),
        pytest.param("HTTP/1.1 500 Internal Server Error", "it answers with status 500", id="an error of its own"),
        pytest.param("HTTP/1.1 403 Forbidden", "it answers with status 403", id="it does not know this host"),
        pytest.param("SSH-2.0-OpenSSH_9.2", "it answers like no proxy", id="somebody else"),
    ],
)
def test_a_cache_that_answers_and_does_not_serve_is_passed_by(relay, monkeypatch, probe_answer, fault):
    answer, _, again = play(relay, monkeypatch, GET, probe_answer=probe_answer)
    assert answer.endswith(b"site")
    assert f"direct, the cache is not used: {fault}".encode() in again


def authority(path: Path, days: int) -> str:
    """Make an authority that ends in some days."""
    words = ["-newkey", "rsa:2048", "-nodes", "-subj", "/CN=cache", "-addext", "basicConstraints=critical,CA:TRUE"]
    words += ["-days", str(days), "-keyout", str(path.with_suffix(".key")), "-out", str(path)]
    subprocess.run(["openssl", "req", "-x509", *words], check=True, capture_output=True)
    return str(path)


@pytest.mark.parametrize("request_text", [GET, CONNECT], ids=["GET", "CONNECT"])
def test_an_authority_that_has_ended_is_passed_by(relay, monkeypatch, tmp_path, request_text):
    good = authority(tmp_path / "good.pem", 2)
    answer, _, again = play(relay, monkeypatch, request_text, authority=good)
    assert answer.endswith(b"cache")
    assert b"through the cache" in again
    real = time.time
    monkeypatch.setattr(relay.time, "time", lambda: real() + 3 * 86400)
    answer, _, again = play(relay, monkeypatch, request_text, authority=good)
    assert answer.endswith(b"site")
    assert b"direct, the cache is not used: its authority has ended" in again


@pytest.mark.parametrize("content", [None, "", "no certificate\n"], ids=["missing", "empty", "damaged"])
def test_an_authority_that_cannot_be_read_is_passed_by(relay, monkeypatch, tmp_path, content):
    path = tmp_path / "ca.pem"
    if content is not None:
        path.write_text(content, encoding="utf-8")
    answer, _, again = play(relay, monkeypatch, GET, authority=str(path))
    assert answer.endswith(b"site")
    assert b"its authority cannot be read" in again


def test_the_cache_gets_the_request_as_it_is(relay, monkeypatch):
    _, seen, _ = play(relay, monkeypatch, GET)
    assert seen[0].startswith(b"GET http://localhost.test:")
    assert b"Proxy-Connection: keep-alive" in seen[0]


def test_a_site_gets_a_request_of_its_own(relay, monkeypatch):
    _, seen, _ = play(relay, monkeypatch, GET, cache="gone")
    start, *headers = seen[0].rstrip(b"\r\n").split(b"\r\n")
    assert start == b"GET /a?b=1 HTTP/1.1"
    assert [header.split(b":")[0] for header in headers] == [b"Host", b"Connection"]
    assert headers[-1] == b"Connection: close"


@pytest.mark.parametrize(
    ("request_text", "status", "words"),
    [
        pytest.param("nonsense\r\n\r\n", b"400", b"This is a proxy", id="no request"),
        pytest.param("GET ftp://x/ HTTP/1.1\r\n\r\n", b"400", b"This is a proxy", id="another protocol"),
        pytest.param("GET http://127.0.0.1:1/ HTTP/1.1\r\n\r\n", b"502", b"127.0.0.1:1 cannot be reached", id="nobody"),
        pytest.param("GET / HTTP/1.1\r\n\r\n", b"200", b"Downloads go direct", id="itself"),
    ],
)
def test_answers_of_its_own(relay, monkeypatch, request_text, status, words):
    answer, seen, _ = play(relay, monkeypatch, request_text, cache="gone")
    assert answer.split(b" ")[1] == status
    assert words in answer
    assert seen == []


@pytest.mark.parametrize(
    ("host", "has"),
    [
        pytest.param("10.66.1.10", True, id="address"),
        pytest.param("grafana.olab", True, id="name"),
        pytest.param("GRAFANA.OLAB", True, id="name in capitals"),
        pytest.param("olab1", True, id="short name"),
        pytest.param("10.67.1.10", False, id="other address"),
        pytest.param("site.example", False, id="other name"),
        pytest.param("2001:db8::1", False, id="IPv6"),
    ],
)
def test_what_is_inside(relay, host, has):
    assert relay.Destinations([".olab", "10.66.1.0/24"]).has(host) is has


def test_a_dead_cache_is_asked_once_for_all_who_come(relay):
    async def main() -> int:
        probes = 0

        class Dead(relay.Cache):
            async def _find_fault(self) -> str:
                nonlocal probes
                probes += 1
                await asyncio.sleep(0.05)
                return "it does not answer"

        cache = Dead("127.0.0.1", 1)
        assert await asyncio.gather(*(cache.is_usable() for _ in range(20))) == [False] * 20
        return probes

    assert asyncio.run(main()) == 1
