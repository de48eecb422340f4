# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The gateway in front of backends that are awake: answers, streams and what becomes of them when something fails."""

from __future__ import annotations

import asyncio
import json

import pytest

from tests.unit.gateway.fakes import (
    ASK,
    CHAT,
    CHAT_PATH,
    CHAT_STREAM,
    CUT,
    FIRST,
    HI,
    MESSAGE,
    SILENT,
    STREAM,
    USED,
    Backend,
    events,
    fake_response,
    run,
    running,
    sse,
    text_of,
)


def test_a_chat_reaches_its_backend_under_the_backends_names_and_with_the_backends_key(tmp_path):
    async def scenario():
        backend = Backend(CHAT)
        async with running(tmp_path, ("llama_cpp", backend)) as gate:
            headers = {"X-Conversation-Id": "1", "Cookie": "a=b", "X-Forwarded-For": "1.2.3.4"}
            response, value = await gate.post(CHAT_PATH, {**ASK, "model": "alias"}, headers=headers)
        assert (response.status, value["model"], value["choices"][0]["message"]["content"]) == (200, "public", "hi")
        asked = backend.asked[0]
        assert asked.fields == {"model": "inner", "messages": HI, "stream": False}
        assert asked.headers["Authorization"] == "Bearer backend-key"
        # What is packed cannot be watched.
        assert asked.headers["Accept-Encoding"] == "identity"
        # With the first of them llama.cpp goes on when its client has left.
        assert not {"X-Conversation-Id", "Cookie", "X-Forwarded-For"} & asked.headers.keys()
        assert response.headers["X-Request-Id"]
        assert response.headers["Content-Type"] == "application/json"

    run(scenario())


@pytest.mark.parametrize("wanted", [True, False])
def test_a_stream_comes_whole_and_its_tokens_are_always_asked_for(tmp_path, wanted):
    async def scenario():
        backend = Backend([b": keep-alive\n\n", *CHAT_STREAM])
        async with running(tmp_path, ("vllm", backend)) as gate:
            more = {"stream_options": {"include_usage": True}} if wanted else {}
            response, raw = await gate.stream(CHAT_PATH, {**STREAM, **more})
            line = gate.lines()[-1]
        assert response.headers["Content-Type"] == "text/event-stream"
        assert raw.startswith(b": keep-alive\ndata: ")
        assert raw.endswith(b"data: [DONE]\n\n")
        assert text_of(raw) == "hi"
        assert [event["usage"] for event in events(raw) if "usage" in event] == ([USED["usage"]] if wanted else [])
        assert backend.asked[0].fields["stream_options"] == {"include_usage": True}
        assert (line["prompt_tokens"], line["completion_tokens"]) == (3, 2)

    run(scenario())


@pytest.mark.parametrize(
    "before",
    [
        pytest.param(None, id="nobody-listens"),
        pytest.param(Backend([CUT]), id="cut-at-once"),
        pytest.param(Backend([b": keep-alive\n\n", CUT]), id="cut-after-comments"),
        pytest.param(Backend([b": keep-alive\n\n", *sse({"error": {"message": "m"}})]), id="an-error-after-comments"),
        pytest.param(Backend(b"", 503), id="busy"),
        pytest.param(Backend({"error": {"message": "No instance found", "code": 404}}, 404), id="no-instance"),
    ],
)
@pytest.mark.parametrize("stream", [True, False])
def test_another_member_answers_where_one_failed_before_its_first_token(tmp_path, before, stream):
    async def scenario():
        good = Backend(CHAT_STREAM if stream else CHAT)
        async with running(tmp_path, ("exo", before), ("exo", good)) as gate:
            response, raw = await gate.stream(CHAT_PATH, STREAM if stream else ASK)
        assert response.status == 200
        assert b"error" not in raw
        assert len(good.asked) == 1
        if stream:
            assert text_of(raw) == "hi"

    run(scenario())


@pytest.mark.parametrize("end", [[CUT], [], sse({"error": {"message": "m"}}), sse("[DONE]")])
def test_after_the_first_token_a_failure_is_an_error_and_nobody_else_answers(tmp_path, end):
    async def scenario():
        bad, other = Backend([*FIRST, *end]), Backend(CHAT_STREAM)
        async with running(tmp_path, ("llama_cpp", bad), ("vllm", other)) as gate:
            response, raw = await gate.stream(CHAT_PATH, STREAM)
            figures = await gate.figures()
        assert response.status == 200
        assert text_of(raw) == "he"
        assert "error" in events(raw)[-1]
        assert b"[DONE]" not in raw
        assert other.asked == []
        assert f'backend_failures_total{{backend="llama_cpp at 127.0.0.1:{bad.port}"}} 1' in figures

    run(scenario())


