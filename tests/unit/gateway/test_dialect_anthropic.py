# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Anthropic's messages over OpenAI's chat completions."""

from __future__ import annotations

import json

import pytest

from hybrid_cluster.gateway.dialects import anthropic
from hybrid_cluster.gateway.errors import Failure
from hybrid_cluster.gateway.streams.framing import Events
from hybrid_cluster.gateway.streams.relay import About

ABOUT = About("public", "backend", "r1")
BASE = {"model": "m", "max_tokens": 64}
HI = {"role": "user", "content": "hi"}
IMAGE = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "AA=="}}
SEEN = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AA=="}}


def translated(**more):
    return anthropic.to_chat({**BASE, "messages": [HI], **more})


def messages(*given):
    return translated(messages=list(given))["messages"]


def test_a_plain_request():
    found = translated(
        temperature=0.2, top_p=0.9, top_k=4, stream=True, metadata={"user_id": "u"}, stop_sequences=["E"]
    )
    assert found == {
        **BASE,
        "temperature": 0.2,
        "top_p": 0.9,
        "top_k": 4,
        "stream": True,
        "stop": ["E"],
        "messages": [HI],
    }


@pytest.mark.parametrize("system", ["a\nb", [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]])
def test_the_system_prompt_is_the_first_message(system):
    assert translated(system=system)["messages"] == [{"role": "system", "content": "a\nb"}, HI]


def test_a_turn_with_tools():
    found = messages(
        HI,
        {
            "role": "assistant",
            "content": [
                {"type": "thinking", "thinking": "t", "signature": ""},
                {"type": "text", "text": "calling"},
                {"type": "tool_use", "id": "toolu_1", "name": "f", "input": {"a": 1}},
            ],
        },
        {
            "role": "user",
            "content": [
                {"type": "text", "text": "go on"},
                {"type": "tool_result", "tool_use_id": "toolu_1", "content": [{"type": "text", "text": "2"}]},
            ],
        },
    )
    call = {"id": "toolu_1", "type": "function", "function": {"name": "f", "arguments": '{"a": 1}'}}
    assert found == [
        HI,
        {"role": "assistant", "content": "calling", "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "toolu_1", "content": "2"},
        {"role": "user", "content": "go on"},
    ]


def test_a_call_alone_has_no_content():
    use = {"type": "tool_use", "id": "toolu_1", "name": "f", "input": {}}
    assert messages({"role": "assistant", "content": [use]})[0]["content"] is None


def test_images_of_people_and_of_tools_go_into_the_users_message():
    result = {"type": "tool_result", "tool_use_id": "t", "content": [{"type": "text", "text": "a"}, IMAGE]}
    assert messages({"role": "user", "content": [result, {"type": "text", "text": "b"}, IMAGE]}) == [
        {"role": "tool", "tool_call_id": "t", "content": "a"},
        {"role": "user", "content": [SEEN, {"type": "text", "text": "b"}, SEEN]},
    ]
    away = {"type": "image", "source": {"type": "url", "url": "http://a/b.png"}}
    assert messages({"role": "user", "content": [away]})[0]["content"][0]["image_url"] == {"url": "http://a/b.png"}


@pytest.mark.parametrize(
    ("choice", "found"),
    [
        ({"type": "auto"}, "auto"),
        ({"type": "any"}, "required"),
        ({"type": "none"}, "none"),
        ({"type": "tool", "name": "f"}, {"type": "function", "function": {"name": "f"}}),
    ],
)
def test_tools_and_their_choice(choice, found):
    tools = [{"name": "f", "description": "d", "input_schema": {"type": "object"}}]
    value = translated(tools=tools, tool_choice={**choice, "disable_parallel_tool_use": True})
    function = {"name": "f", "description": "d", "parameters": {"type": "object"}}
    assert value["tools"] == [{"type": "function", "function": function}]
    assert (value["tool_choice"], value["parallel_tool_calls"]) == (found, False)


@pytest.mark.parametrize(("kind", "on"), [("enabled", True), ("adaptive", True), ("disabled", False)])
def test_thinking_is_asked_of_the_template(kind, on):
    assert translated(thinking={"type": kind})["chat_template_kwargs"] == {"enable_thinking": on}


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        ({"max_tokens": None}, "'max_tokens' must be a number."),
        ({"messages": []}, "'messages' is empty."),
        ({"messages": "hi"}, "'messages' must be a list of objects."),
        ({"messages": [{"role": "system", "content": "a"}]}, "The role of a message is 'user' or 'assistant'."),
        ({"messages": [{"role": "user", "content": 1}]}, "'messages' must be a list of objects."),
        (
            {"messages": [{"role": "user", "content": [{"type": "document"}]}]},
            "The model's backend cannot read content of the type 'document'.",
        ),
        ({"messages": [{"role": "user", "content": [{"type": "text", "text": 1}]}]}, "'messages' must be a text."),
        ({"tools": [{"type": "web_search_20250305"}]}, "No backend here has the tool 'web_search_20250305'."),
        ({"tool_choice": {"type": "odd"}}, "'tool_choice' has an unknown type."),
        ({"system": 1}, "'system' must be a list of objects."),
    ],
)
def test_what_cannot_be_said_is_one_sentence(more, sentence):
    with pytest.raises(Failure) as caught:
        translated(**more)
    assert (caught.value.status, caught.value.message) == (400, sentence)


