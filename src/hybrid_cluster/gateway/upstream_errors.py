# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The errors of backends, which have five shapes, as failures of ours."""

from __future__ import annotations

import json
from typing import Any

from hybrid_cluster.gateway.errors import Failure

_LONGEST_MESSAGE = 500
# What the client sent is wrong, and the backend says how.
_CLIENT = {400, 413, 415, 422}


def from_answer(status: int, body: bytes, backend: str) -> Failure:
    """Return the failure that an answer with an error status stands for."""
    said = message(body)
    if status in _CLIENT:
        return Failure(413 if status == 413 else 400, said or f"{backend} refuses the request.")
    if status in {401, 403}:
        # The client's key was good; it is the gateway's that is not.
        return Failure(502, f"{backend} refuses the gateway's key.", code="backend_key", final=True)
    if status == 404:
        # The route is ours, so the model has gone or has not come yet.
        return Failure(503, f"{backend} does not serve the model now.", code="model_not_ready", retry_after=30)
    if status == 429:
        return Failure(429, said or f"{backend} is busy.", retry_after=5)
    if status == 501:
        return Failure(501, said or f"{backend} was not started for this.", code="not_supported", final=True)
    if status == 503:
        return Failure(503, said or f"{backend} is busy.", code="backend_busy", retry_after=10)
    return Failure(502, said or f"{backend} answered with status {status}.", code="backend_error")


def from_error(value: object, backend: str) -> Failure:
    """Return the failure for an error that came within an answer or a stream."""
    status = value.get("code") if isinstance(value, dict) else None
    said = _text(value) or f"{backend} reports an error."
    if isinstance(status, int) and status in _CLIENT:
        return Failure(400, said)
    if status == 503:
        return Failure(503, said, code="backend_busy", retry_after=10)
    return Failure(502, said, code="backend_error")


def message(body: bytes) -> str:
    """Return the sentence in the body of an error, or nothing where there is none to be shown."""
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        text = body.decode("utf-8", "replace").strip()
        # A page for people says nothing to a program.
        return "" if text.startswith("<") else _short(text)
    if not isinstance(value, dict):
        return ""
    for key in ("error", "detail", "message"):
        if value.get(key):
            return _text(value[key])
    return ""


def _text(value: Any) -> str:
    if isinstance(value, str):
        return _short(value)
    if isinstance(value, list):
        return _short("; ".join(found for item in value if (found := _text(item))))
    if isinstance(value, dict):
        for key in ("message", "msg", "error"):
            if isinstance(value.get(key), str):
                place = ".".join(str(part) for part in value.get("loc", ()) if isinstance(value.get("loc"), list))
                return _short(f"{place}: {value[key]}" if place else value[key])
    return ""


def _short(text: str) -> str:
    shown = "".join(character if character.isprintable() else " " for character in text)
    return shown if len(shown) <= _LONGEST_MESSAGE else shown[: _LONGEST_MESSAGE - 1] + "…"
