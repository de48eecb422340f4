# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Answers that are no streams: whole ones are made alike, all others are failures."""

from __future__ import annotations

import base64
import json
import struct

import pytest

from hybrid_cluster.gateway import answers, vectors
from hybrid_cluster.gateway.errors import Failure
from hybrid_cluster.gateway.kinds import Form
from hybrid_cluster.gateway.streams.collect import Collector
from hybrid_cluster.gateway.streams.relay import About

ABOUT = About("public", "backend", "r1")
BROKEN = "backend ended without a whole answer."


def check(form, value, encoding="float"):
    return answers.check(form, answers.parse(json.dumps(value).encode(), ABOUT), ABOUT, encoding)


def failed(action):
    with pytest.raises(Failure) as caught:
        action()
    assert caught.value.status >= 500
    return caught.value.message


def choice(reason="stop", **message):
    return {"choices": [{"message": {"content": "hi", **message}, "finish_reason": reason}], "model": "m"}


# exo answers with nothing where it fails within an answer that is not a stream.
@pytest.mark.parametrize("raw", [b"", b"null", b"[]", b'"text"', b'{"choices":', b"<html>", b"[" * 9000])
def test_what_is_no_object_is_no_answer(raw):
    assert failed(lambda: answers.parse(raw, ABOUT)) == BROKEN


@pytest.mark.parametrize("error", [{"message": "m"}, "m"])
def test_an_error_with_a_good_status_is_an_error(error):
    assert failed(lambda: answers.parse(json.dumps({"error": error}).encode(), ABOUT)) == "m"


def test_a_chat_is_made_alike():
    found = check(Form.CHAT, {**choice(reasoning="t"), "object": "odd", "error": None})
    assert (found["model"], found["object"], found["choices"][0]["index"]) == ("public", "chat.completion", 0)
    message = found["choices"][0]["message"]
    assert (message["role"], message["reasoning"], message["reasoning_content"]) == ("assistant", "t", "t")


def test_a_text_completion_is_made_alike():
    found = check(Form.COMPLETION, {"choices": [{"text": "hi", "finish_reason": "length"}]})
    assert (found["model"], found["object"]) == ("public", "text_completion")


MESSAGE = {"id": "chatcmpl-1", "content": [{"type": "tool_use", "id": "t", "name": "f"}], "stop_reason": "tool_use"}


def test_a_message_is_made_alike():
    found = check(Form.MESSAGES, MESSAGE)
    assert (found["id"], found["model"], found["stop_sequence"]) == ("msg_r1", "public", None)
    assert found["usage"] == {"input_tokens": 0, "output_tokens": 0}
    assert found["content"][0]["input"] == {}


@pytest.mark.parametrize(
    ("form", "value"),
    [
        (Form.RESPONSES, {"status": "completed"}),
        (Form.RESPONSES, {"status": "incomplete"}),
        (Form.RERANK, {"results": []}),
        (Form.OLLAMA_CHAT, {"done": True, "message": {"role": "assistant", "content": ""}}),
        (Form.OLLAMA_GENERATE, {"done": True, "response": ""}),
        (Form.OLLAMA_EMBED, {"embeddings": [[1]]}),
        (Form.OLLAMA_EMBEDDINGS, {"embedding": [1]}),
    ],
)
def test_whole_answers_pass_under_the_public_name(form, value):
    assert check(form, value) == {**value, "model": "public"}


def test_a_count_passes_as_it_is():
    assert check(Form.COUNT, {"input_tokens": 7}) == {"input_tokens": 7}


