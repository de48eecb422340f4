# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What clients of our service see: the real mlx_lm without its traps."""

from __future__ import annotations

import http.client
import json
import socket
import threading
import time

import pytest

from tests.mlx_front import KEY


def error(answer):
    return json.loads(answer[2])["error"]


def test_answers_under_the_public_name_whatever_alias_was_asked_for(service):
    for name in ("qwen", "small"):
        status, headers, text = service.chat(model=name)
        answer = json.loads(text)
        assert (status, answer["model"], answer["usage"]["completion_tokens"]) == (200, "qwen", 5)
        assert answer["choices"][0]["message"]["content"]
        assert answer["system_fingerprint"].startswith("first-")
        assert "Access-Control-Allow-Origin" not in headers


def test_streams_and_ends(service):
    status, headers, text = service.chat(stream=True, stream_options={"include_usage": True})
    assert (status, headers["Content-Type"]) == (200, "text/event-stream")
    assert text.endswith("data: [DONE]\n\n")
    chunks = [json.loads(line[6:]) for line in text.splitlines() if line.startswith("data: {")]
    assert {chunk["model"] for chunk in chunks} == {"qwen"}
    assert chunks[-1]["usage"]["completion_tokens"] == 5


def test_completes_text(service):
    status, _, text = service.ask("POST", "/v1/completions", {"model": "qwen", "prompt": "a", "max_tokens": 3})
    assert (status, json.loads(text)["object"]) == (200, "text_completion")


def test_lists_the_names_of_the_table(service):
    status, _, text = service.ask("GET", "/v1/models")
    listed = json.loads(text)
    assert (status, listed["object"], [one["id"] for one in listed["data"]]) == (200, "list", ["qwen", "small"])
    assert json.loads(service.ask("GET", "/v1/models/small")[2])["root"] == "qwen"
    assert service.ask("GET", "/v1/models/other")[0] == 404


@pytest.mark.parametrize("path", ["/v1/models", "/v1/chat/completions"])
@pytest.mark.parametrize("key", [None, "wrong", ""])
def test_asks_for_the_key(service, path, key):
    method = "GET" if path == "/v1/models" else "POST"
    answer = service.ask(method, path, {"model": "qwen", "messages": []} if method == "POST" else None, key=key)
    assert (answer[0], error(answer)["code"]) == (401, "invalid_api_key")


def test_takes_the_key_in_the_other_header_too(service):
    connection = http.client.HTTPConnection("127.0.0.1", service.port, timeout=30)
    connection.request("GET", "/v1/models", headers={"X-Api-Key": KEY})
    assert connection.getresponse().status == 200


REFUSED = {
    "another model": ({"model": "mlx-community/other"}, 404, "model_not_found"),
    "mlx_lm's own name": ({"model": "default_model"}, 404, "model_not_found"),
    "a folder": ({"model": "/etc"}, 404, "model_not_found"),
    "no model": ({"model": None}, 400, None),
    "an adapter": ({"adapters": "/etc"}, 400, None),
    "a draft model": ({"draft_model": "other/model"}, 400, None),
    "no tokens": ({"max_tokens": 0}, 400, None),
    "a word for a number": ({"temperature": "hot"}, 400, None),
    "no messages": ({"messages": None}, 400, None),
    "messages without content": ({"messages": [{"role": "user", "content": [{"type": "audio"}]}]}, 400, None),
    "a prompt beyond the context": (
        {"messages": [{"role": "user", "content": "a" * 5000}]},
        400,
        "context_length_exceeded",
    ),
}


@pytest.mark.parametrize(("changes", "status", "code"), REFUSED.values(), ids=REFUSED)
def test_refuses_in_the_dialect_of_openai(service, changes, status, code):
    answer = service.chat(**changes)
    assert (answer[0], error(answer)["code"]) == (status, code), answer
    assert error(answer)["message"]


def test_fetches_no_picture_that_a_client_names(service):
    with socket.create_server(("127.0.0.1", 0)) as trap:
        trap.settimeout(1)
        url = f"http://127.0.0.1:{trap.getsockname()[1]}/"
        answer = service.chat(
            messages=[{"role": "user", "content": [{"type": "image_url", "image_url": {"url": url}}]}]
        )
        assert (answer[0], "fetches no pictures" in error(answer)["message"]) == (400, True)
        with pytest.raises(TimeoutError):
            trap.accept()


@pytest.mark.parametrize("body", [b"", b"x", b"[]", b'"text"', b"{"])
def test_refuses_what_is_no_request(service, body):
    answer = service.ask("POST", "/v1/chat/completions", body)
    assert answer[0] == 400
    assert error(answer)["type"] == "invalid_request_error"