@pytest.mark.parametrize(
    ("path", "fields", "read"),
    [
        (CHAT_PATH, ASK, lambda value: (value["error"]["type"], value["error"]["code"])),
        ("/v1/messages", MESSAGE, lambda value: (value["type"], value["error"]["type"])),
        ("/api/chat", ASK, lambda value: (type(value["error"]).__name__, "")),
    ],
)
@pytest.mark.parametrize("stream", [True, False])
def test_where_nobody_answers_the_error_has_its_status_and_the_words_of_its_api(tmp_path, path, fields, read, stream):
    async def scenario():
        async with running(tmp_path, ("exo", None)) as gate:
            response, value = await gate.post(path, {**fields, "stream": stream})
        assert response.status == 503
        assert 1 <= int(response.headers["Retry-After"]) <= 60
        assert response.headers["Content-Type"] == "application/json"
        assert "127.0.0.1" not in json.dumps(value)
        assert read(value) in {
            *{("server_error", "backend_unreachable"), ("error", "overloaded_error"), ("str", "")},
        }

    run(scenario())


def test_an_error_that_the_client_made_keeps_its_sentence_and_goes_to_nobody_else(tmp_path):
    async def scenario():
        bad, other = Backend({"error": {"code": 400, "message": "too long"}}, 400), Backend(CHAT)
        async with running(tmp_path, ("llama_cpp", bad), ("llama_cpp", other)) as gate:
            for fields in (ASK, STREAM):
                response, value = await gate.post(CHAT_PATH, fields)
                assert (response.status, value["error"]["message"]) == (400, "too long")
        assert other.asked == []

    run(scenario())


@pytest.mark.parametrize("answer", [b"", {"error": {"message": "m"}}, {"choices": []}, b"{"])
def test_an_answer_that_is_none_is_no_success(tmp_path, answer):
    async def scenario():
        async with running(tmp_path, ("exo", Backend(answer))) as gate:
            response, value = await gate.post(CHAT_PATH, ASK)
        assert response.status == 502
        assert value["error"]["message"]

    run(scenario())


@pytest.mark.parametrize("fields", [ASK, STREAM])
@pytest.mark.parametrize("kind", ["llama_cpp", "mlx_lm"])
@pytest.mark.parametrize("parts", [[SILENT], [*FIRST, SILENT], [b": keep-alive\n\n", SILENT]])
def test_a_backend_is_stopped_when_its_client_leaves(tmp_path, fields, kind, parts):
    async def scenario():
        backend = Backend(parts)
        async with running(tmp_path, (kind, backend)) as gate:
            asking = asyncio.ensure_future(gate.stream(CHAT_PATH, fields))
            while not backend.asked:
                await asyncio.sleep(0.01)
            asking.cancel()
            await backend.left.wait()
            while not gate.log:
                await asyncio.sleep(0.01)
            assert gate.lines()[-1]["status"] in {200, 499}
            assert 'hybrid_gateway_running{model="public"} 0' in await gate.figures()

    run(scenario())


def test_mlx_lm_is_asked_for_a_stream_and_the_client_gets_what_it_asked_for(tmp_path):
    async def scenario():
        backend = Backend(CHAT_STREAM)
        async with running(tmp_path, ("mlx_lm", backend)) as gate:
            _, value = await gate.post(CHAT_PATH, ASK)
            assert value["choices"][0]["message"]["content"] == "hi"
            assert (value["object"], value["usage"]) == ("chat.completion", USED["usage"])
            response, _ = await gate.post("/v1/messages", MESSAGE)
            assert response.status == 200
            backend.answer = FIRST
            response, _ = await gate.post(CHAT_PATH, ASK)
            assert response.status == 502
        assert all(asked.fields["stream"] for asked in backend.asked)
        assert backend.asked[0].headers["Content-Length"]

    run(scenario())