@pytest.mark.parametrize(
    ("form", "value"),
    [
        (Form.CHAT, {}),
        (Form.CHAT, {"choices": []}),
        (Form.CHAT, {"choices": [1]}),
        (Form.CHAT, choice(None)),
        (Form.CHAT, choice("abort")),
        (Form.CHAT, {"choices": [{"finish_reason": "stop"}]}),
        (Form.COMPLETION, {"choices": [{"text": "hi", "finish_reason": None}]}),
        (Form.MESSAGES, {**MESSAGE, "stop_reason": None}),
        (Form.MESSAGES, {"stop_reason": "end_turn"}),
        (Form.RESPONSES, {"status": "failed"}),
        (Form.RESPONSES, {}),
        (Form.EMBEDDINGS, {"data": []}),
        (Form.EMBEDDINGS, {"data": [1]}),
        (Form.RERANK, {}),
        (Form.COUNT, {}),
        (Form.OLLAMA_CHAT, {"done": False, "message": {}}),
        (Form.OLLAMA_CHAT, {"done": True}),
        (Form.OLLAMA_GENERATE, {"done": True}),
        (Form.OLLAMA_EMBED, {"embeddings": []}),
        (Form.OLLAMA_EMBEDDINGS, {}),
    ],
)
def test_what_is_not_whole_is_no_answer(form, value):
    assert failed(lambda: check(form, value)) == BROKEN


NUMBERS = [0.5, -1.0, 2.0]
PACKED = base64.b64encode(struct.pack("<3f", *NUMBERS)).decode()


@pytest.mark.parametrize("came", [NUMBERS, PACKED])
@pytest.mark.parametrize(("asked", "found"), [("float", NUMBERS), ("base64", PACKED)])
def test_embeddings_go_in_the_encoding_that_was_asked_for(came, asked, found):
    value = check(Form.EMBEDDINGS, {"data": [{"embedding": came}]}, asked)
    assert value["data"] == [{"embedding": found, "index": 0}]
    assert (value["object"], value["model"]) == ("list", "public")


@pytest.mark.parametrize("vector", [None, "?", "AAA=", ["a"], [True], {}])
def test_what_is_no_vector_is_a_failure(vector):
    assert "not a vector" in failed(lambda: vectors.encode(vector, "float"))


def chunks(*choices, **more):
    values = [{"id": "c", "created": 1, "choices": [value], **more} for value in choices]
    return b"".join(b"data: " + json.dumps(value).encode() + b"\n\n" for value in values) + b"data: [DONE]\n\n"


def test_a_stream_is_put_together():
    collector = Collector(ABOUT)
    call = {"index": 0, "id": "a", "function": {"name": "f", "arguments": '{"a"'}}
    out = collector.feed(
        b": keepalive 1/2\n\n"
        + chunks(
            {"index": 0, "delta": {"reasoning": "th"}},
            {"index": 0, "delta": {"reasoning": "ink"}},
            {"index": 0, "delta": {"content": "he"}},
            {"index": 0, "delta": {"content": "llo", "tool_calls": [call]}},
            {"index": 0, "delta": {"tool_calls": [{"index": 0, "function": {"arguments": ":1}"}}]}},
            {"index": 0, "delta": {}, "finish_reason": "tool_calls"},
            usage={"prompt_tokens": 1},
        )
    )
    assert (out, collector.failure) == (b"", None)
    assert collector.answer() == {
        "id": "c",
        "created": 1,
        "choices": [
            {
                "index": 0,
                "finish_reason": "tool_calls",
                "message": {
                    "role": "assistant",
                    "content": "hello",
                    "reasoning_content": "think",
                    "tool_calls": [{"id": "a", "type": "function", "function": {"name": "f", "arguments": '{"a":1}'}}],
                },
            }
        ],
        "usage": {"prompt_tokens": 1},
    }


def test_a_stream_of_text_is_put_together():
    collector = Collector(ABOUT)
    collector.feed(chunks({"index": 0, "text": "a"}, {"index": 0, "text": "b", "finish_reason": "stop"}))
    assert collector.answer()["choices"] == [{"index": 0, "finish_reason": "stop", "text": "ab"}]


def test_a_stream_that_fails_is_not_put_together():
    collector = Collector(ABOUT)
    collector.feed(chunks({"index": 0, "delta": {"content": "a"}}))
    assert collector.failure is not None
