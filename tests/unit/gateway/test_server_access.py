# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Who may ask the gateway what, and what it answers without a backend."""

from __future__ import annotations

import asyncio
import json

import pytest
from aiohttp import web

from hybrid_cluster.gateway import catalogue
from hybrid_cluster.gateway.endpoints import ENDPOINTS, Kind
from hybrid_cluster.gateway.holding import Patience
from hybrid_cluster.gateway.keys import Limits
from hybrid_cluster.gateway.kinds import Backend as Program
from tests.unit.gateway.fakes import (
    ASK,
    CHAT,
    CHAT_PATH,
    CHAT_STREAM,
    LONG,
    MESSAGE,
    STREAM,
    Backend,
    by_hand,
    fake_response,
    run,
    running,
    text_of,
)


def test_what_would_change_or_end_a_model_reaches_nobody(tmp_path):
    async def scenario():
        backend = Backend(CHAT)
        async with running(tmp_path, ("ollama", backend)) as gate:
            for endpoint in ENDPOINTS:
                if endpoint.kind is not Kind.REFUSED:
                    continue
                path = endpoint.path.replace("{", "").replace("+", "").replace("}", "")
                async with gate.ask(path, method=endpoint.method, data=b'{"model":"public"}') as response:
                    raw = await response.read()
                assert response.status == 403, path
                if endpoint.method != "HEAD":
                    error = json.loads(raw)["error"]
                    assert (error if path.startswith("/api/") else error["message"]) == endpoint.why
            assert backend.asked == []
            response, _ = await gate.post(CHAT_PATH, ASK)
            assert response.status == 200

    run(scenario())


SPELLINGS = [
    r'{"model":"public","model":"other","messages":[{"role":"user","content":"a"}]}',
    r'{"model":"public","mod\u0065l":"other","messages":[{"role":"user","content":"a"}]}',
    r'{"\u006dodel":"other","messages":[{"role":"user","content":"a"}]}',
    r'{"model":"public","Model":"other","messages":[{"role":"user","content":"a"}]}',
    '{"model":"public","messages":[{"role":"user","content":"' + "a" * 100_000 + '"}],"model":"other"}',
]


@pytest.mark.parametrize("program", list(Program))
def test_no_spelling_of_the_model_walks_around_the_list_of_a_key(tmp_path, program):
    async def scenario():
        backend = Backend(CHAT)
        async with running(tmp_path, (program, backend), limits=Limits(models=("public",))) as gate:
            for text in SPELLINGS:
                response, _ = await gate.stream(CHAT_PATH, None, data=text.encode())
                assert response.status == 400, text[:80]
        assert backend.asked == []

    run(scenario())


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Authorization": ""}, 401),
        ({"Authorization": "Bearer hc-wrong"}, 401),
        ({"Authorization": "Basic YTpi"}, 401),
        ({"x-api-key": "hc-other"}, 401),
    ],
)
@pytest.mark.parametrize("path", [CHAT_PATH, "/v1/messages", "/api/chat", "/v1/models", "/api/tags", "/api/delete"])
def test_without_a_key_there_is_nothing(tmp_path, headers, status, path):
    async def scenario():
        backend = Backend(CHAT)
        async with running(tmp_path, ("exo", backend)) as gate:
            method = "GET" if path in {"/v1/models", "/api/tags"} else "DELETE" if path == "/api/delete" else "POST"
            async with gate.ask(path, ASK, method, headers=headers) as response:
                value = json.loads(await response.read())
            assert response.status == status
            assert response.headers["WWW-Authenticate"] == "Bearer"
            assert isinstance(value["error"], str) == path.startswith("/api/")
        assert backend.asked == []

    run(scenario())


def test_a_key_may_come_in_each_of_the_ways(tmp_path):
    async def scenario():
        async with running(tmp_path, ("exo", Backend(CHAT))) as gate:
            for name, value in (("x-api-key", gate.secret), ("Authorization", f"bearer {gate.secret}")):
                async with gate.session.get(gate.address + "/v1/models", headers={name: value}) as response:
                    assert response.status == 200

    run(scenario())


