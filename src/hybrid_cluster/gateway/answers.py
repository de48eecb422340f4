# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Answers that are no streams: whole ones are made alike, all others are failures."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NoReturn

from hybrid_cluster.gateway import upstream_errors, vectors
from hybrid_cluster.gateway.errors import Failure
from hybrid_cluster.gateway.kinds import Form
from hybrid_cluster.gateway.streams.chat import FINISHED, both_reasonings
from hybrid_cluster.gateway.streams.messages import STOPPED

if TYPE_CHECKING:
    from hybrid_cluster.gateway.streams.relay import About


def parse(raw: bytes, about: About) -> dict[str, Any]:
    """Return the object of an answer; exo sends nothing where it fails, and others an error with a good status."""
    try:
        value = json.loads(raw)
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        _broken(about)
    if value.get("error"):
        raise upstream_errors.from_error(value["error"], about.backend)
    return value


def check(form: Form, value: dict[str, Any], about: About, encoding: str = "float") -> dict[str, Any]:
    """Return a whole answer as its clients need it, or fail."""
    if form in {Form.CHAT, Form.COMPLETION}:
        _choices(form, value, about)
    elif form is Form.EMBEDDINGS:
        _embeddings(value, about, encoding)
    elif not _WHOLE[form](value):
        _broken(about)
    if form is Form.MESSAGES:
        _message(value, about)
    if form is not Form.COUNT:
        value["model"] = about.model
    return value


def _choices(form: Form, value: dict[str, Any], about: About) -> None:
    choices = value.get("choices")
    if not isinstance(choices, list) or not choices:
        _broken(about)
    for index, choice in enumerate(choices):
        if not isinstance(choice, dict) or choice.get("finish_reason") not in FINISHED:
            _broken(about)
        choice.setdefault("index", index)
        if form is Form.CHAT:
            message = choice.get("message")
            if not isinstance(message, dict):
                _broken(about)
            message.setdefault("role", "assistant")
            both_reasonings(message)
    value["object"] = "chat.completion" if form is Form.CHAT else "text_completion"


def _embeddings(value: dict[str, Any], about: About, encoding: str) -> None:
    data = value.get("data")
    if not isinstance(data, list) or not data:
        _broken(about)
    for index, item in enumerate(data):
        if not isinstance(item, dict):
            _broken(about)
        item["embedding"] = vectors.encode(item.get("embedding"), encoding)
        item.setdefault("index", index)
    value["object"] = "list"


def _message(value: dict[str, Any], about: About) -> None:
    if not str(value.get("id", "")).startswith("msg_"):
        value["id"] = f"msg_{about.request_id}"
    usage = value["usage"] if isinstance(value.get("usage"), dict) else {}
    value["usage"] = {"input_tokens": 0, "output_tokens": 0, **usage}
    value.setdefault("stop_sequence", None)
    for block in value["content"]:
        if isinstance(block, dict) and block.get("type") == "tool_use":
            block.setdefault("input", {})


def _has(key: str, kind: type) -> Any:
    return lambda value: isinstance(value.get(key), kind)


_WHOLE = {
    Form.MESSAGES: lambda value: isinstance(value.get("content"), list) and value.get("stop_reason") in STOPPED,
    Form.RESPONSES: lambda value: value.get("status") in {"completed", "incomplete"},
    Form.RERANK: _has("results", list),
    Form.COUNT: _has("input_tokens", int),
    Form.OLLAMA_CHAT: lambda value: value.get("done") is True and isinstance(value.get("message"), dict),
    Form.OLLAMA_GENERATE: lambda value: value.get("done") is True and isinstance(value.get("response"), str),
    Form.OLLAMA_EMBED: lambda value: bool(value.get("embeddings")),
    Form.OLLAMA_EMBEDDINGS: lambda value: bool(value.get("embedding")),
}


def _broken(about: About) -> NoReturn:
    raise Failure(502, f"{about.backend} ended without a whole answer.", code="answer_cut")
