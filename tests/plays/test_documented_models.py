# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The commands that ask a model, as the documentation shows them, ask what a backend expects."""

from __future__ import annotations

import json
import re
import subprocess
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import TYPE_CHECKING

import pytest

from tests.documentation import commands

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

KEY = "s3cret-of-the-models"
ASKING = sorted({command for _, command in commands() if "/v1/chat/completions" in command})


@pytest.fixture
def backend() -> Iterator[HTTPServer]:
    """Run a server that remembers what it was asked."""
    asked: list[tuple[str, dict[str, str], bytes]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            asked.append((self.path, dict(self.headers), body))
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, *_words: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    server.asked = asked  # type: ignore[attr-defined]
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def test_every_backend_and_the_gateway_have_one() -> None:
    ports = {re.findall(r":(\d+)/v1", command)[0] for command in ASKING}
    assert ports == {"8000", "8080", "8090", "8100", "11434", "52415"}


@pytest.mark.parametrize("command", ASKING)
def test_a_question(backend: HTTPServer, tmp_path: Path, command: str) -> None:
    secrets = tmp_path / "inventories/home/.secrets"
    secrets.mkdir(parents=True)
    for name in ("model_api_key", "gateway_key"):
        (secrets / name).write_text(f"{KEY}\n")
    here = re.sub(r"http://[\w.]+:\d+/", f"http://127.0.0.1:{backend.server_port}/", command)
    done = subprocess.run(["bash", "-c", here], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    ((path, headers, body),) = backend.asked  # type: ignore[attr-defined]
    assert path == "/v1/chat/completions"
    assert headers["Content-Type"] == "application/json"
    assert json.loads(body)["messages"][0]["content"]
    # exo and Ollama ask for none.
    assert headers.get("Authorization") == (None if re.search(":(52415|11434)/", command) else f"Bearer {KEY}")