def test_a_key_that_is_revoked_ends_with_the_next_request(tmp_path):
    async def scenario():
        async with running(tmp_path, ("llama_cpp", Backend(CHAT))) as gate:
            response, _ = await gate.post(CHAT_PATH, ASK)
            assert response.status == 200
            gate.keys.revoke("test")
            response, _ = await gate.post(CHAT_PATH, ASK)
            assert response.status == 401

    run(scenario())


def test_a_model_that_a_key_may_not_ask_looks_like_none(tmp_path):
    async def scenario():
        backend = Backend(CHAT)
        async with running(tmp_path, ("llama_cpp", backend), limits=Limits(models=("other",))) as gate:
            for path in (CHAT_PATH, "/v1/messages", "/api/chat"):
                found = [await gate.post(path, {**MESSAGE, "model": name}) for name in ("public", "alias", "nothing")]
                assert {response.status for response, _ in found} == {404}
                texts = {json.dumps(value).replace(name, "") for (_, value), name in zip(found, NAMES, strict=True)}
                assert len({text.split("request_id")[0] for text in texts}) == 1
            async with gate.ask("/v1/models", method="GET") as response:
                assert json.loads(await response.read())["data"] == []
            response, _ = await gate.post("/api/show", {"model": "public"})
            assert response.status == 404
        assert backend.asked == []

    run(scenario())


NAMES = ("public", "alias", "nothing")


def test_what_the_gateway_knows_itself_asks_nobody(tmp_path):
    async def scenario():
        backend = Backend(CHAT)
        more = {"capabilities": ["completion", "tools"], "context": 8192}
        async with running(tmp_path, ("ollama", backend), **more) as gate:

            async def get(path):
                async with gate.ask(path, method="GET") as response:
                    assert response.status == 200
                    return json.loads(await response.read())

            assert [model["id"] for model in (await get("/v1/models"))["data"]] == ["public"]
            assert (await get("/v1/models/alias"))["id"] == "public"
            assert (await get("/api/tags"))["models"][0]["name"] == "public:latest"
            assert (await get("/api/ps"))["models"] == []
            assert await get("/api/version") == {"version": catalogue.OLLAMA_VERSION}
            _, shown = await gate.post("/api/show", {"model": "public:latest"})
            assert shown["capabilities"] == ["completion", "tools"]
            assert shown["model_info"]["unknown.context_length"] == 8192
            for method in ("GET", "HEAD"):
                async with gate.session.request(method, gate.address + "/") as response:
                    assert (response.status, await response.text()) == (200, "Ollama is running" * (method == "GET"))
            async with gate.ask("/v1/models/nothing", method="GET") as response:
                assert response.status == 404
            assert backend.asked == []
            await gate.post(CHAT_PATH, ASK)
            assert len((await get("/api/ps"))["models"]) == 1

    run(scenario())


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", CHAT_PATH, 405),
        ("OPTIONS", CHAT_PATH, 405),
        ("POST", "/v1/unknown", 404),
        ("POST", "/health", 404),
        ("GET", "/state", 404),
        ("GET", "/metrics", 404),
        ("POST", "//v1/chat/completions", 404),
        ("POST", "/v1/chat%2Fcompletions", 404),
        ("DELETE", "/download/node/..", 404),
    ],
)
def test_only_known_methods_and_paths_pass(tmp_path, method, path, status):
    async def scenario():
        backend = Backend(CHAT)
        async with running(tmp_path, ("exo", backend)) as gate:
            raw = await by_hand(gate, f"{method} {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".encode())
            assert raw.startswith(f"HTTP/1.1 {status} ".encode())
            assert b"Access-Control" not in raw
            assert (b"Allow: POST\r\n" in raw) == (status == 405)
        assert backend.asked == []

    run(scenario())


