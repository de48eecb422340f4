# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Ollama's chat, generate and embeddings over OpenAI's API."""

from __future__ import annotations

import json

import pytest

from hybrid_cluster.gateway.dialects import embed, ollama
from hybrid_cluster.gateway.errors import Failure
from hybrid_cluster.gateway.kinds import Form
from hybrid_cluster.gateway.streams.relay import About

ABOUT = About("public", "backend", "r1")
HI = {"role": "user", "content": "hi"}
PNG = "iVBORw0KGgo="
SCHEMA = {"type": "object"}


def chat(*messages, **more):
    return ollama.to_chat({"model": "m", "messages": list(messages) or [HI], **more}, Form.OLLAMA_CHAT)


def generate(**more):
    return ollama.to_chat({"model": "m", "prompt": "hi", **more}, Form.OLLAMA_GENERATE)


@pytest.mark.parametrize(("stream", "found"), [({}, True), ({"stream": True}, True), ({"stream": False}, False)])
def test_a_stream_is_what_it_asks_for_by_saying_nothing(stream, found):
    assert chat(**stream) == {"model": "m", "stream": found, "messages": [HI]}


@pytest.mark.parametrize(
    ("option", "found"),
    [
        ({"num_predict": 64}, {"max_tokens": 64}),
        ({"num_predict": -1}, {}),
        ({"temperature": 0.2, "top_p": 0.9, "top_k": 40, "min_p": 0.1, "seed": 1, "stop": ["\n"]}, None),
        ({"presence_penalty": 1, "frequency_penalty": 2}, None),
        ({"repeat_penalty": 1.1}, {"repetition_penalty": 1.1}),
        ({"num_ctx": 8192}, {}),
    ],
)
def test_options_have_their_counterparts(option, found):
    value = chat(options=option)
    assert {key: value[key] for key in value if key not in {"model", "stream", "messages"}} == (
        option if found is None else found
    )


@pytest.mark.parametrize(
    ("more", "key", "found"),
    [
        ({"format": "json"}, "response_format", {"type": "json_object"}),
        (
            {"format": SCHEMA},
            "response_format",
            {"type": "json_schema", "json_schema": {"name": "answer", "schema": SCHEMA}},
        ),
        ({"think": True}, "chat_template_kwargs", {"enable_thinking": True}),
        ({"think": False}, "chat_template_kwargs", {"enable_thinking": False}),
        ({"think": "high"}, "reasoning_effort", "high"),
        ({"tools": [{"type": "function"}]}, "tools", [{"type": "function"}]),
    ],
)
def test_other_fields_have_theirs(more, key, found):
    assert chat(**more)[key] == found


def test_empty_tools_are_none():
    assert "tools" not in chat(tools=[], format="", keep_alive="5m")


def test_images_become_parts():
    found = chat({**HI, "images": [PNG]})["messages"][0]["content"]
    image = {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PNG}"}}
    assert found == [{"type": "text", "text": "hi"}, image]
    assert generate(images=[PNG])["messages"][0]["content"] == found


def test_results_find_their_calls():
    calls = [{"function": {"name": "f", "arguments": {"a": 1}}}, {"function": {"name": "g", "arguments": {}}}]
    found = chat(
        HI,
        {"role": "assistant", "content": "", "tool_calls": [*calls, {"id": "own", "function": {"name": "f"}}]},
        {"role": "tool", "tool_name": "g", "content": "1"},
        {"role": "tool", "tool_call_id": "own", "content": "2"},
        {"role": "tool", "content": "3"},
    )["messages"]
    assert [call["id"] for call in found[1]["tool_calls"]] == ["call_0", "call_1", "own"]
    assert found[1]["tool_calls"][0]["function"] == {"name": "f", "arguments": '{"a": 1}'}
    assert [(message["tool_call_id"], message["content"]) for message in found[2:]] == [
        ("call_1", "1"),
        ("own", "2"),
        ("call_0", "3"),
    ]


def test_generate_is_a_chat_of_one_message():
    assert generate(system="s")["messages"] == [{"role": "system", "content": "s"}, HI]


