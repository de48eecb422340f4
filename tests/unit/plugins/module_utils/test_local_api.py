# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What a program's API is asked, and what its silence and its errors become."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import TYPE_CHECKING

import pytest
from ansible_collections.hybrid_ai.cluster.plugins.module_utils import _local_api

if TYPE_CHECKING:
    from collections.abc import Iterator


class Program(BaseHTTPRequestHandler):
    """Answers with what it was asked, and refuses /refused."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
        self.send_response(503 if self.path == "/refused" else 200)
        self.end_headers()
        self.wfile.write(f"{self.path} {self.headers.get('Authorization')} {body}".encode())

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is http.server's
        """Say nothing."""


@pytest.fixture
def url(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    server = HTTPServer(("127.0.0.1", 0), Program)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_it_asks_past_every_proxy(url: str) -> None:
    assert _local_api.request(url, "POST", "/a?b=1", {"model": "m"}, seconds=5) == '/a?b=1 None {"model": "m"}'
    assert _local_api.request(url, "POST", "/a", None, seconds=5, api_key="k") == "/a Bearer k "


def test_a_refusal_and_silence_are_sentences(url: str) -> None:
    with pytest.raises(_local_api.ApiError, match="/refused answers with status 503: /refused None"):
        _local_api.request(url, "POST", "/refused", None, seconds=5)
    with pytest.raises(_local_api.ApiError, match="/a does not answer: "):
        _local_api.request("http://127.0.0.1:1", "GET", "/a", None, seconds=5)