@pytest.mark.parametrize(
    "head",
    [
        b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
        b"Content-Length: 5\r\nContent-Length: 6\r\n",
        b"Content-Length: +5\r\n",
        b"Transfer-Encoding: chunked, identity\r\n",
    ],
)
def test_a_request_that_can_be_cut_in_two_ways_is_refused(tmp_path, head):
    async def scenario():
        backend = Backend(CHAT)
        async with running(tmp_path, ("exo", backend)) as gate:
            start = b"POST /v1/chat/completions HTTP/1.1\r\nHost: a\r\nConnection: close\r\n"
            key = f"Authorization: Bearer {gate.secret}\r\n".encode()
            raw = await by_hand(gate, start + key + head + b"\r\n0\r\n\r\nGET /v1/models HTTP/1.1\r\n\r\n")
            assert raw.startswith((b"HTTP/1.1 400 ", b"HTTP/1.0 400 "))
            assert raw.count(b"HTTP/1.") == 1
        assert backend.asked == []

    run(scenario())


def test_a_long_body_is_refused_for_all_and_a_shorter_one_for_a_key(tmp_path):
    async def scenario():
        backend = Backend(CHAT)
        more = {"configuration": {"body_bytes": 2000}, "limits": Limits(body_bytes=1000)}
        async with running(tmp_path, ("llama_cpp", backend), **more) as gate:
            long = {**ASK, "x": "a" * 1000}
            response, value = await gate.post(CHAT_PATH, long)
            assert response.status == 413
            assert value["error"]["message"] == "The body is longer than the 1000 bytes that are allowed."
            gate.keys.limit("test", Limits())
            response, _ = await gate.post(CHAT_PATH, long)
            assert response.status == 200
            response, _ = await gate.post(CHAT_PATH, {**ASK, "x": "a" * 2000})
            assert response.status == 413
        assert len(backend.asked) == 1

    run(scenario())


@pytest.mark.parametrize(
    ("path", "fields", "sentence"),
    [
        (CHAT_PATH, {"model": "public", "messages": []}, "'messages' is empty."),
        ("/v1/messages", {"model": "public", "max_tokens": 1}, "'messages' is empty."),
        (CHAT_PATH, {**ASK, "n": 2}, "gives one answer at a time."),
        (
            "/v1/responses",
            {"model": "public", "input": "a", "previous_response_id": "b"},
            "Answers are not stored, so 'previous_response_id' leads nowhere; send the whole conversation.",
        ),
        (
            "/v1/responses",
            {"model": "public", "input": "a", "background": True},
            "Answers are not stored, so they are not made in the background.",
        ),
    ],
)
def test_what_no_backend_answers_well_is_refused(tmp_path, path, fields, sentence):
    async def scenario():
        backend = Backend(CHAT)
        async with running(tmp_path, ("ollama", backend)) as gate:
            response, value = await gate.post(path, fields)
        assert response.status == 400
        assert value["error"]["message"].endswith(sentence)
        assert backend.asked == []

    run(scenario())


def test_a_full_queue_is_refused_and_the_next_in_line_is_served(tmp_path):
    async def scenario():
        free = asyncio.Event()

        async def answer(request):
            await free.wait()
            return fake_response(CHAT)

        backend = Backend(answer)
        async with running(tmp_path, ("llama_cpp", backend), slots=1, queue=1) as gate:
            first = asyncio.ensure_future(gate.post(CHAT_PATH, ASK))
            while not backend.asked:
                await asyncio.sleep(0.01)
            second = asyncio.ensure_future(gate.post(CHAT_PATH, ASK))
            while 'running{model="public"} 2' not in await gate.figures():
                await asyncio.sleep(0.01)
            response, value = await gate.post(CHAT_PATH, ASK)
            assert (response.status, value["error"]["code"]) == (429, "queue_full")
            assert len(backend.asked) == 1
            free.set()
            assert [(await asked)[0].status for asked in (first, second)] == [200, 200]

    run(scenario())


