# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Streams: none that failed looks whole, and each is made as its clients need it."""

from __future__ import annotations

import json

import pytest

from hybrid_cluster.gateway.errors import Failure
from hybrid_cluster.gateway.streams import framing
from hybrid_cluster.gateway.streams.chat import ChatRelay, CompletionRelay
from hybrid_cluster.gateway.streams.framing import Comment, Event, Events, Lines
from hybrid_cluster.gateway.streams.messages import MessageRelay
from hybrid_cluster.gateway.streams.ollama import OllamaRelay
from hybrid_cluster.gateway.streams.relay import WAKING, About, Usage
from hybrid_cluster.gateway.streams.responses import ResponseRelay

ABOUT = About("public", "backend", "r1")
WITH_USAGE = About("public", "backend", "r1", include_usage=True)
CHUNK = {"id": "c1", "object": "chat.completion.chunk", "created": 1, "model": "m"}


def data(value, name=None, end="\n\n"):
    head = f"event: {name}\n" if name else ""
    return f"{head}data: {value if isinstance(value, str) else json.dumps(value)}{end}".encode()


def chunk(delta=None, reason=None, **more):
    return data({**CHUNK, "choices": [{"index": 0, "delta": delta or {}, "finish_reason": reason}], **more})


DONE = data("[DONE]")


def run(relay, *parts, failure=None):
    """Return what goes to the client; each stream is fed whole and byte by byte, to the same end."""
    out = b"".join(relay.feed(part) for part in parts) + relay.finish(failure)
    assert relay.finish() == b""
    assert relay.feed(b"data: {}\n\n") == b""
    single = type(relay)(relay.about)
    text = b"".join(parts)
    assert b"".join(single.feed(text[n : n + 1]) for n in range(len(text))) + single.finish(failure) == out
    assert (single.failure is None) == (relay.failure is None)
    return out


def events(out):
    """Return the events as a client reads them, each with its name and its data."""
    reader = Events()
    found = reader.feed(out)
    assert not reader.end(), "the last event is complete"
    named = [event for event in found if isinstance(event, Event)]
    return [(event.name, event.data if event.data == "[DONE]" else json.loads(event.data)) for event in named]


def chunks(out):
    return [value for _, value in events(out)]


def failed(out, relay):
    """Return the sentence of the error that a stream ends with, which has no mark of a whole answer."""
    assert relay.failure is not None
    assert b"[DONE]" not in out
    return chunks(out)[-1]["error"]["message"]


CUT = "backend ended before the answer was whole."


def test_events_are_cut_at_every_line_end_and_comments_are_seen():
    text = b": a\r\ndata: 1\r\ndata: 2\r\rid: 7\nevent: e\ndata:3\n\nretry: 1\n\n:\n"
    assert Events().feed(text) == [Comment(), Event("", "1\n2"), Event("e", "3"), Comment()]


def test_an_event_that_never_ends_is_given_up(monkeypatch):
    monkeypatch.setattr(framing, "LONGEST", 100)
    for relay in (ChatRelay(ABOUT), OllamaRelay(ABOUT)):
        relay.feed(b"data: " + b"x" * 90)
        assert b"an event that does not end" in relay.feed(b"x" * 90)
        assert relay.failure is not None


def test_blank_lines_are_no_lines():
    lines = Lines()
    assert lines.feed(b"1\n\n \r\n2") == [b"1"]
    assert lines.end() == [b"2"]


def test_a_whole_chat_passes_under_its_public_name():
    relay = ChatRelay(ABOUT)
    out = chunks(run(relay, chunk({"role": "assistant", "content": "hi"}), chunk({}, "stop"), DONE))
    assert [value["choices"][0]["delta"].get("content") for value in out[:-1]] == ["hi", None]
    assert {value["model"] for value in out[:-1]} == {"public"}
    assert out[-1] == "[DONE]"
    assert (relay.failure, relay.token, relay.characters) == (None, True, 2)


def test_a_chat_that_ends_without_its_mark_but_with_its_reason_is_whole():
    relay = ChatRelay(ABOUT)
    assert chunks(run(relay, chunk({"content": "hi"}), chunk({}, "stop")))[-1] == "[DONE]"
    assert relay.failure is None


