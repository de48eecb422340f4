# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Requests and answers of odd shapes: each is refused or read, and none is a mistake of ours."""

from __future__ import annotations

import copy
import json

import pytest

from hybrid_cluster.gateway import plans
from hybrid_cluster.gateway.endpoints import ENDPOINTS, Kind
from hybrid_cluster.gateway.errors import Failure
from hybrid_cluster.gateway.kinds import Backend, Form
from hybrid_cluster.gateway.routes import Member
from hybrid_cluster.gateway.streams.relay import About

ABOUT = About("public", "backend", "r1")
ODD = (None, True, 0, -1, 1.5, "", "x", [], [None], [1], ["x"], [[]], {}, {"x": 1}, [{}], [{"x": 1}])

TOOL = {"type": "function", "function": {"name": "f", "description": "d", "parameters": {"type": "object"}}}
CALL = {"id": "c1", "index": 0, "type": "function", "function": {"name": "f", "arguments": "{}"}}
OBJECT_CALL = {"id": "c1", "function": {"name": "f", "arguments": {"a": 1}}}
OPENAI = {
    "messages": [
        {"role": "user", "content": [{"type": "text", "text": "hi"}]},
        {"role": "assistant", "tool_calls": [CALL]},
    ],
    "prompt": "hi",
    "input": "hi",
    "max_completion_tokens": 5,
    "n": 1,
    "tools": [TOOL],
    "stream_options": {"include_usage": True},
    "encoding_format": "float",
}
ANTHROPIC = {
    "max_tokens": 5,
    "system": [{"type": "text", "text": "s"}],
    "messages": [
        {"role": "user", "content": [{"type": "text", "text": "hi"}]},
        {
            "role": "assistant",
            "content": [
                {"type": "thinking", "thinking": "t"},
                {"type": "tool_use", "id": "t1", "name": "f", "input": {"a": 1}},
            ],
        },
        {
            "role": "user",
            "content": [
                {"type": "tool_result", "tool_use_id": "t1", "content": [{"type": "text", "text": "2"}]},
                {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "AA=="}},
            ],
        },
    ],
    "tools": [{"name": "f", "description": "d", "input_schema": {"type": "object"}}],
    "tool_choice": {"type": "tool", "name": "f"},
    "thinking": {"type": "enabled"},
    "stop_sequences": ["E"],
}
OLLAMA = {
    "messages": [
        {"role": "user", "content": "hi", "images": ["iVBOR"]},
        {"role": "assistant", "content": "", "tool_calls": [OBJECT_CALL]},
        {"role": "tool", "tool_name": "f", "content": "2"},
    ],
    "prompt": "hi",
    "system": "s",
    "input": ["hi"],
    "options": {"num_predict": 5, "stop": ["E"]},
    "format": {"type": "object"},
    "think": True,
    "tools": [TOOL],
    "keep_alive": "5m",
}
REQUESTS = {"openai": OPENAI, "anthropic": ANTHROPIC, "ollama": OLLAMA}