@pytest.mark.parametrize(
    ("ask", "sentence"),
    [
        (
            lambda: chat({"role": "odd", "content": ""}),
            "The role of a message is 'system', 'user', 'assistant' or 'tool'.",
        ),
        (lambda: chat({"role": "tool", "content": ""}), "A message of the role 'tool' answers no call."),
        (lambda: chat({"role": "user", "content": [1]}), "'messages' must be a text."),
        (lambda: chat(format="xml"), "'format' is \"json\" or a schema."),
        (lambda: chat({**HI, "images": ["AAAA"]}), "An image is neither PNG, JPEG, WebP nor GIF in base64."),
        (lambda: chat({**HI, "images": "AAAA"}), "'images' must be a list of texts."),
        (lambda: chat(options=[]), "'options' must be an object."),
        (lambda: generate(suffix="x"), "The model's backend knows neither 'suffix' nor 'raw'."),
        (lambda: generate(raw=True), "The model's backend knows neither 'suffix' nor 'raw'."),
    ],
)
def test_what_cannot_be_said_is_one_sentence(ask, sentence):
    with pytest.raises(Failure) as caught:
        ask()
    assert (caught.value.status, caught.value.message) == (400, sentence)


@pytest.mark.parametrize("keep", [{}, {"keep_alive": "5m"}, {"keep_alive": -1}])
def test_a_request_that_says_nothing_is_answered_without_a_backend(keep):
    found = ollama.load_answer({"model": "m", "messages": [], **keep}, Form.OLLAMA_CHAT, "public")
    assert found is not None
    del found["created_at"]
    message = {"role": "assistant", "content": ""}
    assert found == {"model": "public", "message": message, "done": True, "done_reason": "load"}
    written = ollama.load_answer({"model": "m", "prompt": "", **keep}, Form.OLLAMA_GENERATE, "public")
    assert written is not None
    assert written["response"] == ""


@pytest.mark.parametrize("keep", [0, "0", "0s", "0m", 0.0 or 0])
def test_nobody_ends_a_model_that_others_use(keep):
    with pytest.raises(Failure, match="Others use the model too") as caught:
        ollama.load_answer({"model": "m", "keep_alive": keep}, Form.OLLAMA_GENERATE, "public")
    assert caught.value.status == 403


def test_a_request_that_says_something_goes_to_a_backend():
    assert ollama.load_answer({"messages": [HI], "keep_alive": 0}, Form.OLLAMA_CHAT, "public") is None
    assert ollama.load_answer({"prompt": "hi"}, Form.OLLAMA_GENERATE, "public") is None


def answer(reason="stop", **message):
    usage = {"prompt_tokens": 3, "completion_tokens": 2}
    return {"choices": [{"index": 0, "message": message, "finish_reason": reason}], "usage": usage}


def test_an_answer_has_its_arguments_as_objects():
    call = {"id": "c1", "type": "function", "function": {"name": "f", "arguments": '{"a": 1}'}}
    given = answer("tool_calls", content=None, reasoning_content="t", tool_calls=[call])
    found = ollama.from_chat(given, Form.OLLAMA_CHAT, ABOUT, 0)
    assert found["message"] == {
        "role": "assistant",
        "content": "",
        "thinking": "t",
        "tool_calls": [{"id": "c1", "function": {"index": 0, "name": "f", "arguments": {"a": 1}}}],
    }
    assert (found["model"], found["done"], found["done_reason"]) == ("public", True, "stop")
    assert (found["prompt_eval_count"], found["eval_count"]) == (3, 2)
    assert found["created_at"].endswith("Z")


def test_an_answer_of_generate_has_its_text_beside_the_model():
    found = ollama.from_chat(answer("length", content="hi", reasoning_content="t"), Form.OLLAMA_GENERATE, ABOUT, 0)
    assert (found["response"], found["thinking"], found["done_reason"]) == ("hi", "t", "length")
    assert "message" not in found


@pytest.mark.parametrize("arguments", ["{", "[]", "1"])
def test_a_call_that_is_none_is_a_failure(arguments):
    call = {"function": {"name": "f", "arguments": arguments}}
    with pytest.raises(Failure, match="a call of a tool that is not valid"):
        ollama.from_chat(answer("tool_calls", tool_calls=[call]), Form.OLLAMA_CHAT, ABOUT, 0)