def test_who_waits_for_a_stream_is_told_so_and_gets_it_whole(tmp_path):
    async def scenario():
        free = asyncio.Event()
        backend = Backend([])

        async def answer(request):
            if len(backend.asked) == 1:
                await free.wait()
            backend.answer = CHAT_STREAM
            return await backend._stream(request)

        backend.answer = answer
        patience = Patience(first=0, every=LONG)
        async with running(tmp_path, ("llama_cpp", backend), slots=1, patience=patience) as gate:
            first = asyncio.ensure_future(gate.stream(CHAT_PATH, STREAM))
            while not backend.asked:
                await asyncio.sleep(0.01)
            async with gate.ask(CHAT_PATH, STREAM) as response:
                assert await response.content.readany() == b": waking\n"
                free.set()
                raw = await response.content.read()
            assert text_of(raw) == text_of((await first)[1]) == "hi"
            assert raw.endswith(b"data: [DONE]\n\n")

    run(scenario())


@pytest.mark.parametrize(("path", "told"), [(CHAT_PATH, True), ("/v1/messages", True), ("/api/chat", False)])
def test_who_waits_in_vain_has_an_error_and_who_leaves_has_no_place(tmp_path, path, told):
    async def scenario():
        free = asyncio.Event()
        backend = Backend([])

        async def answer(request):
            if len(backend.asked) == 1:
                await free.wait()
            return web.Response(status=500)

        backend.answer = answer
        patience = Patience(first=0, every=LONG)
        async with running(tmp_path, ("exo", backend), slots=1, patience=patience) as gate:
            first = asyncio.ensure_future(gate.stream(CHAT_PATH, ASK))
            while not backend.asked:
                await asyncio.sleep(0.01)
            leaving = asyncio.ensure_future(gate.stream(path, {**MESSAGE, "stream": True}))
            waiting = asyncio.ensure_future(gate.stream(path, {**MESSAGE, "stream": True}))
            while 'running{model="public"} 3' not in await gate.figures():
                await asyncio.sleep(0.01)
            leaving.cancel()
            while 'running{model="public"} 2' not in await gate.figures():
                await asyncio.sleep(0.01)
            free.set()
            await first
            response, raw = await waiting
            assert response.status == (200 if told else 502)
            assert raw.startswith(b": waking\n") == told
            assert b"error" in raw
            assert b"[DONE]" not in raw
            assert len(backend.asked) == 2

    run(scenario())


def test_many_long_bodies_do_not_take_all_of_the_memory(tmp_path):
    async def scenario():
        free = asyncio.Event()

        async def answer(request):
            await free.wait()
            return fake_response(CHAT)

        backend = Backend(answer)
        more = {"configuration": {"body_bytes": 2000, "bodies_bytes": 3000}}
        async with running(tmp_path, ("llama_cpp", backend), **more) as gate:
            long = {**ASK, "x": "a" * 1500}
            first = asyncio.ensure_future(gate.post(CHAT_PATH, long))
            while not backend.asked:
                await asyncio.sleep(0.01)
            other = {"Authorization": f"Bearer {gate.keys.create('other')}"}
            for headers, found in ((None, (429, "bodies_of_key_full")), (other, (503, "bodies_full"))):
                response, value = await gate.post(CHAT_PATH, long, headers=headers or {})
                assert (response.status, value["error"]["code"]) == found
            free.set()
            assert (await first)[0].status == 200
            assert (await gate.post(CHAT_PATH, long))[0].status == 200
            assert gate.gateway._room.taken == 0

    run(scenario())


def test_a_name_with_a_slash_is_found(tmp_path):
    async def scenario():
        async with running(tmp_path, ("exo", Backend(CHAT)), aliases=["org/name"]) as gate:
            for name in ("org/name", "org%2Fname"):
                raw = await by_hand(
                    gate,
                    f"GET /v1/models/{name} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n"
                    f"x-api-key: {gate.secret}\r\n\r\n".encode(),
                )
                assert raw.startswith(b"HTTP/1.1 200 "), name

    run(scenario())


def test_a_key_has_its_limits(tmp_path):
    async def scenario():
        async with running(tmp_path, ("llama_cpp", Backend(CHAT)), limits=Limits(requests_per_minute=1)) as gate:
            assert (await gate.post(CHAT_PATH, ASK))[0].status == 200
            response, _ = await gate.post(CHAT_PATH, ASK)
            assert (response.status, 1 <= int(response.headers["Retry-After"]) <= 60) == (429, True)

    run(scenario())
