# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
from __future__ import annotations

import http.server
import threading
from typing import TYPE_CHECKING

import pytest
from ansible_collections.hybrid_ai.cluster.plugins.module_utils import _http

if TYPE_CHECKING:
    from collections.abc import Iterator


class Pages(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        if self.path == "/moved":
            self.send_response(302)
            self.send_header("Location", "/json")
            self.end_headers()
            return
        if self.path == "/login":
            known = self.headers["Authorization"] == "Basic bWU6c2VjcmV0OndvcmQ="
            self.send_response(200 if known else 401)
        else:
            self.send_response(200 if self.path in {"/json", "/text"} else 404)
        self.end_headers()
        self.wfile.write(b'{"a": 1}' if self.path == "/json" else b"hello")

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[str]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Pages) as httpd:
        threading.Thread(target=httpd.serve_forever, args=(0.01,), daemon=True).start()
        yield f"http://127.0.0.1:{httpd.server_port}"
        httpd.shutdown()


@pytest.mark.parametrize(
    ("path", "status", "body"),
    [
        pytest.param("/text", 200, b"hello", id="page"),
        pytest.param("/nothing", 404, b"hello", id="any-status-is-an-answer"),
        pytest.param("/moved", 302, b"", id="redirects-are-not-followed"),
    ],
)
def test_fetch(server: str, path: str, status: int, body: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    assert _http.fetch(server + path, 5) == _http.Answer(status, body)


@pytest.mark.parametrize(("password", "status"), [("secret:word", 200), ("another", 401)])
def test_a_login(server: str, password: str, status: int) -> None:
    assert _http.fetch(f"{server}/login", 5, _http.basic("me", password)).status == status
    assert _http.fetch(f"{server}/login", 5).status == 401


def test_fetch_json(server: str) -> None:
    assert _http.fetch_json(_http.fetch, f"{server}/json", 5) == {"a": 1}


@pytest.mark.parametrize(
    ("path", "message"),
    [
        pytest.param("/text", "answers with something that is not valid JSON: 'hello'", id="no-json"),
        pytest.param("/nothing", "answers with status 404: hello", id="status"),
    ],
)
def test_fetch_json_failures(server: str, path: str, message: str) -> None:
    with pytest.raises(_http.HttpError, match=message):
        _http.fetch_json(_http.fetch, server + path, 5)


@pytest.mark.parametrize(
    ("url", "message"),
    [
        pytest.param("http://127.0.0.1:1/x", "http://127.0.0.1:1/x does not answer: connection refused", id="closed"),
        pytest.param(
            "file:///etc/passwd",
            "file:///etc/passwd is not a valid address of the form http://host:port/path.",
            id="file",
        ),
    ],
)
def test_fetch_failures(url: str, message: str) -> None:
    with pytest.raises(_http.HttpError) as failure:
        _http.fetch(url, 1)
    assert str(failure.value) == message
