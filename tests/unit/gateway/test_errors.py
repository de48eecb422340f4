# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Errors in the words of each API, and those of backends, which have five shapes."""

from __future__ import annotations

import json

import pytest

from hybrid_cluster.gateway import errors, upstream_errors
from hybrid_cluster.gateway.errors import Failure
from hybrid_cluster.gateway.kinds import Dialect, Form

STATUSES = (400, 401, 403, 404, 405, 408, 413, 415, 429, 500, 501, 502, 503)


@pytest.mark.parametrize("status", STATUSES)
def test_openai_reads_an_object_whose_code_is_a_word_or_nothing(status):
    error = json.loads(errors.body(Failure(status, "Why."), Dialect.OPENAI, "r1"))["error"]
    assert error["message"] == "Why."
    assert error["code"] is None
    assert error["type"].endswith("_error")
    named = json.loads(errors.body(Failure(status, "Why.", code="word"), Dialect.OPENAI, "r1"))["error"]
    assert named["code"] == "word"


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, "invalid_request_error"),
        (401, "authentication_error"),
        (403, "permission_error"),
        (404, "not_found_error"),
        (413, "request_too_large"),
        (429, "rate_limit_error"),
        (500, "api_error"),
        (502, "api_error"),
        (503, "overloaded_error"),
    ],
)
def test_anthropic_reads_a_typed_object_with_the_id_of_the_request(status, kind):
    value = json.loads(errors.body(Failure(status, "Why."), Dialect.ANTHROPIC, "r1"))
    assert value == {"type": "error", "error": {"type": kind, "message": "Why."}, "request_id": "r1"}


def test_ollama_reads_a_text():
    assert json.loads(errors.body(Failure(404, "Why."), Dialect.OLLAMA, "r1")) == {"error": "Why."}


@pytest.mark.parametrize(("asked", "told"), [(0, "1"), (0.2, "1"), (5, "5"), (5.1, "6"), (60, "60"), (3600, "60")])
def test_no_client_is_told_to_wait_longer_than_a_minute(asked, told):
    assert Failure(503, "Why.", retry_after=asked).headers()["Retry-After"] == told


def test_a_client_is_told_where_trying_again_is_of_no_use():
    assert Failure(429, "Why.", final=True).headers() == {"x-should-retry": "false"}
    assert Failure(501, "Why.", final=True).headers() == {"x-should-retry": "false"}
    # Nobody repeats these.
    assert Failure(403, "Why.", final=True).headers() == {}


@pytest.mark.parametrize("form", [Form.CHAT, Form.COMPLETION])
def test_a_stream_of_openai_ends_with_an_error_and_without_done(form):
    text = errors.in_stream(Failure(502, "Why."), form, "r1").decode()
    assert text.endswith("\n\n")
    assert json.loads(text.removeprefix("data: "))["error"]["message"] == "Why."
    assert "[DONE]" not in text


def test_a_stream_of_responses_ends_with_a_numbered_error():
    head, data, *_ = errors.in_stream(Failure(502, "Why."), Form.RESPONSES, "r1", 7).decode().split("\n")
    assert head == "event: error"
    assert json.loads(data.removeprefix("data: ")) == {
        "type": "error",
        "code": None,
        "message": "Why.",
        "param": None,
        "sequence_number": 7,
    }


def test_a_stream_of_messages_ends_with_an_event_that_has_a_name():
    head, data, *_ = errors.in_stream(Failure(503, "Why."), Form.MESSAGES, "r1").decode().split("\n")
    assert head == "event: error"
    assert json.loads(data.removeprefix("data: "))["error"] == {"type": "overloaded_error", "message": "Why."}


@pytest.mark.parametrize("form", [Form.OLLAMA_CHAT, Form.OLLAMA_GENERATE])
def test_a_stream_of_ollama_ends_with_a_line(form):
    assert errors.in_stream(Failure(502, "Why."), form, "r1") == b'{"error":"Why."}\n'


@pytest.mark.parametrize(
    ("body", "said"),
    [
        pytest.param(b'{"error":{"message":"m","type":"Not Found","param":null,"code":404}}', "m", id="exo"),
        pytest.param(b'{"error":{"code":400,"message":"m","type":"invalid_request_error"}}', "m", id="llama_cpp"),
        pytest.param(b'{"error":"m"}', "m", id="ollama"),
        pytest.param(b'{"detail":"Not Found"}', "Not Found", id="a-route-of-exo"),
        pytest.param(b'{"detail":[{"loc":["body","a"],"msg":"m"},{"msg":"n"}]}', "body.a: m; n", id="validation"),
        pytest.param(b"404 page not found", "404 page not found", id="text"),
        pytest.param(b"", "", id="nothing"),
        pytest.param(b"<html>502</html>", "", id="a-page"),
        pytest.param(b"[1]", "", id="a-list"),
        pytest.param(b'{"error":null,"detail":null}', "", id="nulls"),
        pytest.param(b'{"error":{"error":3}}', "", id="a-number"),
        pytest.param(b"\x1b[31mred", " [31mred", id="control-characters"),
        pytest.param(b"[" * 100000, "[" * 499 + "…", id="deep"),
    ],
)
def test_the_sentence_is_found_in_every_shape(body, said):
    assert upstream_errors.message(body) == said


@pytest.mark.parametrize(
    ("status", "ours", "retry", "final"),
    [
        (400, 400, None, False),
        (413, 413, None, False),
        (422, 400, None, False),
        (401, 502, None, True),
        (403, 502, None, True),
        (404, 503, 30, False),
        (429, 429, 5, False),
        (500, 502, None, False),
        (501, 501, None, True),
        (503, 503, 10, False),
        (302, 502, None, False),
    ],
)
def test_the_status_of_a_backend_becomes_one_that_says_whose_fault_it_is(status, ours, retry, final):
    failure = upstream_errors.from_answer(status, b"", "llama_cpp")
    assert (failure.status, failure.retry_after, failure.final) == (ours, retry, final)
    assert failure.message


@pytest.mark.parametrize(
    ("value", "status"),
    [({"code": 400, "message": "m"}, 400), ({"code": 503, "message": "m"}, 503), ({"message": "m"}, 502), ("m", 502)],
)
def test_an_error_within_a_stream_keeps_its_sentence(value, status):
    failure = upstream_errors.from_error(value, "vllm")
    assert (failure.status, failure.message) == (status, "m")


def test_an_error_without_a_sentence_gets_one():
    assert upstream_errors.from_error({}, "vllm").message == "vllm reports an error."
