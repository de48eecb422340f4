# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Ollama's embeddings, of both generations, over OpenAI's."""

from __future__ import annotations

from typing import Any

from hybrid_cluster.gateway import vectors
from hybrid_cluster.gateway.dialects import shapes
from hybrid_cluster.gateway.kinds import Form


def to_embeddings(fields: dict[str, Any], form: Form) -> dict[str, Any]:
    """Return the request for embeddings that asks the same."""
    key = "prompt" if form is Form.OLLAMA_EMBEDDINGS else "input"
    given = fields.get(key)
    texts = given if isinstance(given, list) and key == "input" else [given]
    if not texts or not all(isinstance(text, str) for text in texts):
        shapes.refuse(f"{key!r} must be a text.", key)
    found: dict[str, Any] = {"model": fields["model"], "input": texts, "encoding_format": "float"}
    return found | ({"dimensions": fields["dimensions"]} if fields.get("dimensions") else {})


def from_embeddings(answer: dict[str, Any], form: Form, model: str, started: int, now: int) -> dict[str, Any]:
    """Return the answer that whole embeddings stand for; both times are of monotonic_ns."""
    found = [vectors.decode(item["embedding"]) for item in sorted(answer["data"], key=lambda item: int(item["index"]))]
    if form is Form.OLLAMA_EMBEDDINGS:
        return {"embedding": found[0]}
    usage = answer["usage"] if isinstance(answer.get("usage"), dict) else {}
    return {
        "model": model,
        "embeddings": found,
        "total_duration": now - started,
        "load_duration": 0,
        "prompt_eval_count": usage.get("prompt_tokens") or 0,
    }