@pytest.mark.parametrize(
    "parts",
    [
        pytest.param([], id="nothing"),
        pytest.param([DONE], id="only-the-mark"),
        pytest.param([chunk({"content": "hi"})], id="cut"),
        pytest.param([chunk({"content": "hi"}), DONE], id="marked-whole-without-a-reason"),
        pytest.param([chunk({"content": "hi"}), chunk({"content": ""}, model="")], id="ollama-loses-its-error"),
        pytest.param([b": keep-alive\n\n"], id="only-comments"),
    ],
)
def test_a_chat_without_a_reason_for_its_end_failed(parts):
    relay = ChatRelay(ABOUT)
    assert failed(run(relay, *parts), relay) == CUT


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        ({"error": {"message": "m", "type": "InternalServerError", "param": None, "code": 500}}, "m"),
        ({"error": {"code": 500, "message": "m", "type": "server_error"}}, "m"),
        ({"error": "m"}, "m"),
        ({"error": {"nothing": 1}}, "backend reports an error."),
    ],
)
@pytest.mark.parametrize("after", [[], [DONE], [chunk({}, "stop"), DONE]])
def test_an_error_is_the_last_event_whatever_comes_after_it(error, sentence, after):
    relay = ChatRelay(ABOUT)
    out = run(relay, chunk({"content": "hi"}), data(error), *after)
    assert failed(out, relay) == sentence
    assert chunks(out)[-1]["error"]["code"] in {None, "backend_error"}


@pytest.mark.parametrize("text", ["nonsense", "[1]", '"text"', '{"choices":[1]}', "[" * 9000])
def test_what_is_no_chunk_fails_the_chat(text):
    relay = ChatRelay(ABOUT)
    assert failed(run(relay, data(text)), relay) == "backend sent something that is not a valid answer."


@pytest.mark.parametrize("reason", ["abort", "error", "unheard-of"])
def test_a_reason_that_is_none_fails_the_chat(reason):
    relay = ChatRelay(ABOUT)
    out = run(relay, chunk({"content": "hi"}), chunk({}, reason), DONE)
    assert failed(out, relay) == f"backend ended the answer with {reason!r}."


def test_a_connection_that_breaks_is_an_error_and_one_that_breaks_after_the_end_is_none():
    relay = ChatRelay(ABOUT)
    assert failed(run(relay, chunk({"content": "hi"}), failure=Failure(502, "Gone.")), relay) == "Gone."
    late = ChatRelay(ABOUT)
    assert chunks(run(late, chunk({"content": "hi"}, "length"), failure=Failure(502, "Gone.")))[-1] == "[DONE]"


