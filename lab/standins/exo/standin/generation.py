# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The text of the tiny random model: the recorded beginning, then noise that is the same on any number of nodes."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .state import Event

_RECORDED = ("T", "", "�$", "\n", "", "", "��c", "�")
_NOISE = "abcdefghijklmnopqrstuvwxyz0123456789 .,;:-+*/=()[]"
REQUESTS = ("TextGeneration", "ImageGeneration")
"""The tasks that a client is waiting for."""
DEFAULT_TOKENS = 64
MAXIMUM_TOKENS = 2048


def token_count(parameters: dict[str, Any]) -> int:
    """Return how many tokens a request gets: a random model never stops by itself."""
    wanted = parameters.get("maxOutputTokens")
    return max(1, min(wanted if isinstance(wanted, int) else DEFAULT_TOKENS, MAXIMUM_TOKENS))


def tokens(count: int) -> list[str]:
    """Return the first tokens of the answer."""
    noise = random.Random(count)  # noqa: S311 - text, not a secret
    return [*_RECORDED[:count], *(noise.choice(_NOISE) for _ in range(count - len(_RECORDED)))]


def usage(parameters: dict[str, Any]) -> dict[str, Any]:
    """Return the counts of one answer."""
    prompt, completion = prompt_tokens(parameters), token_count(parameters)
    return {
        "promptTokens": prompt,
        "completionTokens": completion,
        "totalTokens": prompt + completion,
    }


def prompt_tokens(parameters: dict[str, Any]) -> int:
    """Return the length of the prompt: the model's tokens are bytes."""
    return max(1, len(str(parameters.get("prompt", "")).encode()))


def stats(parameters: dict[str, Any]) -> dict[str, Any]:
    """Return the figures of one answer, as measured for the real tiny model."""
    return {
        "promptTps": 405.13,
        "generationTps": 276.71,
        "promptTokens": prompt_tokens(parameters),
        "generationTokens": token_count(parameters),
        "peakMemoryUsage": {"inBytes": 2055528},
        "prefixCacheHit": "none",
    }


def _chunk(request: dict[str, Any], kind: str, content: dict[str, Any]) -> Event:
    model = request["taskParams"]["model"]
    return {"ChunkGenerated": {"commandId": request["commandId"], "chunk": {kind: {"model": model, **content}}}}


def error_event(request: dict[str, Any], message: str) -> Event:
    """Return the chunk that ends a request whose runner failed."""
    return _chunk(request, "ErrorChunk", {"errorMessage": message, "finishReason": "error"})


def events(request: dict[str, Any]) -> Iterator[Event]:
    """Yield the chunks of an answer."""
    parameters = request["taskParams"]
    for processed in (0, 1):
        yield _chunk(request, "PrefillProgressChunk", {"processedTokens": processed, "totalTokens": 1})
    texts = tokens(token_count(parameters))
    for position, text in enumerate(texts):
        last = position == len(texts) - 1
        yield _chunk(
            request,
            "TokenChunk",
            {
                "text": text,
                "finishReason": "length" if last else None,
                "usage": usage(parameters) if last else None,
                "stats": stats(parameters) if last else None,
            },
        )
