# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The API."""

from __future__ import annotations

import http.server
import json
import socketserver
import time
from typing import TYPE_CHECKING, Any

from . import VERSION
from .models import Memory, Model, on_card

if TYPE_CHECKING:
    from .models import Store

WORDS = ("Hello", " from", " a", " stand-in")
_NOT_OURS = "this stand-in fetches and makes no models"


class RefusedError(Exception):
    """An answer with another status than 200."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status


class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    """Answers several at once."""

    daemon_threads = True

    def __init__(self, address: tuple[str, int], store: Store) -> None:
        self.store, self.memory = store, Memory()
        super().__init__(address, Handler)

    def server_bind(self) -> None:
        """Bind without asking DNS for the host's own name."""
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = "ollama", self.server_address[1]


class Handler(http.server.BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    server: Server

    def do_GET(self) -> None:
        """Answer what only tells."""
        path = self.path.partition("?")[0]
        if path == "/":
            self._send(200, b"Ollama is running", "text/plain; charset=utf-8")
            return
        pages = {
            "/api/version": lambda: {"version": VERSION},
            "/api/tags": lambda: {"models": [self._listed(model) for model in self.server.store.models()]},
            "/api/ps": self._running,
            "/v1/models": self._openai_models,
        }
        self._answer(pages.get(path))

    def do_HEAD(self) -> None:
        """Answer the same without a body."""
        self.do_GET()

    def do_POST(self) -> None:
        """Answer what computes."""
        pages = {
            "/api/show": self._show,
            "/api/generate": self._generate,
            "/v1/chat/completions": self._chat,
            "/api/pull": self._refuse,
            "/api/create": self._refuse,
        }
        self._answer(pages.get(self.path))

    def do_DELETE(self) -> None:
        """Refuse, as a store of somebody else's does."""
        self._answer(self._refuse)

    def _answer(self, make: Any) -> None:
        try:
            if make is None:
                self._send(404, b"404 page not found", "text/plain")
                return
            document = make()
        except RefusedError as refusal:
            said: Any = str(refusal)
            if self.path.startswith("/v1/"):
                kind = {400: "invalid_request_error", 404: "not_found_error"}.get(refusal.status, "api_error")
                said = {"message": said, "type": kind, "param": None, "code": None}
            self._json(refusal.status, {"error": said})
            return
        if document is not None:
            self._json(200, document)

    def _body(self) -> dict[str, Any]:
        try:
            found = json.loads(self.rfile.read(int(self.headers.get("Content-Length") or 0)) or b"{}")
        except ValueError as error:
            raise RefusedError(400, str(error)) from None
        return found if isinstance(found, dict) else {}

    def _model(self, name: Any) -> Model:
        found = self.server.store.find(str(name))
        if found is None:
            raise RefusedError(404, f"model '{name}' not found")
        return found

    def _listed(self, model: Model) -> dict[str, Any]:
        return {
            "name": model.name,
            "model": model.name,
            "size": model.size,
            "digest": model.digest,
            "modified_at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(model.modified)),
            "details": {"format": "gguf", "family": model.family, "families": [model.family]},
        }

    def _running(self) -> dict[str, Any]:
        return {
            "models": [
                {
                    **self._listed(one.model),
                    "size_vram": on_card(one.model.size),
                    "context_length": one.model.context or 4096,
                    "expires_at": "2318-01-01T00:00:00Z"
                    if one.until == float("inf")
                    else time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(one.until)),
                }
                for one in self.server.memory.running()
            ]
        }

    def _openai_models(self) -> dict[str, Any]:
        listed = [
            {"id": model.name, "object": "model", "created": int(model.modified), "owned_by": "library"}
            for model in self.server.store.models()
        ]
        return {"object": "list", "data": listed}

    def _show(self) -> dict[str, Any]:
        model = self._model(self._body().get("model"))
        parameters = f"num_ctx                        {model.context}" if model.context else ""
        return {
            "details": self._listed(model)["details"],
            "modelfile": f'# Modelfile generated by "ollama show"\nFROM {model.weights}\n',
            "parameters": parameters,
            "model_info": {"general.architecture": model.family},
            "capabilities": ["completion"],
        }

    def _generate(self) -> dict[str, Any]:
        body = self._body()
        model = self._model(body.get("model"))
        self.server.memory.load(model, body.get("keep_alive"))
        reason = "unload" if body.get("keep_alive") == 0 and not body.get("prompt") else "load"
        text = "".join(WORDS) if body.get("prompt") else ""
        return {"model": body["model"], "response": text, "done": True, "done_reason": "stop" if text else reason}

    def _chat(self) -> dict[str, Any] | None:
        body = self._body()
        if not body.get("messages"):
            raise RefusedError(400, "[] is too short - 'messages'")
        name, model = body["model"], self._model(body.get("model"))
        self.server.memory.load(model, body.get("keep_alive"))
        words = WORDS[: body.get("max_tokens") or len(WORDS)]
        head = {"id": "chatcmpl-1", "created": int(time.time()), "model": name, "system_fingerprint": "fp_ollama"}
        if not body.get("stream"):
            message = {"role": "assistant", "content": "".join(words)}
            choice = {"index": 0, "message": message, "finish_reason": "stop"}
            usage = {"prompt_tokens": 4, "completion_tokens": len(words), "total_tokens": 4 + len(words)}
            return {**head, "object": "chat.completion", "choices": [choice], "usage": usage}
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()
        for word in words:
            self._event(head, {"role": "assistant", "content": word}, None)
        self._event(head, {}, "stop")
        self.wfile.write(b"data: [DONE]\n\n")
        self.close_connection = True
        return None

    def _event(self, head: dict[str, Any], delta: dict[str, Any], reason: str | None) -> None:
        choice = {"index": 0, "delta": delta, "finish_reason": reason}
        document = {**head, "object": "chat.completion.chunk", "choices": [choice]}
        self.wfile.write(f"data: {json.dumps(document)}\n\n".encode())

    def _refuse(self) -> dict[str, Any]:
        self._body()
        raise RefusedError(500, _NOT_OURS)

    def _json(self, status: int, document: Any) -> None:
        self._send(status, json.dumps(document).encode(), "application/json; charset=utf-8")

    def _send(self, status: int, body: bytes, kind: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, *_arguments: object) -> None:
        """Keep no log of requests."""
