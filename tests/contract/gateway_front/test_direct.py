# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What HAProxy passes on by itself, and what is the gateway's."""

from __future__ import annotations

import asyncio
import gzip
import json

import pytest

from hybrid_cluster.gateway.keys import Limits
from tests.contract.gateway_front.front import ASK
from tests.unit.gateway.fakes import CHAT, CHAT_STREAM, Backend, run


def test_a_request_that_needs_no_change_goes_past_the_gateway(direct):
    async def scenario():
        async with direct(backend := Backend(CHAT)) as (gate, front):
            gate.log.clear()
            backend.asked.clear()
            headers = {"Cookie": "c", "X-Conversation-Id": "x", "Origin": "http://elsewhere", "Accept-Encoding": "gzip"}
            async with front.ask(headers=headers) as response:
                assert response.status == 200
                assert await response.json() == CHAT
                assert len(response.headers["X-Request-Id"]) > 10
                assert "Server" not in response.headers
            (asked,) = backend.asked
            assert asked.fields == ASK
            assert {name.lower() for name in asked.headers} == {
                *("host", "content-type", "content-length", "authorization"),
            }
            assert asked.headers["Authorization"] == "Bearer backend-key"
            assert asked.headers["Host"] == f"127.0.0.1:{front.port}"
            assert gate.log == []

    run(scenario())


def spell(name):
    """Return what two readers may take for another model than the one that is named first."""
    return f'"messages":[{{"role":"user","content":"hi"}}],{name}'.encode()


REFUSED = {
    "twice": b'{"model":"public",%s:"other"}' % spell('"model"'),
    "twice, the other way round": b'{"model":"other",%s:"public"}' % spell('"model"'),
    "on another line": b'{"model":"public",\n%s\n:"other"}' % spell('"model"'),
    "with an escape": b'{"model":"public",%s:"other"}' % spell(r'"mod\u0065l"'),
    "with another escape": b'{"model":"public",%s:"other"}' % spell(r'"\u006D\u006f\u0064\u0065\u006C"'),
    "in capitals": b'{"model":"public",%s:"other"}' % spell('"Model"'),
    "in capitals with an escape": b'{"model":"public",%s:"other"}' % spell(r'"mod\u0045L"'),
    "behind a zero byte": b'{"model":"public","x":"\0",%s:"other"}' % spell('"model"'),
    "in UTF-16": '{"model":"public","model":"other"}'.encode("utf-16-le"),
    "no text": b'{"model":["public"],"messages":[{"role":"user","content":"hi"}]}',
}


@pytest.mark.parametrize("kind", ["llama_cpp", "vllm"])
def test_what_two_readers_may_take_for_another_model_reaches_no_backend(direct, kind):
    async def scenario():
        async with direct(backend := Backend(CHAT), kind) as (_, front):
            backend.asked.clear()
            before = await front.passed()
            for name, body in REFUSED.items():
                for chunked in (False, True):
                    assert (name, (await front.answer(body, chunked=chunked or None))[0]) == (name, 400)
            assert backend.asked == []
            assert await front.passed() == before

    run(scenario())


LONG_TEXT = "a" * 70_000
ASIDE = {
    "a longer body": {"fields": {**ASK, "user": LONG_TEXT}},
    "a second model behind the buffer": {"fields": {"model": "public", "user": LONG_TEXT, "messages": ASK["messages"]}},
    "in chunks": {"chunked": True},
    "a field of a tool": {
        "fields": {**ASK, "tools": [{"type": "function", "function": {"parameters": {"model": {}}}}]}
    },
    "another endpoint": {"path": "/v1/messages", "fields": {**ASK, "max_tokens": 9}},
    "another name": {"fields": {**ASK, "model": "alias"}},
    # This one is not aside: texts of other languages are full of escapes.
    "an accent": {"fields": b'{"model":"public","messages":[{"role":"user","content":"mod\\u00e9l"}]}', "passes": True},
    "a question mark": {"path": "/v1/chat/completions?a=b"},
}


@pytest.mark.parametrize("name", ASIDE)
def test_what_does_not_fit_is_answered_by_the_gateway(direct, name):
    given = dict(ASIDE[name])

    async def scenario():
        backend = Backend(CHAT)
        async with direct(backend) as (gate, front):
            gate.log.clear()
            passes = given.pop("passes", False)
            if given.get("path") == "/v1/messages":
                backend.answer = {"id": "msg_1", "content": [], "stop_reason": "end_turn"}
            status, _ = await front.answer(**given)
            assert status == 200
            assert [line["status"] for line in gate.lines()] == ([] if passes else [200])

    run(scenario())


def test_a_stream_goes_past_the_gateway_as_it_is(direct):
    async def scenario():
        async with direct(backend := Backend(CHAT)) as (gate, front):
            gate.log.clear()
            backend.answer = CHAT_STREAM
            async with front.ask({**ASK, "stream": True}) as response:
                assert await response.read() == b"".join(CHAT_STREAM)
            assert gate.log == []

    run(scenario())


@pytest.mark.parametrize("limits", [{"tokens_per_day": 1000}, {"body_bytes": 1000}])
def test_what_only_the_gateway_counts_goes_to_the_gateway(direct, limits):
    async def scenario():
        async with direct(Backend(CHAT)) as (gate, front):
            gate.keys.create("limited", Limits(**limits))
            secret = gate.keys.rotate("limited")
            gate.log.clear()
            before = await front.passed()
            await asyncio.sleep(1)
            for _ in range(3):
                assert (await front.answer(secret=secret))[0] == 200
            assert await front.passed() == before
            assert [line["key"] for line in gate.lines()] == ["limited"] * 3

    run(scenario())


def test_what_is_packed_is_not_passed_on(direct):
    async def scenario():
        async with direct(backend := Backend(CHAT)) as (_, front):
            backend.asked.clear()
            body = gzip.compress(json.dumps(ASK).encode())
            assert (await front.answer(body, headers={"Content-Encoding": "gzip"}))[0] == 415
            assert backend.asked == []

    run(scenario())
