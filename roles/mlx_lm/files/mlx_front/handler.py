# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""mlx_lm's request handler with a key, one model, limits, and no work for a client that has left."""

from __future__ import annotations

import io
import json
import select
import socket
import sys
import time
from typing import TYPE_CHECKING, Any

from mlx_lm import server

from . import dialect
from .engine import TooLong

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .service import Service

COMPLETIONS = ("/v1/chat/completions", "/v1/completions", "/chat/completions")
CHECK_SECONDS = 0.2
# What is read of a request that is refused before that.
DISCARDED = 64 * 1024 * 1024
DISCARD_SECONDS = 5


class Watched:
    """The generator as one request sees it: counts, and ends when nobody listens."""

    def __init__(self, handler: Handler) -> None:
        self._handler, self._figures = handler, handler.service.figures
        self.cli_args = handler.service.engine.cli_args

    def generate(self, request: Any, args: Any, progress_callback: Any = None) -> Any:
        """Begin an answer."""
        begin = time.monotonic()

        def progress(*numbers: int) -> None:
            self._figures.progress()
            self._handler.stop_if_left()
            if progress_callback is not None:
                progress_callback(*numbers)

        try:
            context, tokens = self._handler.service.engine.generate(request, args, progress)
        except TooLong as error:
            raise error.refused from None
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise dialect.Refused(400, f"The request cannot be read: {error}") from None
        except Exception as error:
            status = 503 if not self._handler.service.engine.is_healthy else 400
            raise dialect.Refused(status, f"The request cannot be answered: {error}") from None
        return context, self._counted(context, tokens, begin)

    def _counted(self, context: Any, tokens: Any, begin: float) -> Iterator[Any]:
        count, looked = 0, begin
        try:
            for token in tokens:
                now = time.monotonic()
                self._figures.progressed = now
                if not count:
                    self._figures.first_token(now - begin)
                    self._figures.prompt(len(context.prompt), context.prompt_cache_count)
                count += 1
                if now - looked > CHECK_SECONDS:
                    looked = now
                    self._handler.stop_if_left()
                yield token
        finally:
            self._figures.generated(count)


class Handler(server.APIHandler):
    """One connection."""

    # For a client that sends its request too slowly, or does not read its answer.
    timeout = 60
    service: Service

    def __init__(self, service: Service, *arguments: Any, **named: Any) -> None:
        self.service = service
        self._sent = self._failed = self._unread = 0
        super().__init__(service.engine, *arguments, system_fingerprint=service.fingerprint, **named)

    def do_OPTIONS(self) -> None:  # noqa: N802 - the name that http.server calls
        """Let no page of another site ask."""
        self._refuse(dialect.Refused(405, "This server is not for web pages of other sites."))

    def do_GET(self) -> None:  # noqa: N802 - what http.server calls
        """Answer what can be read."""
        path = self.path.partition("?")[0]
        try:
            if path == "/health":
                status, body = self.service.health()
                self._answer(status, json.dumps(body).encode())
            elif path == "/metrics":
                self._answer(200, self.service.metrics().encode(), "text/plain; version=0.0.4; charset=utf-8")
            elif path == "/v1/models" or path.startswith("/v1/models/"):
                dialect.check_key(self.headers, self.service.key)
                names = self.service.settings.names
                self._answer(200, json.dumps(dialect.model_list(path, names, self.created)).encode())
            else:
                raise dialect.Refused(404, "There is nothing here.", "not_found")
        except dialect.Refused as refused:
            self._refuse(refused)

    def do_POST(self) -> None:  # noqa: N802 - what http.server calls
        """Check a request, hand it to mlx_lm, and answer in OpenAI's words whatever comes of it."""
        begin, counted = time.monotonic(), False
        self._unread = DISCARDED
        try:
            if self.path.partition("?")[0] not in COMPLETIONS:
                raise dialect.Refused(404, "There is nothing here.", "not_found")
            self.path = self.path.partition("?")[0]
            dialect.check_key(self.headers, self.service.key)
            length = dialect.check_length(self.headers.get("Content-Length"), self.service.settings.largest_request)
            self._unread = 0
            body = dialect.check_body(self.rfile.read(length), self.service.settings.names)
            counted = self.service.admit()
            self._complete(body)
        except dialect.Refused as refused:
            self._refuse(refused)
        except (dialect.ClientLeft, ConnectionError, TimeoutError):
            self.service.figures.left()
            self.close_connection = True
        except Exception as error:
            print(f"an answer ended early: {type(error).__name__}: {error}", file=sys.stderr, flush=True)
            self._refuse(dialect.Refused(500, f"The answer ended early: {error}"))
        finally:
            if counted:
                self.service.figures.end(time.monotonic() - begin)

    def _complete(self, body: dict[str, Any]) -> None:
        content = json.dumps(body).encode()
        self.rfile = io.BytesIO(content)
        self.headers.replace_header("Content-Length", str(len(content)))
        self.response_generator = Watched(self)
        super().do_POST()
        if self._failed:
            text = self._collected.getvalue().decode("utf-8", "replace")
            try:
                text = str(json.loads(text)["error"])
            except (ValueError, KeyError, TypeError):
                text = text or "The request is not valid."
            failed, self._failed = self._failed, 0
            self.wfile = self._outside
            raise dialect.Refused(failed, text)

    def _set_completion_headers(self, status_code: int = 200) -> None:
        if status_code < 400:
            super()._set_completion_headers(status_code)
            return
        # mlx_lm writes its own words next; they are taken up and said in OpenAI's.
        self._failed, self._collected, self._outside = status_code, io.BytesIO(), self.wfile
        self.wfile = self._collected

    def _set_cors_headers(self) -> None:
        """Send none."""

    def end_headers(self) -> None:
        """Send the headers, except for those of an answer that is said in other words."""
        if not self._failed:
            super().end_headers()

    def send_response(self, code: int, message: str | None = None) -> None:
        """Begin an answer, and count it."""
        self._sent = code
        if self.command == "POST":
            self.service.figures.answered(code)
        super().send_response(code, message)

    def stop_if_left(self) -> None:
        """End an answer that nobody waits for: a connection that is at its end says so when it is looked at."""
        poll = select.poll()
        poll.register(self.connection, select.POLLIN)
        for _, events in poll.poll(0):
            gone = events & (select.POLLHUP | select.POLLERR)
            if gone or self.connection.recv(1, socket.MSG_PEEK) == b"":
                raise dialect.ClientLeft

    def log_message(self, form: str, *arguments: Any) -> None:
        """Keep requests out of the log; they are counted."""

    def _refuse(self, refused: dialect.Refused) -> None:
        try:
            if not self._sent:
                self._answer(refused.status, refused.body)
            elif getattr(self, "stream", False):
                self.wfile.write(b"data: " + refused.body + b"\n\n")
            else:
                # The headers of a good answer wait in the buffer; they were counted, and are not sent.
                self._headers_buffer = []
                self._answer(refused.status, refused.body)
            self._discard()
        except OSError:
            self.close_connection = True

    def _discard(self) -> None:
        """Read what a client still sends, within bounds: closed before that, it might not see why it is refused."""
        self.connection.settimeout(1)
        self.wfile.flush()
        self.connection.shutdown(socket.SHUT_WR)
        deadline = time.monotonic() + DISCARD_SECONDS
        while self._unread > 0 and time.monotonic() < deadline:
            content = self.connection.recv(65536)
            if not content:
                return
            self._unread -= len(content)

    def _answer(self, status: int, body: bytes, kind: str = "application/json") -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        if status in (429, 503):
            self.send_header("Retry-After", "5")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)