def stream(relay, *deltas, reason="stop"):
    values = [{"index": 0, "delta": delta, "finish_reason": None} for delta in deltas]
    values += [{"index": 0, "delta": {}, "finish_reason": reason}] if reason else []
    usage = {"prompt_tokens": 3, "completion_tokens": 2}
    out = relay.feed(b": keep-alive\n\n")
    for value in values:
        out += relay.feed(b"data: " + json.dumps({"choices": [value], "usage": usage}).encode() + b"\n\n")
    out += relay.finish()
    assert b"\n\n" not in out
    assert out.endswith(b"\n")
    return [json.loads(line) for line in out.splitlines()]


def test_a_stream_has_its_calls_whole():
    relay = ollama.OllamaStream(ABOUT)
    lines = stream(
        relay,
        {"role": "assistant", "content": ""},
        {"reasoning": "t"},
        {"content": "hi"},
        {"tool_calls": [{"index": 0, "id": "c1", "function": {"name": "f", "arguments": '{"a"'}}]},
        {"tool_calls": [{"index": 0, "function": {"arguments": ":1}"}}]},
        reason="tool_calls",
    )
    assert relay.failure is None
    assert [line["message"] for line in lines] == [
        {"role": "assistant", "content": "", "thinking": "t"},
        {"role": "assistant", "content": "hi"},
        {
            "role": "assistant",
            "content": "",
            "tool_calls": [{"id": "c1", "function": {"index": 0, "name": "f", "arguments": {"a": 1}}}],
        },
        {"role": "assistant", "content": ""},
    ]
    assert [line["done"] for line in lines] == [False, False, False, True]
    assert (lines[-1]["prompt_eval_count"], lines[-1]["eval_count"], lines[-1]["done_reason"]) == (3, 2, "stop")


def test_a_stream_of_generate():
    lines = stream(ollama.GenerateStream(ABOUT), {"content": "hi"}, reason="length")
    assert [(line["response"], line["done"]) for line in lines] == [("hi", False), ("", True)]
    assert lines[-1]["done_reason"] == "length"


@pytest.mark.parametrize(
    ("delta", "reason"),
    [
        ({"content": "hi"}, None),
        ({"tool_calls": [{"index": 0, "function": {"name": "f", "arguments": "{"}}]}, "tool_calls"),
    ],
)
def test_a_stream_that_failed_ends_with_a_text(delta, reason):
    relay = ollama.OllamaStream(ABOUT)
    lines = stream(relay, delta, reason=reason)
    assert relay.failure is not None
    assert isinstance(lines[-1]["error"], str)
    assert not any(line.get("done") for line in lines)


@pytest.mark.parametrize(
    ("form", "fields", "texts"),
    [
        (Form.OLLAMA_EMBED, {"input": "a"}, ["a"]),
        (Form.OLLAMA_EMBED, {"input": ["a", "b"]}, ["a", "b"]),
        (Form.OLLAMA_EMBEDDINGS, {"prompt": "a"}, ["a"]),
    ],
)
def test_embeddings_are_asked_for_as_numbers(form, fields, texts):
    assert embed.to_embeddings({"model": "m", **fields}, form) == {
        "model": "m",
        "input": texts,
        "encoding_format": "float",
    }


@pytest.mark.parametrize(
    ("form", "fields"),
    [
        (Form.OLLAMA_EMBED, {}),
        (Form.OLLAMA_EMBED, {"input": [1]}),
        (Form.OLLAMA_EMBED, {"input": []}),
        (Form.OLLAMA_EMBEDDINGS, {"prompt": ["a"]}),
    ],
)
def test_embeddings_of_no_text_are_refused(form, fields):
    with pytest.raises(Failure, match="must be a text"):
        embed.to_embeddings({"model": "m", **fields}, form)


def test_embeddings_come_in_the_order_of_the_texts():
    data = [{"index": 1, "embedding": [2.0]}, {"index": 0, "embedding": [1.0]}]
    found = embed.from_embeddings({"data": data, "usage": {"prompt_tokens": 3}}, Form.OLLAMA_EMBED, "public", 5, 7)
    assert found == {
        "model": "public",
        "embeddings": [[1.0], [2.0]],
        "total_duration": 2,
        "load_duration": 0,
        "prompt_eval_count": 3,
    }
    assert embed.from_embeddings({"data": data}, Form.OLLAMA_EMBEDDINGS, "public", 5, 7) == {"embedding": [1.0]}