def test_every_choice_needs_its_reason():
    two = {**CHUNK, "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}, {"index": 1, "delta": {}}]}
    relay = ChatRelay(ABOUT)
    assert failed(run(relay, data(two), DONE), relay) == CUT


def test_comments_have_one_line_end_and_are_no_tokens():
    relay = ChatRelay(ABOUT)
    assert relay.feed(b": prefill_progress {}\n\n") == b": keep-alive\n"
    assert relay.feed(data({}, "ping")) == b": keep-alive\n"
    assert relay.feed(b"data: \n\n") == b""
    assert not relay.began
    assert not relay.token
    assert WAKING == b": waking\n"


def test_the_ids_of_events_are_left_out_since_comments_between_them_break_a_client():
    out = run(ChatRelay(ABOUT), b"id: 5\n" + chunk({"content": "hi"}, "stop"), DONE)
    assert b"id: 5" not in out


@pytest.mark.parametrize("name", ["reasoning", "reasoning_content"])
def test_thoughts_have_both_names(name):
    out = chunks(run(ChatRelay(ABOUT), chunk({name: "t"}), chunk({}, "stop"), DONE))
    delta = out[0]["choices"][0]["delta"]
    assert (delta["reasoning"], delta["reasoning_content"]) == ("t", "t")


def test_the_role_is_there_where_the_first_chunk_was_lost():
    out = chunks(run(ChatRelay(ABOUT), chunk({"content": "a"}), chunk({"content": "b"}, "stop"), DONE))
    assert out[0]["choices"][0]["delta"]["role"] == "assistant"
    assert "role" not in out[1]["choices"][0]["delta"]


def test_chunks_of_exo_become_chunks():
    exo = chunk({"content": "hi"}, "stop", object="chat.completion", usage={"prompt_tokens": 3, "completion_tokens": 2})
    relay = ChatRelay(ABOUT)
    out = chunks(run(relay, exo, DONE))
    assert out[0]["object"] == "chat.completion.chunk"
    assert "usage" not in out[0]
    assert relay.usage == Usage(3, 2)


@pytest.mark.parametrize("apart", [True, False])
def test_usage_comes_in_a_chunk_of_its_own_for_who_asked(apart):
    usage = {"prompt_tokens": 3, "completion_tokens": 2, "prompt_tokens_details": {"cached_tokens": 1}}
    parts = [chunk({"content": "hi"}, "stop", **({} if apart else {"usage": usage}))]
    if apart:
        parts.append(data({**CHUNK, "choices": [], "usage": usage}))
    out = chunks(run(ChatRelay(WITH_USAGE), *parts, DONE))
    assert out[1] == {**CHUNK, "model": "public", "choices": [], "usage": usage}
    silent = ChatRelay(ABOUT)
    assert len(chunks(run(silent, *parts, DONE))) == 2
    assert silent.usage == Usage(3, 2, 1)


def test_pieces_of_calls_have_their_indices():
    def call(**more):
        return chunk({"tool_calls": [more]})

    out = chunks(
        run(
            ChatRelay(ABOUT),
            call(id="a", function={"name": "f", "arguments": "{"}),
            call(function={"arguments": "}"}),
            call(id="b", function={"name": "g", "arguments": "{}"}),
            call(id="a", function={"arguments": ""}),
            call(index=1, function={"arguments": ""}),
            chunk({}, "tool_calls"),
            DONE,
        )
    )
    assert [value["choices"][0]["delta"]["tool_calls"][0]["index"] for value in out[:5]] == [0, 0, 1, 0, 1]


def test_a_choice_without_an_index_is_the_first():
    value = {**CHUNK, "choices": [{"delta": {"content": "hi"}, "finish_reason": "stop"}]}
    assert chunks(run(ChatRelay(ABOUT), data(value), DONE))[0]["choices"][0]["index"] == 0


@pytest.mark.parametrize("bare", [{"finish_reason": "stop"}, {"delta": None, "finish_reason": "stop"}])
def test_the_last_chunk_may_have_no_delta(bare):
    out = chunks(run(ChatRelay(ABOUT), chunk({"content": "hi"}), data({**CHUNK, "choices": [bare]})))
    assert out[1]["choices"][0]["delta"] == {}


def test_a_text_completion_is_watched_alike():
    text = {**CHUNK, "choices": [{"index": 0, "text": "hi", "finish_reason": None}]}
    relay = CompletionRelay(ABOUT)
    assert failed(run(relay, data(text), DONE), relay) == CUT
    whole = {**CHUNK, "choices": [{"index": 0, "text": "", "finish_reason": "stop"}]}
    out = chunks(run(CompletionRelay(ABOUT), data(text), data(whole), DONE))
    assert out[0] == {**text, "object": "text_completion", "model": "public"}
    assert out[-1] == "[DONE]"


def message(kind, **more):
    return data({"type": kind, **more}, kind)


def text_block(text, index=0):
    return [
        message("content_block_start", index=index, content_block={"type": "text", "text": ""}),
        message("content_block_delta", index=index, delta={"type": "text_delta", "text": text}),
        message("content_block_stop", index=index),
    ]


START = message("message_start", message={"id": "msg_a", "model": "m", "usage": {"input_tokens": 3}})
END = message("message_delta", delta={"stop_reason": "end_turn"}, usage={"output_tokens": 2})
STOP = message("message_stop")


def test_a_whole_message_passes_under_its_public_name():
    relay = MessageRelay(ABOUT)
    out = events(run(relay, START, *text_block("hi"), END, STOP))
    assert [name for name, _ in out] == [
        *("message_start", "content_block_start", "content_block_delta", "content_block_stop"),
        *("message_delta", "message_stop"),
    ]
    assert all(name == value["type"] for name, value in out)
    assert out[0][1]["message"]["model"] == "public"
    assert out[0][1]["message"]["usage"] == {"input_tokens": 3, "output_tokens": 0}
    assert (relay.failure, relay.usage, relay.characters) == (None, Usage(3, 2), 2)


def test_a_message_gets_the_start_that_was_lost():
    # llama.cpp skips its first chunk where that ends within a character: the start of the message and of the block.
    relay = MessageRelay(ABOUT)
    names = [name for name, _ in events(run(relay, *text_block("hi")[1:], END, STOP))]
    assert names[:3] == ["message_start", "content_block_start", "content_block_delta"]
    assert relay.failure is None


def test_every_event_of_a_message_has_a_name():
    parts = [part.split(b"\n", 1)[1] for part in (START, *text_block("hi"), END, STOP)]
    assert next(name for name, _ in events(run(MessageRelay(ABOUT), *parts))) == "message_start"


def test_blocks_are_numbered_without_gaps_and_one_is_open_at_a_time():
    tool = {"type": "tool_use", "id": "toolu_1", "name": "f"}
    parts = [
        START,
        *text_block("a", 0)[:2],
        message("content_block_start", index=2, content_block=tool),
        message("content_block_delta", index=2, delta={"type": "input_json_delta", "partial_json": "{}"}),
        message("content_block_stop", index=0),
        message("content_block_stop", index=2),
        *text_block("", 0),
        message("message_delta", delta={"stop_reason": "tool_use"}),
        STOP,
    ]
    out = events(run(MessageRelay(ABOUT), *parts))
    blocks = [(name.removeprefix("content_block_"), value["index"]) for name, value in out if "index" in value]
    assert blocks == [(kind, index) for index in range(3) for kind in ("start", "delta", "stop")]
    assert [value["content_block"] for _, value in out if "content_block" in value][1] == {**tool, "input": {}}
    assert next(value for name, value in out if name == "message_delta")["usage"] == {"output_tokens": 0}


@pytest.mark.parametrize(
    "parts",
    [
        pytest.param([], id="nothing"),
        pytest.param([START, *text_block("hi")], id="cut"),
        pytest.param(
            [START, *text_block("hi"), message("message_delta", delta={"stop_reason": None}), STOP],
            id="exo-ends-a-failed-one-well",
        ),
        pytest.param([START, *text_block("hi"), STOP], id="no-reason"),
        pytest.param([START, message("message_delta", delta={"stop_reason": "error"}), STOP], id="unknown-reason"),
    ],
)
def test_a_message_without_a_reason_for_its_end_failed(parts):
    relay = MessageRelay(ABOUT)
    name, value = events(run(relay, *parts))[-1]
    assert name == "error"
    assert value["error"] == {"type": "api_error", "message": CUT}
    assert relay.failure is not None


@pytest.mark.parametrize(
    "error",
    [
        data({"code": 500, "message": "m", "type": "server_error"}, "error"),
        data({"type": "error", "error": {"type": "api_error", "message": "m"}}, "error"),
        data({"error": {"message": "m"}}),
    ],
)
def test_an_error_of_a_message_is_wrapped_and_last(error):
    relay = MessageRelay(ABOUT)
    out = events(run(relay, START, error, END, STOP))
    assert out[-1] == ("error", {"type": "error", "error": {"type": "api_error", "message": "m"}, "request_id": "r1"})


@pytest.mark.parametrize(
    "part",
    [
        data("nonsense", "content_block_delta"),
        message("content_block_start", index=0),
        message("content_block_delta", index=0),
        message("content_block_delta", index=5, delta={"type": "input_json_delta", "partial_json": "{}"}),
    ],
)
def test_what_is_no_event_fails_the_message(part):
    relay = MessageRelay(ABOUT)
    assert (
        events(run(relay, START, part))[-1][1]["error"]["message"]
        == "backend sent something that is not a valid answer."
    )


def test_a_message_may_have_pings_and_end_with_the_mark_of_another_api():
    out = run(MessageRelay(ABOUT), message("ping"), START, *text_block("hi"), END, DONE)
    names = [name for name, _ in events(out)]
    assert (names[0], names[-1]) == ("ping", "message_stop")
    assert b"[DONE]" not in out


def response(kind, **more):
    return data({"type": kind, **more}, kind)


CREATED = response("response.created", response={"id": "resp_1", "model": "m", "status": "in_progress"})
ITEM = response("response.output_item.added", item={"id": "msg_1", "type": "message"})
PART = response("response.output_text.delta", item_id="msg_1", delta="hi")
USED = {"input_tokens": 3, "output_tokens": 2, "total_tokens": 5}
COMPLETED = response("response.completed", response={"model": "m", "status": "completed", "usage": USED})


def test_responses_get_the_numbers_that_llama_cpp_leaves_out():
    relay = ResponseRelay(ABOUT)
    out = chunks(run(relay, CREATED, ITEM, PART, COMPLETED))
    assert [value["sequence_number"] for value in out] == [0, 1, 2, 3]
    assert (out[2]["output_index"], out[2]["content_index"]) == (0, 0)
    assert out[0]["response"]["model"] == "public"
    assert (relay.failure, relay.usage, relay.characters) == (None, Usage(3, 2), 2)


def test_a_second_item_has_the_second_index():
    second = response("response.output_item.added", item={"id": "fc_1", "type": "function_call"})
    piece = response("response.function_call_arguments.delta", item_id="fc_1", delta="{}")
    out = chunks(run(ResponseRelay(ABOUT), CREATED, ITEM, second, piece, PART, COMPLETED))
    assert [value.get("output_index") for value in out] == [None, 0, 1, 1, 0, None]


def test_an_incomplete_response_is_whole():
    end = response("response.incomplete", response={"status": "incomplete"})
    relay = ResponseRelay(ABOUT)
    run(relay, CREATED, PART, end)
    assert relay.failure is None


@pytest.mark.parametrize(
    ("parts", "sentence"),
    [
        ([], CUT),
        ([CREATED, PART], CUT),
        ([CREATED, PART, DONE], CUT),
        ([response("response.completed", response={"status": "failed"})], CUT),
        ([response("response.completed")], CUT),
        ([response("response.completed", response={"status": "completed", "error": {"message": "m"}})], "m"),
        ([response("response.failed", response={"status": "failed", "error": {"message": "m"}})], "m"),
        ([data({"type": "error", "message": "m"}, "error")], "m"),
        ([data({"error": {"message": "m"}})], "m"),
        ([data("nonsense")], "backend sent something that is not a valid answer."),
    ],
)
def test_a_response_that_failed_ends_with_an_error(parts, sentence):
    relay = ResponseRelay(ABOUT)
    out = run(relay, *parts, COMPLETED if sentence != CUT else b"")
    name, value = events(out)[-1]
    assert (name, value["message"]) == ("error", sentence)
    assert value["sequence_number"] == len(events(out)) - 1
    assert b"response.completed" not in out


def line(**value):
    return json.dumps({"model": "m", "created_at": "t", **value}).encode() + b"\n"


def test_a_stream_of_ollama_has_no_blank_lines():
    relay = OllamaRelay(ABOUT)
    parts = (line(message={"content": "hi"}, done=False), b"\n", line(done=True, prompt_eval_count=3, eval_count=2))
    out = run(relay, *parts)
    assert [json.loads(text)["model"] for text in out.split(b"\n")[:-1]] == ["public", "public"]
    assert (relay.failure, relay.usage, relay.token) == (None, Usage(3, 2), True)


@pytest.mark.parametrize(
    ("parts", "sentence"),
    [
        ([], CUT),
        ([line(message={"content": "hi"}, done=False)], CUT),
        ([line(error="m")], "m"),
        ([line(error={"message": "m"}), line(done=True)], "m"),
        ([b"nonsense\n"], "backend sent something that is not a valid answer."),
        ([b"[1]\n"], "backend sent something that is not a valid answer."),
    ],
)
def test_a_stream_of_ollama_that_failed_ends_with_a_text(parts, sentence):
    relay = OllamaRelay(ABOUT)
    out = run(relay, *parts)
    assert json.loads(out.strip().split(b"\n")[-1]) == {"error": sentence}
    assert b'"done":true' not in out
