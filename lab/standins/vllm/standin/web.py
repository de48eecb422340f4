# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What it answers once the model is loaded."""

from __future__ import annotations

import http.server
import json
import socketserver
import threading
import time
from typing import Any

from . import VERSION

WORDS = ("Hello", " from", " a", " stand-in")


class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    """One model by its names."""

    daemon_threads = True

    def __init__(self, address: tuple[str, int], names: list[str], root: str, length: int, key: str | None) -> None:
        self.names, self.root, self.length, self.key = names, root, length, key
        self.counts = {"requests": 0, "prompt": 0, "generated": 0}
        self.lock = threading.Lock()
        super().__init__(address, Handler)

    def server_bind(self) -> None:
        """Bind without asking DNS for the host's own name."""
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = "vllm", self.server_address[1]

    def count(self, words: int) -> None:
        """Remember an answer."""
        with self.lock:
            self.counts["requests"] += 1
            self.counts["prompt"] += 4
            self.counts["generated"] += words


class Handler(http.server.BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    server: Server

    def do_GET(self) -> None:
        """Answer what only tells."""
        path = self.path.partition("?")[0]
        if not self._may(path):
            return
        if path == "/health":
            self._send(200, b"", "text/plain")
        elif path == "/version":
            self._json(200, {"version": VERSION})
        elif path == "/metrics":
            self._send(200, self._metrics().encode(), "text/plain; version=1.0.0; charset=utf-8")
        elif path == "/v1/models":
            self._json(200, {"object": "list", "data": [self._model(name) for name in self.server.names]})
        else:
            self._json(404, {"detail": "Not Found"})

    def do_POST(self) -> None:
        """Answer a chat; every other path is unknown, those of development mode too."""
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if not self._may(self.path):
            return
        if self.path != "/v1/chat/completions":
            self._json(404, {"detail": "Not Found"})
            return
        request = json.loads(body)
        name = request.get("model") or self.server.names[0]
        if name not in self.server.names:
            message = f"The model `{name}` does not exist."
            error = {"message": message, "type": "NotFoundError", "param": "model", "code": 404}
            self._json(404, {"error": error})
            return
        words = WORDS[: request.get("max_tokens") or len(WORDS)]
        self.server.count(len(words))
        # Whatever it was asked by, the answer bears the first name.
        head = {"id": "chatcmpl-1", "created": int(time.time()), "model": self.server.names[0]}
        if request.get("stream"):
            self._stream(head, words)
        else:
            choice = {"index": 0, "message": {"role": "assistant", "content": "".join(words)}, "finish_reason": "stop"}
            usage = {"prompt_tokens": 4, "completion_tokens": len(words), "total_tokens": 4 + len(words)}
            self._json(200, {**head, "object": "chat.completion", "choices": [choice], "usage": usage})

    def _may(self, path: str) -> bool:
        """Tell whether a request may have its answer; only what begins with /v1 wants the key."""
        key = self.server.key
        if not key or not path.startswith("/v1") or self.headers.get("Authorization") == f"Bearer {key}":
            return True
        self._json(401, {"error": "Unauthorized"})
        return False

    def _model(self, name: str) -> dict[str, Any]:
        server = self.server
        base = {"object": "model", "created": int(time.time()), "owned_by": "vllm", "parent": None, "permission": []}
        return {"id": name, **base, "root": server.root, "max_model_len": server.length}

    def _metrics(self) -> str:
        labels = f'{{engine="0",model_name="{self.server.names[0]}"}}'
        finished = labels.replace("{", '{finished_reason="stop",', 1)
        counts = self.server.counts
        samples = {
            f"vllm:num_requests_running{labels}": 0,
            f"vllm:num_requests_waiting{labels}": 0,
            f"vllm:kv_cache_usage_perc{labels}": 0.0,
            f"vllm:prompt_tokens_total{labels}": counts["prompt"],
            f"vllm:generation_tokens_total{labels}": counts["generated"],
            f"vllm:num_preemptions_total{labels}": 0,
            f"vllm:request_success_total{finished}": counts["requests"],
        }
        return "".join(f"{name} {float(value)}\n" for name, value in samples.items())

    def _stream(self, head: dict[str, Any], words: tuple[str, ...]) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream; charset=utf-8")
        self.send_header("Connection", "close")
        self.end_headers()
        deltas: list[tuple[dict[str, str], str | None]] = [({"role": "assistant", "content": ""}, None)]
        deltas += [({"content": word}, None) for word in words] + [({"content": ""}, "stop")]
        for delta, reason in deltas:
            choice = {"index": 0, "delta": delta, "finish_reason": reason}
            document = {**head, "object": "chat.completion.chunk", "choices": [choice]}
            self.wfile.write(f"data: {json.dumps(document)}\n\n".encode())
        self.wfile.write(b"data: [DONE]\n\n")
        self.close_connection = True

    def _json(self, status: int, document: Any) -> None:
        self._send(status, json.dumps(document).encode(), "application/json")

    def _send(self, status: int, body: bytes, kind: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_arguments: object) -> None:
        """Keep no log of requests."""
