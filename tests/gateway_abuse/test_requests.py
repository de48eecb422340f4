# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Requests that are not what they seem: smuggled ones, odd paths and hosts, wrong keys and unknown models."""

from __future__ import annotations

import asyncio
import itertools
import json
import time
from collections import Counter

import pytest

from tests.sleeping_site.site import CHAT, asks, session
from tests.sleeping_site.wire import head, send, statuses

BODY = json.dumps(asks("small")).encode()
# Each hides a request in another one, if two readers of it differ about where that ends.
SMUGGLED = {
    "two lengths": ("Content-Length: 0\r\nContent-Length: {length}", "{inner}"),
    "two lengths in one": ("Content-Length: 0, {length}", "{inner}"),
    "length and chunks": ("Content-Length: {length}\r\nTransfer-Encoding: chunked", "0\r\n\r\n{inner}"),
    "chunks and length": ("Transfer-Encoding: chunked\r\nContent-Length: {length}", "0\r\n\r\n{inner}"),
    "odd chunks": ("Content-Length: {length}\r\nTransfer-Encoding: xchunked", "0\r\n\r\n{inner}"),
    "chunks twice": ("Content-Length: {length}\r\nTransfer-Encoding: chunked, chunked", "0\r\n\r\n{inner}"),
    "chunks and identity": ("Content-Length: {length}\r\nTransfer-Encoding: chunked, identity", "0\r\n\r\n{inner}"),
    "a space before the colon": ("Content-Length: {length}\r\nTransfer-Encoding : chunked", "0\r\n\r\n{inner}"),
    "a tab before the word": ("Content-Length: {length}\r\nTransfer-Encoding:\tchunked", "0\r\n\r\n{inner}"),
    "a folded line": ("Content-Length: {length}\r\nX: a\r\n Transfer-Encoding: chunked", "0\r\n\r\n{inner}"),
    "a bare line end": ("Content-Length: {length}\r\nX: a\nTransfer-Encoding: chunked", "0\r\n\r\n{inner}"),
    "a bare return": ("Content-Length: {length}\r\nX: a\rTransfer-Encoding: chunked", "0\r\n\r\n{inner}"),
    "a zero": ("Content-Length: {length}\r\nX: a\x00\r\nTransfer-Encoding: chunked", "0\r\n\r\n{inner}"),
    "a plus": ("Content-Length: +0", "{inner}"),
    "minus": ("Content-Length: -1", "{inner}"),
    "hexadecimal": ("Content-Length: 0x0", "{inner}"),
    "too long a number": ("Content-Length: 18446744073709551616", "{inner}"),
    "a long chunk": ("Transfer-Encoding: chunked", "10000000000000000\r\n{inner}"),
    "an odd chunk": ("Transfer-Encoding: chunked", "0 ;a\n\r\n{inner}"),
    "a trailer": ("Transfer-Encoding: chunked", "0\r\nContent-Length: 5\r\n\r\n{inner}"),
    "an upgrade": ("Connection: Upgrade\r\nUpgrade: h2c\r\nContent-Length: 0", "{inner}"),
    "a tunnel": ("Connection: Upgrade\r\nUpgrade: websocket\r\nContent-Length: 0", "{inner}"),
    "a hop": ("Connection: close, Authorization, Content-Length\r\nContent-Length: {length}", "{inner}"),
    "expectations": ("Expect: 100-continue\r\nContent-Length: {length}", "{inner}"),
}


@pytest.mark.parametrize("name", SMUGGLED)
@pytest.mark.parametrize("path", ["/v1/models", "/api/show"])
def test_no_request_hides_in_another_one(abused, name, path):
    """Whatever the gateway was asked, the one who asked was answered, and nobody else."""
    headers, text = SMUGGLED[name]
    hidden = text.format(inner=head(abused.secrets["attacker"], line="GET /v1/models HTTP/1.1").decode())
    line = f"{'GET' if path == '/v1/models' else 'POST'} {path} HTTP/1.1"
    raw = head("hc-wrong", headers.format(length=len(hidden)), line=line) + hidden.encode()

    def asked():
        return [line for line in abused.lines() if "request" in line and line.get("key") != "neighbour"]

    before = len(asked())

    async def ask():
        return await send(abused, raw, seconds=1)

    found = statuses(abused.run("attacker", ask))
    assert found, "it is answered"
    assert found[0] >= 400
    assert len(asked()) - before <= len(found) <= 2


