# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The question to a model, over real connections to a small server."""

from __future__ import annotations

import contextlib
import http.server
import json
import socket
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import Commands
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._models import answer
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._report._base import Context
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._report._measure import measure_all

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

KEY = "K3y-of-the-cluster"


class Backend(http.server.ThreadingHTTPServer):
    """Plays back what a backend says, a status and pieces with pauses for each question, and keeps the questions."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.script: list[tuple[int, list[str | float]]] = []
        self.asked: list[tuple[str, str | None, dict[str, Any]]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Handler(http.server.BaseHTTPRequestHandler):
    server: Backend

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.asked.append((self.path, self.headers["Authorization"], body))
        status, pieces = self.server.script[min(len(self.server.asked), len(self.server.script)) - 1]
        self.send_response(status)
        self.end_headers()
        # Whoever asked may have given up.
        with contextlib.suppress(ConnectionError):
            for piece in pieces:
                if isinstance(piece, float):
                    time.sleep(piece)
                else:
                    self.wfile.write(piece.encode())
                    self.wfile.flush()

    def log_message(self, *_words: object) -> None:
        pass


@pytest.fixture
def backend() -> Iterator[Backend]:
    with Backend() as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield server
        server.shutdown()


def event(**said: Any) -> str:
    return f"data: {json.dumps(said)}\n\n"


def delta(text: str | None, **more: Any) -> str:
    return event(choices=[{"index": 0, "delta": {"content": text}}], **more)


DONE = "data: [DONE]\n\n"
LOADING = '{"error":{"message":"Loading model","type":"unavailable_error","code":503}}'


def test_reads_the_tokens_of_a_stream(backend: Backend) -> None:
    backend.script = [(200, [event(choices=[{"delta": {"role": "assistant"}}]), delta("Hel"), delta("lo"), DONE])]
    asked = answer.ask(backend.url, "small", KEY)
    assert (asked.answered, asked.text, asked.tokens) == (True, "Hello", 2)
    assert backend.asked == [
        (
            "/v1/chat/completions",
            f"Bearer {KEY}",
            {
                "model": "small",
                "messages": [{"role": "user", "content": "Say hello."}],
                "max_tokens": 4,
                "stream": True,
            },
        )
    ]


def test_skips_comments_and_events_cut_anywhere(backend: Backend) -> None:
    whole = ": keep-alive\n\nevent: message\n" + delta("Grüße", model="small") + DONE
    backend.script = [(200, [piece for letter in whole for piece in (letter,)])]
    asked = answer.ask(backend.url, "small")
    assert (asked.text, asked.tokens, asked.served_as) == ("Grüße", 1, "small")


def test_asks_with_a_prompt_where_there_are_no_messages(backend: Backend) -> None:
    backend.script = [(200, [event(choices=[{"text": "Hi"}]), DONE])]
    assert answer.ask(backend.url, "small", path="/v1/completions").text == "Hi"
    path, authorization, body = backend.asked[0]
    assert (path, authorization, body["prompt"]) == ("/v1/completions", None, "Say hello.")
    assert "messages" not in body


@pytest.mark.parametrize(
    ("pieces", "text", "tokens"),
    [
        pytest.param(
            [delta(None), event(choices=[{"delta": {"reasoning_content": "Hm"}}]), DONE], "Hm", 1, id="thinks"
        ),
        pytest.param([event(choices=[{"delta": {}}], timings={"predicted_n": 4}), DONE], "", 4, id="no-text"),
        pytest.param([event(choices=[], usage={"completion_tokens": 3}), DONE], "", 3, id="usage"),
        pytest.param(['{"choices": [{"message":\n {"content": "Hi"}}]}\n'], "Hi", 1, id="not-streamed"),
        pytest.param([delta("Hi").rstrip()], "Hi", 1, id="ends-without-a-line-end"),
    ],
)
def test_counts_a_token_however_it_comes(backend: Backend, pieces: list[str], text: str, tokens: int) -> None:
    backend.script = [(200, list(pieces))]
    asked = answer.ask(backend.url, "small")
    assert (asked.answered, asked.text, asked.tokens) == (True, text, tokens)


def test_says_under_which_name_it_was_answered(backend: Backend) -> None:
    backend.script = [(200, [delta("Hi", model="/srv/x.gguf"), DONE])]
    sentence = answer.ask(backend.url, "small").sentence
    assert sentence.startswith("small answered 1 token after ")
    assert sentence.endswith(" seconds, as /srv/x.gguf.")


def test_waits_while_the_model_is_loaded(backend: Backend, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answer, "POLL_SECONDS", 0.02)
    backend.script = [(503, [LOADING]), (503, [LOADING]), (200, [delta("Hi"), DONE])]
    assert answer.ask(backend.url, "small", timeout=20).answered
    assert len(backend.asked) == 3


def test_waits_no_longer_than_it_is_told(backend: Backend, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answer, "POLL_SECONDS", 0.1)
    backend.script = [(503, [LOADING])]
    asked = answer.ask(backend.url, "small", timeout=3)
    assert asked.sentence == "small gave no token within 3 seconds: status 503: Loading model."


@pytest.mark.parametrize(
    ("pieces", "seconds"),
    [
        pytest.param([3.0], 0.3, id="silent"),
        pytest.param([piece for _ in range(40) for piece in (": keep-alive\n\n", 0.05)], 0.5, id="only-comments"),
    ],
)
def test_a_frozen_model_is_given_up(backend: Backend, pieces: list[str | float], seconds: float) -> None:
    backend.script = [(200, pieces)]
    start = time.monotonic()
    asked = answer.ask(backend.url, "small", timeout=seconds)
    assert (asked.answered, asked.sentence) == (False, f"small gave no token within {seconds:g} seconds.")
    assert time.monotonic() - start < 2


@pytest.mark.parametrize(
    ("status", "body", "key", "sentence"),
    [
        pytest.param(
            401,
            '{"error":{"message":"Invalid API Key","type":"authentication_error","code":401}}',
            KEY,
            "small is refused with this key (status 401: Invalid API Key).",
            id="wrong-key",
        ),
        pytest.param(401, "", None, "small needs an API key (status 401).", id="no-key"),
        pytest.param(
            404,
            '{"detail":"No instance found"}',
            None,
            "small is not served there (status 404: No instance found).",
            id="404",
        ),
        pytest.param(
            400,
            '{"error":{"code":400,"message":"model \'small\' not found","type":"invalid_request_error"}}',
            None,
            "small is not served there (status 400: model 'small' not found).",
            id="router",
        ),
        pytest.param(500, "out of memory", None, "small answered with an error (status 500: out of memory).", id="500"),
        pytest.param(
            500, f"no {KEY} here", KEY, "small answered with an error (status 500: no *** here).", id="key-repeated"
        ),
        pytest.param(
            200,
            event(error={"message": "the model crashed", "code": 500}),
            None,
            "small answered with an error: the model crashed.",
            id="error-in-the-stream",
        ),
        pytest.param(
            200, "data: <html>\n\n", None, "small answered with something that is not valid JSON: '<html>'.", id="html"
        ),
    ],
)
def test_says_why_there_is_no_answer(backend: Backend, status: int, body: str, key: str | None, sentence: str) -> None:
    backend.script = [(status, [body])]
    asked = answer.ask(backend.url, "small", key)
    assert (asked.answered, asked.sentence) == (False, sentence)


@pytest.mark.parametrize("pieces", [[], [DONE], [delta(""), delta(None), DONE]])
def test_an_answer_without_a_token_is_none(backend: Backend, pieces: list[str | float]) -> None:
    backend.script = [(200, pieces)]
    asked = answer.ask(backend.url, "small")
    assert not asked.answered
    where = f"{backend.url}/v1/chat/completions"
    assert asked.sentence == f"small answered no token: {where} ended its answer without one."


def test_an_error_after_some_tokens_is_an_error(backend: Backend) -> None:
    backend.script = [(200, [delta("Hi"), event(error={"message": "gone"})])]
    asked = answer.ask(backend.url, "small")
    assert (asked.answered, asked.text, asked.sentence) == (False, "Hi", "small answered with an error: gone.")


def test_nobody_listens() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        asked = answer.ask(url, "small")
    where = f"{url}/v1/chat/completions"
    assert asked.sentence == f"small is not reached: {where} does not answer: connection refused."


@pytest.mark.parametrize("url", ["localhost:8080", "https://127.0.0.1:8080", "file:///etc/passwd"])
def test_another_address_is_refused(url: str) -> None:
    with pytest.raises(answer.AnswerError, match="is not an address of the form http://host:port"):
        answer.ask(url, "small")


def test_the_module_returns_the_answer(backend: Backend, run_module: Callable[..., dict[str, Any]]) -> None:
    backend.script = [(200, [delta("Hi", model="small"), DONE])]
    result = run_module("model_answer", {"url": backend.url, "model": "small", "api_key": KEY})
    assert (result["answered"], result["text"], result["tokens"], result["served_as"]) == (True, "Hi", 1, "small")
    assert not result["changed"]
    assert KEY not in json.dumps(result)


@pytest.mark.parametrize("fails", [True, False])
def test_the_module_fails_without_an_answer(
    backend: Backend, run_module: Callable[..., dict[str, Any]], fails: bool
) -> None:
    backend.script = [(404, ["{}"])]
    result = run_module("model_answer", {"url": backend.url, "model": "small", "fail_when_silent": fails})
    assert result.get("failed", False) is fails
    assert result["sentence"] == "small is not served there (status 404: {})."
    assert result["answered"] is False


def test_a_check_asks_nothing(backend: Backend, run_module: Callable[..., dict[str, Any]]) -> None:
    result = run_module("model_answer", {"url": backend.url, "model": "small"}, check=True)
    assert (result["answered"], result["changed"], backend.asked) == (None, False, [])


def test_the_report_has_a_line(backend: Backend) -> None:
    backend.script = [(200, [delta("Hi"), DONE]), (401, [""])]
    context = Context(Commands(), None, "Linux", {"models": KEY})  # type: ignore[arg-type]
    check = {"check": "model_answers", "capability": "x", "url": backend.url, "model": "small", "password": "models"}
    good, bad = measure_all([check], context)[0], measure_all([check], context)[0]
    assert (good["ok"], good["title"], bad["ok"]) == (True, "answer of small", False)
    assert bad["measured"] == "small is refused with this key (status 401)"
    assert backend.asked[0][1] == f"Bearer {KEY}"
