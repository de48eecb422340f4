# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Every endpoint through the gateway to every backend."""

from __future__ import annotations

import pytest

from hybrid_cluster.gateway.endpoints import ENDPOINTS, Kind, Treatment
from hybrid_cluster.gateway.kinds import Backend as Program
from hybrid_cluster.gateway.kinds import Form
from tests.unit.gateway.fakes import (
    CHAT,
    CHAT_PATH,
    CHAT_STREAM,
    MESSAGE,
    Backend,
    fake_response,
    run,
    running,
)

# What each endpoint of a backend answers.
ANSWERS = {
    CHAT_PATH: CHAT,
    "/v1/completions": {"choices": [{"text": "hi", "finish_reason": "stop"}]},
    "/v1/embeddings": {"data": [{"embedding": [1.0], "index": 0}]},
    "/v1/responses": {"status": "completed"},
    "/v1/rerank": {"results": []},
    "/v1/messages": {"content": [], "stop_reason": "end_turn"},
    "/v1/messages/count_tokens": {"input_tokens": 1},
    "/api/chat": {"done": True, "message": {"role": "assistant", "content": ""}},
    "/api/generate": {"done": True, "response": ""},
    "/api/embed": {"embeddings": [[1.0]]},
    "/api/embeddings": {"embedding": [1.0]},
    "/v1/audio/transcriptions": {"text": "hi"},
    "/v1/audio/translations": {"text": "hi"},
    "/v1/audio/speech": b"RIFF",
}


BOUNDARY = {"Content-Type": "multipart/form-data; boundary=x"}


FORM = b'--x\r\nContent-Disposition: form-data; name="model"\r\n\r\npublic\r\n--x--\r\n'


async def ask_each(gate, path):
    if path in {"/v1/audio/transcriptions", "/v1/audio/translations"}:
        return await gate.stream(path, None, data=FORM, headers=BOUNDARY)
    fields = {**MESSAGE, "prompt": "hi", "input": "hi", "stream": False}
    return await gate.stream(path, fields)


@pytest.mark.parametrize("program", list(Program))
def test_each_endpoint_is_served_or_refused_as_the_table_says(tmp_path, program):
    async def scenario():
        async def answer(request):
            body = ANSWERS[request.path]
            return fake_response(body)

        backend = Backend(answer)
        if program is Program.MLX_LM:
            backend.answer = CHAT_STREAM
        async with running(tmp_path, (program, backend)) as gate:
            for endpoint in ENDPOINTS:
                if endpoint.kind is not Kind.MODEL or (program is Program.MLX_LM and endpoint.form is Form.COMPLETION):
                    continue
                backend.asked.clear()
                response, _ = await ask_each(gate, endpoint.path)
                treatment = endpoint.treatment(program)
                assert response.status == (404 if treatment is Treatment.REFUSED else 200), endpoint.path
                paths = [asked.path for asked in backend.asked]
                if treatment is Treatment.NATIVE:
                    assert paths == [endpoint.path]
                elif treatment is Treatment.TRANSLATED:
                    assert paths in ([CHAT_PATH], ["/v1/embeddings"])
                else:
                    assert paths == []

    run(scenario())


def test_a_recording_goes_as_a_form_that_is_written_anew(tmp_path):
    async def scenario():
        backend = Backend(b"1\n00:00 hi", content_type="text/plain; charset=utf-8")
        async with running(tmp_path, ("vllm", backend), capabilities=["audio"]) as gate:
            head = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.wav"\r\n'
            body = head + b"Content-Type: audio/wav\r\n\r\nRI\r\nFF\r\n" + FORM
            response, raw = await gate.stream("/v1/audio/transcriptions", None, data=body, headers=BOUNDARY)
            assert (response.status, raw) == (200, b"1\n00:00 hi")
            assert response.headers["Content-Type"] == "text/plain; charset=utf-8"
            backend.answer = b""
            response, _ = await gate.stream("/v1/audio/transcriptions", None, data=body, headers=BOUNDARY)
            assert response.status == 502
        raw = backend.asked[0].raw
        assert b"inner" in raw
        assert b"public" not in raw
        assert b'filename="a.wav"\r\nContent-Type: audio/wav\r\n\r\nRI\r\nFF\r\n--' in raw

    run(scenario())


@pytest.mark.parametrize(("encoding", "found"), [(None, [1.0]), ("float", [1.0]), ("base64", "AACAPw==")])
def test_embeddings_have_the_encoding_that_was_asked_for(tmp_path, encoding, found):
    async def scenario():
        backend = Backend({"data": [{"embedding": [1.0]}]})
        async with running(tmp_path, ("llama_cpp", backend), capabilities=["embedding"]) as gate:
            more = {} if encoding is None else {"encoding_format": encoding}
            _, value = await gate.post("/v1/embeddings", {"model": "public", "input": "a", **more})
        assert value["data"][0]["embedding"] == found

    run(scenario())
