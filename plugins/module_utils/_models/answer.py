# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Whether a model answers: at least one token through the API that its clients use.

What a backend lists or says about its health does not tell: some list what they could load, some are healthy while the
model cannot be read. Standard library only and Python 3.9.
"""

from __future__ import annotations

import http.client
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from ansible_collections.hybrid_ai.cluster.plugins.module_utils import _wait
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import ClusterError
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._problem import numbered

if TYPE_CHECKING:
    import socket
    from collections.abc import Iterator

CHAT = "/v1/chat/completions"
PROMPT = "Say hello."
TOKENS = 4
"""As many are asked for."""
POLL_SECONDS = 1.0
MAXIMUM_BYTES = 1024 * 1024
"""Four tokens need a few kilobytes; more is not an answer to this question."""


class AnswerError(ClusterError):
    """The question could not be asked as described."""


@dataclass(frozen=True)
class Answer:
    """What came of one question."""

    answered: bool
    sentence: str
    text: str = ""
    tokens: int = 0
    seconds: float = 0.0
    served_as: str | None = None
    """What the backend calls the model that answered; none where it did not say."""


@dataclass
class _Heard:
    """What a backend has said so far."""

    text: str = ""
    pieces: int = 0
    counted: int = 0
    served_as: str | None = None
    error: str | None = None
    ended: bool = False

    @property
    def tokens(self) -> int:
        """The number of tokens, as the backend counts them or as pieces of text came."""
        return max(self.pieces, self.counted)


class _NotYetError(Exception):
    """The model is being loaded."""


class _TooLateError(Exception):
    """The time is over."""


@dataclass(frozen=True)
class _Question:
    """Where and what is asked, and until when."""

    host: str
    port: int
    path: str
    body: bytes
    api_key: str | None
    deadline: float

    def left(self) -> float:
        """Return the seconds that are left."""
        seconds = self.deadline - _wait.now()
        if seconds <= 0:
            raise _TooLateError
        return seconds


def ask(url: str, model: str, api_key: str | None = None, timeout: float = 60.0, path: str = CHAT) -> Answer:
    """Ask a model for a few tokens, and wait for at most `timeout` seconds while it is being loaded.

    `url` is `http://host:port`. The key is never part of what is returned.
    """
    parts = urlsplit(url)
    if parts.scheme != "http" or not parts.hostname:
        raise AnswerError(f"{url} is not an address of the form http://host:port.")
    start = _wait.now()
    question = _Question(parts.hostname, parts.port or 80, path, _body(model, path), api_key, start + timeout)
    where = f"{url.rstrip('/')}{path}"
    heard = _Heard()
    reason = ""
    while True:
        try:
            _ask_once(question, heard)
        except _NotYetError as error:
            reason = f": {error}"
            if _wait.now() + POLL_SECONDS < question.deadline:
                _wait.sleep(POLL_SECONDS)
                continue
            heard.error = f"gave no token within {timeout:g} seconds{reason}"
        except _TooLateError:
            heard.error = f"gave no token within {timeout:g} seconds{reason}"
        except (OSError, http.client.HTTPException) as error:
            heard.error = f"is not reached: {where} {_reason(error)}"
        break
    return _answer(heard, model, where, api_key, round(_wait.now() - start, 3))


def _answer(heard: _Heard, model: str, where: str, api_key: str | None, seconds: float) -> Answer:
    if heard.tokens and not heard.error:
        named = f", as {heard.served_as}" if heard.served_as and heard.served_as != model else ""
        sentence = f"{model} answered {numbered(heard.tokens, 'token')} after {seconds:.1f} seconds{named}."
        return Answer(True, sentence, heard.text, heard.tokens, seconds, heard.served_as)
    error = heard.error or f"answered no token: {where} ended its answer without one"
    if api_key:
        error = error.replace(api_key, "***")
    return Answer(False, f"{model} {error.rstrip('.')}.", heard.text, heard.tokens, seconds, heard.served_as)


def _body(model: str, path: str) -> bytes:
    question: dict[str, Any] = {"messages": [{"role": "user", "content": PROMPT}]}
    if not path.endswith("/chat/completions"):
        question = {"prompt": PROMPT}
    return json.dumps({"model": model, **question, "max_tokens": TOKENS, "stream": True}).encode()


def _ask_once(question: _Question, heard: _Heard) -> None:
    connection = http.client.HTTPConnection(question.host, question.port, timeout=question.left())
    headers = {"Content-Type": "application/json", "Accept": "text/event-stream"}
    if question.api_key:
        headers["Authorization"] = f"Bearer {question.api_key}"
    try:
        connection.connect()
        # It outlives the connection, which lets go of it where the answer ends with the end of the connection.
        sock: socket.socket = connection.sock
        connection.request("POST", question.path, question.body, headers)
        sock.settimeout(question.left())
        response = connection.getresponse()
        chunks = _chunks(response, sock, question)
        if response.status != 200:
            _refused(response.status, b"".join(chunks), heard, with_key=bool(question.api_key))
            return
        for event in _events(_lines(chunks)):
            _hear(event, heard)
            if heard.error or heard.ended:
                return
    except OSError as error:
        # Before Python 3.10 a time-out of a socket is an error of its own.
        if isinstance(error, TimeoutError) or "timed out" in str(error):
            raise _TooLateError from None
        raise
    finally:
        connection.close()


def _chunks(response: http.client.HTTPResponse, sock: socket.socket, question: _Question) -> Iterator[bytes]:
    """Yield what arrives; a backend that keeps the line alive and says nothing ends with the time, not later."""
    total = 0
    while total < MAXIMUM_BYTES:
        sock.settimeout(question.left())
        chunk = response.read1(65536)
        if not chunk:
            return
        total += len(chunk)
        yield chunk


def _lines(chunks: Iterator[bytes]) -> Iterator[str]:
    rest = b""
    for chunk in chunks:
        *lines, rest = (rest + chunk).split(b"\n")
        for line in lines:
            yield line.decode("utf-8", "replace").rstrip("\r")
    if rest:
        yield rest.decode("utf-8", "replace").rstrip("\r")


def _events(lines: Iterator[str]) -> Iterator[str]:
    """Yield the data of server-sent events, or the whole of an answer that is none; comments keep a line alive."""
    for line in lines:
        name, colon, value = line.partition(":")
        if line.startswith("{"):
            yield line + "".join(lines)
        elif colon and name in {"data", "error"}:
            yield value.strip()


def _hear(event: str, heard: _Heard) -> None:
    if event == "[DONE]":
        heard.ended = True
        return
    try:
        said = json.loads(event)
    except ValueError:
        heard.error = f"answered with something that is not valid JSON: {event[:80]!r}"
        return
    if not isinstance(said, dict):
        return
    if said.get("error"):
        heard.error = f"answered with an error: {_message(said)}"
        return
    if isinstance(said.get("model"), str):
        heard.served_as = said["model"]
    heard.counted = max(
        heard.counted,
        _number((said.get("usage") or {}).get("completion_tokens")),
        _number((said.get("timings") or {}).get("predicted_n")),
    )
    for choice in said.get("choices") or []:
        piece = _piece(choice)
        heard.text += piece
        heard.pieces += bool(piece)


def _piece(choice: dict[str, Any]) -> str:
    """Return the text of a part of an answer; a model that thinks first says that under another name."""
    part = choice.get("delta") or choice.get("message") or choice
    names = ("content", "reasoning_content", "reasoning", "text")
    return "".join(part[name] for name in names if isinstance(part.get(name), str))


def _number(value: Any) -> int:
    return value if isinstance(value, int) else 0


def _message(said: dict[str, Any]) -> str:
    error: Any = said.get("error") or said.get("detail") or said.get("message") or said
    if isinstance(error, dict):
        error = error.get("message") or error
    return " ".join(str(error).split())[:200]


def _refused(status: int, body: bytes, heard: _Heard, *, with_key: bool) -> None:
    text = body.decode("utf-8", "replace")
    try:
        document = json.loads(text)
    except ValueError:
        document = {}
    said = _message(document) if isinstance(document, dict) and document else " ".join(text.split())[:200]
    measured = f"status {status}" + (f": {said}" if said else "")
    if status == 503:
        raise _NotYetError(measured)
    if status in {401, 403}:
        heard.error = f"is refused with this key ({measured})" if with_key else f"needs an API key ({measured})"
    elif status == 404 or (status == 400 and "not found" in said):
        heard.error = f"is not served there ({measured})"
    else:
        heard.error = f"answered with an error ({measured})"


def _reason(error: Exception) -> str:
    if isinstance(error, http.client.HTTPException):
        return "ended the connection before its answer was whole"
    return f"does not answer: {(getattr(error, 'strerror', None) or str(error)).lower()}"
