# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The socket that outlives every worker, and what answers on it while there is none."""

from __future__ import annotations

import json
import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Callable

from . import dialect
from .exposition import Metrics

if TYPE_CHECKING:
    from collections.abc import Mapping

BACKLOG = 128


def open_socket(host: str, port: int) -> socket.socket:
    """Listen. Requests that come while nobody takes them wait here."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((host, port))
    listener.listen(BACKLOG)
    listener.set_inheritable(True)
    return listener


class Server(ThreadingHTTPServer):
    """Takes connections from a socket that is somebody else's too; it can stop and begin."""

    daemon_threads = True

    def __init__(self, descriptor: int, handler: Callable[..., Any]) -> None:
        shared = socket.socket(fileno=socket.dup(descriptor))
        super().__init__(shared.getsockname()[:2], handler, bind_and_activate=False)  # type: ignore[arg-type]  # host and port
        self.socket.close()
        self.socket = shared
        # Of two who wake up for one connection, one finds none.
        self.socket.setblocking(False)
        self._thread: threading.Thread | None = None

    def begin(self) -> None:
        """Take connections from now on."""
        if self._thread is None:
            self._thread = threading.Thread(target=self.serve_forever, args=(0.1,), daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """Take no more; those that were taken are answered."""
        if self._thread is not None:
            self.shutdown()
            self._thread.join()
            self._thread = None

    def get_request(self) -> tuple[socket.socket, Any]:
        """Take one; the connection itself waits for its client."""
        connection, address = self.socket.accept()
        connection.setblocking(True)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return connection, address

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Let a client that went away go."""


def add_keeper(page: Metrics, model: str, keeper: Mapping[str, Any]) -> None:
    """Add what the keeper knows."""
    page.add("mlx_lm_resting", "Whether starts kept failing, so that none is tried.", keeper["resting"], model=model)
    page.add("mlx_lm_starts_total", "Workers that were started.", keeper["starts"], counter=True, model=model)
    page.add("mlx_lm_failures_total", "Workers that failed.", keeper["failures"], counter=True, model=model)
    page.add(
        "mlx_lm_fallback",
        "Whether the revision before serves, because the wanted one failed.",
        keeper["fallback"],
        model=model,
    )
    if keeper["held_bytes"] is not None:
        page.add("mlx_lm_held_bytes", "Wired memory that nobody uses.", keeper["held_bytes"], model=model)


class Substitute(BaseHTTPRequestHandler):
    """Answers in place of a worker: why there is none, and what is known."""

    timeout = 10

    def __init__(self, told: Callable[[], dict[str, Any]], key: str | None, *connection: Any) -> None:
        self._told, self._key = told, key
        super().__init__(*connection)

    def do_GET(self) -> None:
        """Say what is known."""
        told = self._told()
        if self.path == "/metrics":
            page = Metrics()
            page.add("mlx_lm_up", "Whether a request would be answered.", 0, model=told["model"])
            add_keeper(page, told["model"], told)
            self._answer(200, page.render().encode(), "text/plain; version=0.0.4; charset=utf-8")
        elif self.path == "/health":
            self._answer(503, json.dumps(told).encode())
        else:
            self.do_POST()

    def do_POST(self) -> None:
        """Refuse, in OpenAI's words."""
        try:
            dialect.check_key(self.headers, self._key)
            raise dialect.Refused(503, self._told()["sentence"])
        except dialect.Refused as refused:
            self._answer(refused.status, refused.body)

    def _answer(self, status: int, body: bytes, kind: str = "application/json") -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        if status == 503:
            self.send_header("Retry-After", "30")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, form: str, *arguments: Any) -> None:
        """Keep requests out of the log."""