def places(value, path=()):
    """Yield the way to each part of a value."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield (*path, key)
        yield from places(inner, (*path, key))


def variants(value):
    """Yield a value with each of its parts left out, and with each odd shape in its place."""
    for path in places(value):
        for odd in (*ODD, ...):
            found = copy.deepcopy(value)
            place = found
            for key in path[:-1]:
                place = place[key]
            if odd is ...:
                del place[path[-1]]
            else:
                place[path[-1]] = copy.deepcopy(odd)
            yield found


MODELS = [endpoint for endpoint in ENDPOINTS if endpoint.kind is Kind.MODEL and endpoint.form is not Form.AUDIO]


def status_of(action):
    """Return the status of what an action ends with; any other exception is a mistake of ours."""
    try:
        action()
    except Failure as failure:
        return failure.status
    return 200


@pytest.mark.parametrize("backend", [Backend.EXO, Backend.MLX_LM, Backend.OLLAMA, Backend.LLAMA_CPP])
@pytest.mark.parametrize("endpoint", MODELS, ids=lambda endpoint: endpoint.path)
def test_a_request_of_any_shape_is_put_or_refused(endpoint, backend):
    if not plans.supports(endpoint, backend):
        return
    member, found = Member(backend, "http://a", "inner"), set()

    def put(fields):
        if plans.is_load(endpoint, fields, "public") is None:
            plans.refuse_what_nobody_can(endpoint, fields)
            plans.make(endpoint, member, fields, ABOUT)

    for fields in variants({"model": "public", "stream": False, **REQUESTS[endpoint.dialect]}):
        found.add(status_of(lambda fields=fields: put({**fields, "model": "public"})))
    assert 200 in found
    assert found <= {200, 400, 403}


ANSWER = {
    "id": "c",
    "choices": [
        {
            "index": 0,
            "message": {"role": "assistant", "content": "hi", "reasoning_content": "t", "tool_calls": [CALL]},
            "text": "hi",
            "finish_reason": "tool_calls",
        }
    ],
    "data": [{"index": 0, "embedding": [1.0]}],
    "usage": {"prompt_tokens": 3, "completion_tokens": 2, "prompt_tokens_details": {"cached_tokens": 1}},
    "content": [{"type": "tool_use", "id": "t1", "name": "f"}],
    "stop_reason": "tool_use",
    "status": "completed",
    "results": [{}],
    "input_tokens": 1,
    "done": True,
    "message": {"role": "assistant", "content": "hi"},
    "response": "hi",
    "embeddings": [[1.0]],
    "embedding": [1.0],
}


@pytest.mark.parametrize("backend", [Backend.EXO, Backend.OLLAMA, Backend.LLAMA_CPP])
@pytest.mark.parametrize("endpoint", MODELS, ids=lambda endpoint: endpoint.path)
def test_an_answer_of_any_shape_is_read_or_a_failure(endpoint, backend):
    if not plans.supports(endpoint, backend):
        return
    member, found = Member(backend, "http://a", "inner"), set()
    request = {"model": "public", **REQUESTS[endpoint.dialect], "stream": False}
    for answer in variants(ANSWER):
        plan = plans.make(endpoint, member, request, ABOUT)
        found.add(status_of(lambda plan=plan, answer=answer: json.dumps(plan.read(answer))))
    assert 200 in found
    assert found <= {200, 400, 502, 503}


DELTA = {"role": "assistant", "content": "hi", "reasoning": "t", "tool_calls": [CALL]}
STREAMS = {
    "chat": [
        {"id": "c", "choices": [{"index": 0, "delta": DELTA, "text": "hi", "finish_reason": None}]},
        {"choices": [{"index": 0, "delta": {}, "text": "", "finish_reason": "stop"}], "usage": ANSWER["usage"]},
    ],
    "messages": [
        {"type": "message_start", "message": {"id": "msg_1", "usage": {"input_tokens": 3}}},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
        {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "hi"}},
        {"type": "content_block_stop", "index": 0},
        {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 2}},
        {"type": "message_stop"},
    ],
    "responses": [
        {"type": "response.created", "response": {"id": "r", "status": "in_progress"}},
        {"type": "response.output_item.added", "item": {"id": "i"}},
        {"type": "response.output_text.delta", "item_id": "i", "delta": "hi"},
        {"type": "response.completed", "response": {"status": "completed", "usage": {"input_tokens": 3}}},
    ],
    "lines": [
        {"message": {"role": "assistant", "content": "hi", "tool_calls": [OBJECT_CALL]}, "done": False},
        {"done": True, "eval_count": 2},
    ],
}
PATHS = {
    ("/v1/chat/completions", Backend.VLLM): "chat",
    ("/v1/completions", Backend.VLLM): "chat",
    ("/v1/messages", Backend.EXO): "chat",
    ("/api/chat", Backend.EXO): "chat",
    ("/api/generate", Backend.EXO): "chat",
    ("/v1/messages", Backend.VLLM): "messages",
    ("/v1/responses", Backend.VLLM): "responses",
    ("/api/chat", Backend.OLLAMA): "lines",
}
# What says that a stream is whole.
MARKS = (b"data: [DONE]", b"message_stop", b"response.completed", b'"done":true')


@pytest.mark.parametrize(("path", "backend"), list(PATHS))
def test_a_stream_of_any_shape_ends_whole_or_with_an_error(path, backend):
    (endpoint,) = [endpoint for endpoint in MODELS if endpoint.path == path]
    request = {"model": "public", **REQUESTS[endpoint.dialect], "stream": True}
    events, whole = STREAMS[PATHS[path, backend]], 0
    for variant in [events, *variants(events)]:
        relay = plans.make(endpoint, Member(backend, "http://a", "inner"), request, ABOUT).relay
        assert relay is not None
        pattern = "{}\n" if PATHS[path, backend] == "lines" else "data: {}\n\n"
        out = b"".join(relay.feed(pattern.format(json.dumps(event)).encode()) for event in variant) + relay.finish()
        whole += relay.failure is None
        assert any(mark in out for mark in MARKS) == (relay.failure is None), variant
        assert (b'"error"' in out.rstrip().splitlines()[-1]) == (relay.failure is not None), variant
    assert whole
