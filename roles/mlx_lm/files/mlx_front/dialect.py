# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What a request has to be, and how refusals are worded: as OpenAI's API does, so that its clients understand them."""

from __future__ import annotations

import hmac
import json
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_TYPES = {
    401: ("authentication_error", "invalid_api_key"),
    404: ("invalid_request_error", "model_not_found"),
    413: ("invalid_request_error", "request_too_large"),
    429: ("rate_limit_error", "too_many_requests"),
    503: ("service_unavailable", "service_unavailable"),
}
# They name files and models that the server would load for whoever asks.
_LOADING = ("adapters", "draft_model")
_IMAGES = ("image_url", "input_image", "image")


class Refused(BaseException):
    """A request is answered with an error."""

    def __init__(self, status: int, message: str, code: str | None = None, param: str | None = None) -> None:
        super().__init__(message)
        self.status, self.message, self.code, self.param = status, message, code, param

    @property
    def body(self) -> bytes:
        """The answer."""
        return error_body(self.status, self.message, self.code, self.param)


class ClientLeft(BaseException):
    """Nobody waits for the answer any more."""


def error_body(status: int, message: str, code: str | None = None, param: str | None = None) -> bytes:
    """Return an error as OpenAI's API words it."""
    kind, usual = _TYPES.get(status, ("server_error" if status >= 500 else "invalid_request_error", None))
    return json.dumps({"error": {"message": message, "type": kind, "param": param, "code": code or usual}}).encode()


def check_key(headers: Mapping[str, str], key: str | None) -> None:
    """Fail unless a request brings the key."""
    if key is None:
        return
    scheme, _, word = (headers.get("Authorization") or "").partition(" ")
    given = word.strip() if scheme.lower() == "bearer" else headers.get("X-Api-Key") or ""
    if not hmac.compare_digest(given.encode(), key.encode()):
        raise Refused(401, "The API key is missing or wrong: send it as `Authorization: Bearer KEY`.")


def check_length(text: str | None, largest: int) -> int:
    """Return the number of bytes of a request."""
    if text is None:
        raise Refused(411, "The request has no Content-Length.")
    if not text.isdigit():
        raise Refused(400, "The Content-Length of the request is not a number.")
    if int(text) > largest:
        raise Refused(413, f"The request has {text} bytes, and this server takes {largest} at most.")
    return int(text)


def check_body(content: bytes, names: Sequence[str]) -> dict[str, Any]:
    """Return the request as mlx_lm gets it: under the public name, without what would load or fetch something."""
    try:
        body = json.loads(content)
    except ValueError:
        raise Refused(400, "The request is not valid JSON.") from None
    if not isinstance(body, dict):
        raise Refused(400, "The request is not a JSON object.")
    model = body.get("model")
    if not isinstance(model, str) or not model:
        raise Refused(400, f"The request names no model; this server has {names[0]}.", param="model")
    if model not in names:
        raise Refused(404, f"The model `{model[:80]}` does not exist here; this server has {names[0]}.", param="model")
    for name in _LOADING:
        if body.get(name) is not None:
            raise Refused(400, f"{name} cannot be chosen by a request here.", param=name)
    _check_images(body.get("messages"))
    body["model"] = names[0]
    return body


def _check_images(messages: object) -> None:
    """Fail where mlx_lm would fetch a picture from an address that the client names."""
    for message in messages if isinstance(messages, list) else ():
        content = message.get("content") if isinstance(message, dict) else None
        for part in content if isinstance(content, list) else ():
            if not isinstance(part, dict) or part.get("type") not in _IMAGES:
                continue
            url = part.get("image_url", part.get("image"))
            text = url.get("url") if isinstance(url, dict) else url
            if not isinstance(text, str) or not text.startswith("data:"):
                raise Refused(400, "This server fetches no pictures: send them as data: URLs.", param="messages")


def fit(prompt: int, asked: int, context: int) -> int:
    """Return how many tokens an answer may have."""
    if prompt >= context:
        raise Refused(
            400,
            f"This model's context is {context} tokens, and the messages have {prompt}: shorten them.",
            "context_length_exceeded",
            "messages",
        )
    return min(asked, context - prompt)


def models(names: Sequence[str], created: int) -> list[dict[str, Any]]:
    """Return the list of models: the public name, and the aliases with it as their root."""
    known = {"object": "model", "created": created, "owned_by": "hybrid_ai", "root": names[0]}
    return [{"id": name, **known} for name in names]


def model_list(path: str, names: Sequence[str], created: int) -> dict[str, Any]:
    """Answer `/v1/models`, or `/v1/models/NAME`."""
    listed = models(names, created)
    wanted = path[len("/v1/models") :].strip("/")
    if not wanted:
        return {"object": "list", "data": listed}
    for one in listed:
        if one["id"] == wanted:
            return one
    raise Refused(404, f"The model `{wanted[:80]}` does not exist here; this server has {names[0]}.", param="model")


def now() -> int:
    """Return the time as answers have it."""
    return int(time.time())
