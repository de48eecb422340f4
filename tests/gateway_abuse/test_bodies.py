# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Bodies that are huge, slow, deep or broken, from somebody whose key is good."""

from __future__ import annotations

import asyncio
import json

import pytest

from tests.gateway_abuse.conftest import LARGEST_MEGABYTES
from tests.sleeping_site.site import CHAT, asks, session
from tests.sleeping_site.wire import head, send, statuses

MEGABYTE = 1024 * 1024
LARGEST = LARGEST_MEGABYTES * MEGABYTE
# Of a model that sleeps, were it read.
MODEL = b'{"model":"small","messages":'


def filled(begin, unit, end=b""):
    """Return a body of nearly the largest size."""
    return begin + unit * ((LARGEST - 1000) // len(unit)) + end


BOMBS = {
    "lists in lists": (lambda: filled(MODEL, b"["), 413),
    "objects in objects": (lambda: filled(MODEL, b'{"a":'), 413),
    "a thousand lists": (lambda: MODEL + b"[" * 1000 + b"]" * 1000 + b"}", 400),
    "a hundred thousand lists": (lambda: MODEL + b"[" * 100_000, 400),
    "empty lists": (lambda: filled(MODEL + b"[", b"[],", b"[]]}"), 413),
    "empty objects": (lambda: filled(MODEL + b"[", b"{},", b"{}]}"), 413),
    "numbers": (lambda: filled(MODEL + b"[", b"1,", b"1]}"), 413),
    "one number": (lambda: filled(MODEL, b"1", b"}"), 400),
    "keys": (lambda: b"{" + b",".join(b'"%x":1' % n for n in range(LARGEST // 12)) + b"}", 413),
    "one key": (lambda: b"{" + filled(b"", b'"model":"small",') + b'"model":"small"}', 413),
    "halves of characters": (lambda: filled(MODEL + b'"', rb"\ud800", b'"}'), 400),
    "escapes without an end": (lambda: filled(MODEL + b'"', rb"\u0061"), 400),
    "quotes": (lambda: filled(MODEL, b'"'), 400),
    "backslashes without an end": (lambda: filled(MODEL + b'"', b"\\"), 400),
    "zeros": (lambda: filled(b"", b"\0"), 400),
    "no model": (lambda: filled(b'{"messages":"', b"a, ", b'"}'), 413),
    "a long name": (lambda: filled(b'{"model":"', b"small", b'"}'), 400),
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_body_that_is_dear_to_read_is_cheap_to_refuse(abused, name):
    body, status = BOMBS[name][0](), BOMBS[name][1]

    async def ask():
        async with session(abused.secrets["attacker"]) as client:
            for path in (CHAT, "/v1/messages", "/api/chat"):
                async with client.post(abused.url + path, data=body) as answer:
                    yield answer.status, await answer.json()

    async def all_of_them():
        return [found async for found in ask()]

    found = abused.run("attacker", all_of_them)
    assert [one for one, _ in found] == [status] * 3
    assert all("error" in value for _, value in found)


@pytest.mark.parametrize(
    "body",
    [
        *(b"", b"null", b"[]", b"{", b'{"model":"small"', b'{"model":"small"}}', b"\xff\xfe{}", b'{"model":["small"]}'),
        *(b'{"model":"small","model":"small"}', b'{"Model":"small"}', b'{"model":"small","x":NaN}', b"model=small"),
    ],
)
def test_bad_json_is_refused(abused, body):
    async def ask():
        async with session(abused.secrets["attacker"]) as client, client.post(abused.url + CHAT, data=body) as answer:
            return answer.status, (await answer.json())["error"]["type"]

    assert abused.run("attacker", ask) == (400, "invalid_request_error")


def test_what_is_announced_too_large_is_refused_before_it_comes(abused):
    async def ask(size):
        return await send(abused, head(abused.secrets["attacker"], f"Content-Length: {size}"), seconds=5)

    for size in (LARGEST + 1, 10**12, 10**18):
        said = abused.run("attacker", lambda size=size: ask(size))
        assert statuses(said) == [413], said


@pytest.mark.parametrize("known", [True, False])
def test_what_has_no_end_is_cut(abused, known):
    """In chunks, so that nobody knows how much comes; without a key nothing of it is even waited for."""
    chunk = b"100000\r\n" + b"a" * 0x100000 + b"\r\n"
    begin = head(abused.secrets["attacker"] if known else "hc-wrong", "Transfer-Encoding: chunked")

    async def ask():
        return await send(abused, begin, *[chunk] * (4 * LARGEST_MEGABYTES), seconds=8)

    assert statuses(abused.run("attacker", ask)) == [413 if known else 401]
    lines = [line for line in abused.lines() if line.get("status") in {401, 413}]
    assert lines[-1]["status"] == (413 if known else 401)
    assert lines[-1]["seconds"] < 5


def test_many_slow_bodies_take_no_room_from_others(abused):
    """Bodies of the largest size of which the end does not come, and a neighbour who has something long to say."""
    part = b"a" * (LARGEST - 2)
    begin = head(abused.secrets["attacker"], f"Content-Length: {LARGEST}")

    async def fill(end):
        async def one():
            _, writer = await asyncio.open_connection(abused.address, 8100)
            writer.write(begin + part)
            await end.wait()
            writer.close()

        await asyncio.gather(*(one() for _ in range(10)))

    async def all_of_it():
        end = asyncio.Event()
        filling = asyncio.create_task(fill(end))
        await asyncio.sleep(3)
        long = asks("steady", "b" * (LARGEST - 1000))
        async with session(abused.secrets["other"]) as client, client.post(abused.url + CHAT, json=long) as answer:
            found = answer.status, (await answer.json()).get("error", {})
        end.set()
        await filling
        return found

    status, error = abused.run("attacker", all_of_it)
    # The backend itself takes a megabyte.
    assert (status, error.get("code")) == (413, None)
    assert [line["error"] for line in abused.lines() if line.get("error") == "bodies_of_key_full"]


def test_hundreds_of_bodies_that_drip_keep_nobody_waiting(abused):
    begin = head(abused.secrets["attacker"], f"Content-Length: {len(json.dumps(asks('small')))}")

    async def ask():
        return await send(abused, begin, *[b" "] * 8, seconds=6, every=0.5)

    async def all_of_them():
        return await asyncio.gather(*(ask() for _ in range(300)))

    assert set(abused.run("attacker", all_of_them)) == {b""}