def test_anthropics_clients_are_answered_by_a_backend_that_has_only_chat(tmp_path):
    async def scenario():
        backend = Backend(CHAT)
        async with running(tmp_path, ("exo", backend)) as gate:
            response, value = await gate.post("/v1/messages", MESSAGE)
            assert response.headers["request-id"]
            assert (value["type"], value["model"], value["content"]) == (
                *("message", "public", [{"type": "text", "text": "hi"}]),
            )
            backend.answer = [b": keep-alive\n\n", *CHAT_STREAM]
            _, raw = await gate.stream("/v1/messages", {**MESSAGE, "stream": True})
            assert [event["type"] for event in events(raw)] == [
                *("message_start", "content_block_start", "content_block_delta", "content_block_stop"),
                *("message_delta", "message_stop"),
            ]
            backend.answer = FIRST
            _, raw = await gate.stream("/v1/messages", {**MESSAGE, "stream": True})
            assert events(raw)[-1]["type"] == "error"
        assert [asked.path for asked in backend.asked] == [CHAT_PATH] * 3

    run(scenario())


def test_ollamas_clients_are_answered_by_a_backend_that_has_only_chat(tmp_path):
    async def scenario():
        backend = Backend([b": keep-alive\n\n", *CHAT_STREAM])
        async with running(tmp_path, ("llama_cpp", backend)) as gate:
            response, raw = await gate.stream("/api/chat", {**ASK, "model": "public:latest"})
            assert response.headers["Content-Type"] == "application/x-ndjson"
            assert [json.loads(line)["message"]["content"] for line in raw.splitlines()] == ["hi", ""]
            backend.answer = CHAT
            _, value = await gate.post("/api/generate", {"model": "public", "prompt": "hi", "stream": False})
            assert (value["response"], value["done"], value["eval_count"]) == ("hi", True, 2)
            backend.asked.clear()
            _, value = await gate.post("/api/chat", {"model": "public", "messages": []})
            assert value["done_reason"] == "load"
            response, value = await gate.post("/api/generate", {"model": "public", "keep_alive": 0})
            assert (response.status, value) == (403, {"error": "Others use the model too, so it is not unloaded."})
        assert backend.asked == []

    run(scenario())


def test_nobody_says_how_long_ollama_keeps_a_model(tmp_path):
    async def scenario():
        answer = {"done": True, "message": {"role": "assistant", "content": "hi"}, "eval_count": 1}
        backend = Backend(answer)
        async with running(tmp_path, ("ollama", backend)) as gate:
            _, value = await gate.post("/api/chat", {**ASK, "stream": False, "keep_alive": 0})
            assert value["model"] == "public"
        assert backend.asked[0].fields == {"model": "inner", "messages": HI, "stream": False}

    run(scenario())


@pytest.mark.parametrize(("kind", "key"), [("exo", "max_tokens"), ("ollama", "max_tokens"), ("vllm", None)])
def test_the_limit_of_an_answer_has_the_name_that_its_backend_knows(tmp_path, kind, key):
    async def scenario():
        backend = Backend(CHAT)
        async with running(tmp_path, (kind, backend)) as gate:
            await gate.post(CHAT_PATH, {**ASK, "max_completion_tokens": 5})
        assert backend.asked[0].fields.get(key or "max_completion_tokens") == 5

    run(scenario())


def test_no_connection_to_a_backend_is_kept(tmp_path):
    async def scenario():
        backend = Backend(CHAT)
        async with running(tmp_path, ("llama_cpp", backend)) as gate:
            for _ in range(3):
                assert (await gate.post(CHAT_PATH, ASK))[0].status == 200
        assert len({asked.peer for asked in backend.asked}) == 3

    run(scenario())


def test_the_least_busy_member_is_asked(tmp_path):
    async def scenario():
        free = asyncio.Event()

        async def slow(request):
            await free.wait()
            return fake_response(CHAT)

        one, two = Backend(slow), Backend(slow)
        async with running(tmp_path, ("llama_cpp", one), ("llama_cpp", two)) as gate:
            asking = [asyncio.ensure_future(gate.post(CHAT_PATH, ASK)) for _ in range(10)]
            while len(one.asked) + len(two.asked) < 10:
                await asyncio.sleep(0.01)
            free.set()
            assert {response.status for response, _ in await asyncio.gather(*asking)} == {200}
        assert (len(one.asked), len(two.asked)) == (5, 5)

    run(scenario())