def test_refuses_a_request_that_is_too_big_before_it_is_sent(service):
    with socket.create_connection(("127.0.0.1", service.port), timeout=10) as connection:
        head = f"POST /v1/completions HTTP/1.1\r\nAuthorization: Bearer {KEY}\r\nContent-Length: 99999999\r\n\r\n"
        connection.sendall(head.encode())
        assert b" 413 " in connection.recv(1000).splitlines()[0]


def test_a_client_that_sends_too_much_hears_why(service):
    """A connection that is closed on it while it sends would be reset, and the answer lost."""
    for key, status in ((KEY, 413), ("wrong", 401)):
        answer = service.ask("POST", "/v1/completions", b" " * (40 * 1024 * 1024), key=key)
        assert answer[0] == status


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/"), ("POST", "/v1/embeddings"), ("POST", "/v1/models"), ("GET", "/v1/modelsx")]
)
def test_has_nothing_else(service, method, path):
    assert service.ask(method, path, {} if method == "POST" else None)[0] == 404


def test_an_answer_never_goes_beyond_the_context(service):
    answer = json.loads(service.chat("a" * 2000, max_tokens=10**6)[2])
    assert answer["usage"]["total_tokens"] <= 2048


@pytest.mark.parametrize("more", [{}, {"stream": True}, {"seed": 1}], ids=["whole", "streamed", "alone"])
def test_stops_within_a_second_when_the_client_leaves(service, more):
    before = service.metric("mlx_lm_requests_cancelled_total")
    body = {"model": "qwen", "messages": [{"role": "user", "content": "hi"}], "max_tokens": 2000, **more}
    connection = socket.create_connection(("127.0.0.1", service.port))
    content = json.dumps(body).encode()
    head = (
        f"POST /v1/chat/completions HTTP/1.0\r\nAuthorization: Bearer {KEY}\r\nContent-Length: {len(content)}\r\n\r\n"
    )
    connection.sendall(head.encode() + content)
    service.wait(lambda: service.metric("mlx_lm_requests_running") == 1, 10)
    time.sleep(0.5)
    connection.close()
    begin = time.monotonic()
    service.wait(lambda: service.metric("mlx_lm_requests_running") == 0, 10)
    assert time.monotonic() - begin < 3
    assert service.metric("mlx_lm_requests_cancelled_total") == before + 1
    tokens = service.metric("mlx_lm_generated_tokens_total")
    assert service.chat()[0] == 200
    assert service.metric("mlx_lm_generated_tokens_total") == tokens + 5


def test_clients_at_once_are_all_answered(service):
    statuses = []
    threads = [threading.Thread(target=lambda: statuses.append(service.chat(max_tokens=20)[0])) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert statuses == [200] * 12


def test_counts_what_prometheus_wants(service):
    before = {
        name: service.metric(f"mlx_lm_{name}_total") for name in ("prompt_tokens", "generated_tokens", "first_tokens")
    }
    usage = json.loads(service.chat("count me")[2])["usage"]
    assert service.metric("mlx_lm_prompt_tokens_total") == before["prompt_tokens"] + usage["prompt_tokens"]
    assert service.metric("mlx_lm_generated_tokens_total") == before["generated_tokens"] + usage["completion_tokens"]
    assert service.metric("mlx_lm_first_tokens_total") == before["first_tokens"] + 1
    page = service.ask("GET", "/metrics", key=None)[2]
    for line in ("mlx_lm_up{", "mlx_lm_model_loaded{", "mlx_lm_proved{", "mlx_lm_metal{", 'revision="first"'):
        assert line in page
    assert service.ask("GET", "/metrics", key=None)[1]["Content-Type"].startswith("text/plain")


def test_keeps_no_more_prompts_than_it_may(make_service, service):
    small = make_service(prompt_cache_bytes=200_000, prompt_cache_entries=50)
    small.directory.rmdir()
    small.directory.symlink_to(service.directory)
    small.start().wait_ready()
    for number in range(20):
        assert small.chat(f"{number} " * 40)[0] == 200
    assert 0 < small.metric("mlx_lm_prompt_cache_bytes") <= 200_000


def test_refuses_more_than_may_wait(make_service, service):
    busy = make_service(parallel=1, queue=1)
    busy.directory.rmdir()
    busy.directory.symlink_to(service.directory)
    busy.start().wait_ready()
    statuses = []
    threads = [threading.Thread(target=lambda: statuses.append(busy.chat(max_tokens=500)[0])) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(statuses) == {200, 429}
