# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What went wrong, in the words of the API that the client speaks."""

from __future__ import annotations

import json
import math
from typing import Any

from hybrid_cluster.gateway.kinds import Dialect, Form

# Two kinds of client wait as long as they are told, without a limit of their own.
LONGEST_RETRY = 60
# A client tries again after these by itself, unless it is told not to.
_REPEATED = {408, 409, 429, *range(500, 600)}

_OPENAI_TYPES = {
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    429: "rate_limit_error",
}
_ANTHROPIC_TYPES = {
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    503: "overloaded_error",
}


class Failure(Exception):  # noqa: N818 - it is an answer more than it is an error
    """A request that ends without its answer."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        code: str | None = None,
        param: str | None = None,
        retry_after: float | None = None,
        final: bool = False,
        intended: bool = False,
        allow: tuple[str, ...] = (),
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.code = code
        """A word for programs, where there is one."""
        self.param = param
        """The field of the body that is wrong, where it is one."""
        self.retry_after = retry_after
        """Seconds after which it is worth another try."""
        self.final = final
        """Whether the same request fails again, so that a client had better not repeat it."""
        self.intended = intended
        """Whether the configuration wants it so, and nothing is wrong."""
        self.allow = allow
        """The methods that would be right."""

    def headers(self) -> dict[str, str]:
        """Return the headers that tell a client whether and when to try again."""
        found = {}
        if self.retry_after is not None:
            found["Retry-After"] = str(min(LONGEST_RETRY, max(1, math.ceil(self.retry_after))))
        if self.final and self.status in _REPEATED:
            found["x-should-retry"] = "false"
        if self.allow:
            found["Allow"] = ", ".join(self.allow)
        return found


def body(failure: Failure, dialect: Dialect, request_id: str) -> bytes:
    """Return the body of an answer that is an error."""
    if dialect is Dialect.ANTHROPIC:
        return _dump(_anthropic(failure, request_id))
    if dialect is Dialect.OLLAMA:
        # Anything but a text ends its clients with an exception of their own.
        return _dump({"error": failure.message})
    return _dump({"error": _openai(failure)})


def in_stream(failure: Failure, form: Form, request_id: str, sequence: int = 0) -> bytes:
    """Return what ends a stream that has begun: never the mark of a whole answer."""
    if form is Form.MESSAGES:
        return event("error", _anthropic(failure, request_id))
    if form in {Form.OLLAMA_CHAT, Form.OLLAMA_GENERATE}:
        return _dump({"error": failure.message}) + b"\n"
    if form is Form.RESPONSES:
        said = {"type": "error", "code": failure.code, "message": failure.message, "param": failure.param}
        return event("error", {**said, "sequence_number": sequence})
    return event(None, {"error": _openai(failure)})


def event(name: str | None, data: dict[str, Any]) -> bytes:
    """Return a server-sent event."""
    head = f"event: {name}\n".encode() if name else b""
    return head + b"data: " + _dump(data) + b"\n\n"


def _openai(failure: Failure) -> dict[str, Any]:
    kind = _OPENAI_TYPES.get(failure.status, "invalid_request_error" if failure.status < 500 else "server_error")
    # Backends put a number into "code", which the API has as a word or nothing.
    return {"message": failure.message, "type": kind, "param": failure.param, "code": failure.code}


def _anthropic(failure: Failure, request_id: str) -> dict[str, Any]:
    kind = _ANTHROPIC_TYPES.get(failure.status, "invalid_request_error" if failure.status < 500 else "api_error")
    return {"type": "error", "error": {"type": kind, "message": failure.message}, "request_id": request_id}


def _dump(value: dict[str, Any]) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