METHODS = ("GET", "TRACE", "CONNECT", "OPTIONS", "PUT", "PATCH", "post", "PRI", "G\x00T")
VERSIONS = ("HTTP/0.9", "HTTP/1.0", "HTTP/2.0", "HTTP/9.9", "ICY/1.0", "")
PATHS = [
    *("//v1/chat/completions", "/./v1/chat/completions", "/x/../v1/chat/completions", "/v1/chat/completions/"),
    *("/v1/chat/completions%00", "/v1/chat/completions%2f", "/v1%2fchat/completions", "/v1/chat/completions;x"),
    *("/V1/CHAT/COMPLETIONS", "/v1/chat\\completions", "http://10.67.9.2:8080/v1/chat/completions"),
    *("http://box/../v1/chat/completions", "*", "/%2e%2e/v1/chat/completions", "/v1/chat/completions#x", "/\tv1"),
    *("/v1/models/../chat/completions", "/slots/../v1/chat/completions", "/api/blobs/..%2f..%2fetc%2fpasswd"),
    *("/models/load", "/api/pull", "/instance/a", "/place_instance", "/sleep", "/wake_up", "/props", "/admin/v1/wake"),
    *("/admin/v1/load", "/admin/v1/keys/create", "/v1/../admin/v1/state", "/metrics", "/-/gateway", "/" + "a" * 20_000),
]


def test_no_other_path_leads_to_a_model(abused):
    async def ask(path):
        line = f"POST {path} HTTP/1.1"
        raw = head(abused.secrets["attacker"], f"Content-Length: {len(BODY)}", "Connection: close", line=line) + BODY
        return statuses(await send(abused, raw, seconds=5))

    async def all_of_them():
        return {path: await ask(path) for path in PATHS}

    found = abused.run("attacker", all_of_them)
    assert {path: said for path, said in found.items() if len(said) != 1 or not 400 <= said[0] < 500} == {}


@pytest.mark.parametrize(
    "host",
    ["10.67.9.2:8080", "box", "127.0.0.1:8101", "127.0.0.1:8102", "a\r\nHost: box", "a, box", "", "a" * 9000, "a@b"],
)
def test_a_host_is_not_listened_to(abused, host):
    async def ask():
        raw = head(abused.secrets["attacker"], "Connection: close", line="GET /v1/models HTTP/1.1", host=host)
        return await send(abused, raw, seconds=5)

    said = abused.run("attacker", ask)
    (status,) = statuses(said)
    assert status in {200, 400}
    assert status == 400 or [one["id"] for one in json.loads(said.rpartition(b"\r\n\r\n")[2])["data"]] == [
        *("small", "other", "steady")
    ]


def test_no_other_method_or_version_leads_to_a_model(abused):
    async def ask(method, version):
        raw = head(abused.secrets["attacker"], f"Content-Length: {len(BODY)}", line=f"{method} {CHAT} {version}") + BODY
        return statuses(await send(abused, raw, seconds=2))

    async def all_of_them():
        lines = list(itertools.product(METHODS, VERSIONS))
        return list(zip(lines, await asyncio.gather(*(ask(*line) for line in lines)), strict=True))

    found = abused.run("attacker", all_of_them)
    assert [(line, said) for line, said in found if not all(400 <= status < 600 for status in said)] == []


def test_heads_that_are_huge_are_refused(abused):
    many = [f"X-{number}: {'a' * 50}" for number in range(5000)]
    for headers in (["X: " + "a" * 100_000], many, ["Authorization: Bearer " + "a" * 8000]):

        async def ask(headers=headers):
            return await send(abused, head(None, *headers, line="GET /v1/models HTTP/1.1"), seconds=3)

        assert all(400 <= status < 500 for status in statuses(abused.run("attacker", ask)))


def test_models_that_nobody_knows_leave_nothing(abused):
    """Neither a host that wakes nor a series of its own in the metrics."""
    before = abused.figures().count("\n")

    async def ask():
        async with session(abused.secrets["attacker"]) as client:
            for begin in range(0, 1000, 50):
                names = [f"small-{number}" for number in range(begin, begin + 50)]
                for name in [*names, "small\n", " small", "SMALL", "small/../other", "box", "small:latest:latest"]:
                    async with client.post(abused.url + CHAT, json=asks(name)) as answer:
                        yield answer.status

    async def all_of_them():
        return Counter([status async for status in ask()])

    found = abused.run("attacker", all_of_them)
    assert set(found) == {400, 404}, found
    assert abused.figures().count("\n") - before <= 4


def test_a_thousand_wrong_keys_a_second(abused):
    """Of one address; the same key is good elsewhere, and here again soon."""

    async def guess(client, end, found):
        while time.monotonic() < end:
            key = f"Bearer hc-{len(found):040d}"
            async with client.post(abused.url + CHAT, json=asks("small"), headers={"Authorization": key}) as answer:
                found.append(answer.status)

    async def all_of_them():
        found = []
        async with session("hc-wrong") as client:
            end = time.monotonic() + 4
            await asyncio.gather(*(guess(client, end, found) for _ in range(30)))
        return Counter(found)

    before = len(abused.lines())
    found = abused.run("attacker2", all_of_them)
    assert set(found) == {401, 429}
    assert found.total() > 1000
    # What reaches the gateway, which has other things to do: a hundred, and what was on its way then.
    refused = [line for line in abused.lines()[before:] if line.get("status") == 401]
    assert len(refused) == found[401] < 250

    async def once():
        async with session(abused.secrets["other"]) as client, client.get(abused.url + "/v1/models") as answer:
            return answer.status

    assert abused.run("attacker3", once) == 200
    assert abused.run("attacker2", once) == 429