def answer(reason="stop", usage=None, **message):
    return {"choices": [{"index": 0, "message": message, "finish_reason": reason}], "usage": usage}


def test_an_answer():
    call = {"id": "c1", "type": "function", "function": {"name": "f", "arguments": '{"a": 1}'}}
    usage = {"prompt_tokens": 3, "completion_tokens": 2}
    given = answer("tool_calls", usage, content="hi", reasoning_content="t", tool_calls=[call])
    assert anthropic.from_chat(given, ABOUT) == {
        "id": "msg_r1",
        "type": "message",
        "role": "assistant",
        "model": "public",
        "content": [
            {"type": "thinking", "thinking": "t", "signature": ""},
            {"type": "text", "text": "hi"},
            {"type": "tool_use", "id": "c1", "name": "f", "input": {"a": 1}},
        ],
        "stop_reason": "tool_use",
        "stop_sequence": None,
        "usage": {"input_tokens": 3, "output_tokens": 2},
    }


@pytest.mark.parametrize(
    ("reason", "found"), [("stop", "end_turn"), ("length", "max_tokens"), ("content_filter", "refusal")]
)
def test_why_an_answer_ends(reason, found):
    assert anthropic.from_chat(answer(reason, content="hi"), ABOUT)["stop_reason"] == found


@pytest.mark.parametrize(
    "function", [{"name": "f", "arguments": "{"}, {"name": "f", "arguments": "[]"}, {"arguments": "{}"}]
)
def test_a_call_that_is_none_is_a_failure(function):
    with pytest.raises(Failure, match="a call of a tool that is not valid"):
        anthropic.from_chat(answer("tool_calls", tool_calls=[{"function": function}]), ABOUT)


def stream(*deltas, reason="stop", usage=None, end=True):
    relay = anthropic.MessageStream(ABOUT)
    out = b""
    for delta in [*deltas, *([{}] if end else [])]:
        last = end and delta == {}
        value = {"choices": [{"index": 0, "delta": delta, "finish_reason": reason if last else None}]}
        out += relay.feed(b"data: " + json.dumps({**value, "usage": usage if last else None}).encode() + b"\n\n")
    out += relay.finish()
    return relay, [(event.name, json.loads(event.data)) for event in Events().feed(out)]


def test_a_stream_opens_and_closes_one_block_after_the_other():
    call = {"index": 0, "id": "c1", "function": {"name": "f", "arguments": '{"a":'}}
    relay, events = stream(
        {"role": "assistant", "content": None},
        {"reasoning": "t"},
        {"content": "hi"},
        {"tool_calls": [call]},
        {"tool_calls": [{"index": 0, "function": {"arguments": "1}"}}]},
        {"tool_calls": [{"index": 1, "id": "c2", "function": {"name": "g", "arguments": "{}"}}]},
        reason="tool_calls",
        usage={"prompt_tokens": 3, "completion_tokens": 2},
    )
    assert relay.failure is None
    assert [(name, value.get("index")) for name, value in events] == [
        ("message_start", None),
        *(
            ("content_block_start", 0),
            ("content_block_delta", 0),
            ("content_block_delta", 0),
            ("content_block_stop", 0),
        ),
        *(("content_block_start", 1), ("content_block_delta", 1), ("content_block_stop", 1)),
        *(
            ("content_block_start", 2),
            ("content_block_delta", 2),
            ("content_block_delta", 2),
            ("content_block_stop", 2),
        ),
        *(("content_block_start", 3), ("content_block_delta", 3), ("content_block_stop", 3)),
        *(("message_delta", None), ("message_stop", None)),
    ]
    blocks = [value["content_block"] for _, value in events if "content_block" in value]
    assert blocks[2:] == [
        {"input": {}, "type": "tool_use", "id": "c1", "name": "f"},
        {"input": {}, "type": "tool_use", "id": "c2", "name": "g"},
    ]
    deltas = [value["delta"] for name, value in events if name == "content_block_delta"]
    assert deltas[1] == {"type": "signature_delta", "signature": ""}
    assert deltas[3]["partial_json"] + deltas[4]["partial_json"] == '{"a":1}'
    end = events[-2][1]
    assert end["delta"] == {"stop_reason": "tool_use", "stop_sequence": None}
    assert end["usage"] == {"input_tokens": 3, "output_tokens": 2}


def test_a_stream_that_says_nothing_is_a_message_all_the_same():
    relay, events = stream()
    assert relay.failure is None
    assert [name for name, _ in events] == ["message_start", "message_delta", "message_stop"]


def test_a_stream_that_is_cut_ends_with_an_error():
    relay, events = stream({"content": "hi"}, end=False)
    assert relay.failure is not None
    assert events[-1][0] == "error"
    assert "message_stop" not in dict(events)


@pytest.mark.parametrize(
    "calls",
    [
        [{"index": 0, "function": {"arguments": "{}"}}],
        [
            {"index": 0, "id": "a", "function": {"name": "f"}},
            {"index": 1, "id": "b", "function": {"name": "g"}},
            {"index": 0, "function": {"arguments": "{}"}},
        ],
    ],
)
def test_calls_that_cannot_be_told_apart_are_a_failure(calls):
    relay, events = stream(*({"tool_calls": [call]} for call in calls), reason="tool_calls")
    assert relay.failure is not None
    assert [name for name, _ in events].count("error") == 1
    assert events[-1][0] == "error"
