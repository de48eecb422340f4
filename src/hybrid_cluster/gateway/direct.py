# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What HAProxy is told, so that it passes requests to backends by itself: keys, and models that answer at this moment.

Each table is a map of HAProxy's, from a text to a text. What stands in none of them goes to the gateway, so a table
that is empty or too old is slow and never wrong.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from hybrid_cluster.gateway.keys import KeyKind
from hybrid_cluster.gateway.kinds import Backend

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from hybrid_cluster.gateway.keys import Key
    from hybrid_cluster.gateway.routes import Configuration, Member

PASSED: dict[str, frozenset[Backend]] = {
    path: frozenset({Backend.LLAMA_CPP, Backend.VLLM})
    for path in ("/v1/chat/completions", "/v1/completions", "/v1/embeddings", "/v1/rerank")
}
"""Endpoints with the backends that take a request as it is, and whose answer a client takes as it is.

The others change something: exo, Ollama and mlx_lm end failed answers like good ones; the messages of llama.cpp may
lack their beginning, and its responses have no numbers.
"""
KEYS, LISTS, MODELS, STATE = "keys.map", "allowed.map", "direct.map", "state.map"
"""The files of the maps, which HAProxy's configuration names."""
LASTS = 60
"""After how many seconds HAProxy passes nothing on any more, where the gateway does not say again that it may."""
_NEVER = 2**53


def keys(found: Iterable[Key], now: float) -> dict[str, str]:
    """Return what HAProxy knows of keys, by the hashes of their secrets.

    A value is the name, the Unix time at which it expires, requests a minute, requests at once (0 for no limit), and
    whether the key has a list of models. Keys of administrators are not there, and none whose tokens are limited,
    because HAProxy counts no tokens.
    """
    told = {}
    for key in found:
        limits = key.limits
        if key.kind is not KeyKind.CLIENT or limits.tokens_per_day is not None or limits.body_bytes is not None:
            continue
        if 0 in (limits.requests_per_minute, limits.concurrent_requests):
            # Nothing is allowed, and 0 would be no limit.
            continue
        ends = [(key.digest, key.expires)]
        if key.previous:
            ends.append((key.previous, min(key.previous_until, key.expires or key.previous_until)))
        for digest, end in ends:
            until = _NEVER if end is None else math.floor(end)
            if until > now:
                limited = f"{limits.requests_per_minute or 0}|{limits.concurrent_requests or 0}"
                told[digest] = f"{key.name}|{until}|{limited}|{int(limits.models is not None)}"
    return told


def lists(found: Iterable[Key], configuration: Configuration) -> dict[str, str]:
    """Return the models of keys that have a list of them."""
    known = {model.name for model in configuration.models if model.direct is not None}
    return {
        f"{key.name}|{model}": "1" for key in found if key.limits.models is not None for model in key.limits.models
        if model in known
    }  # fmt: skip


def models(configuration: Configuration, answers: Callable[[Member], bool]) -> dict[str, str]:
    """Return HAProxy's backend of each endpoint and model, for the members that answer at once."""
    return {
        f"{path}|{model.name}": model.direct
        for model in configuration.models
        if model.direct is not None and answers(model.members[0])
        for path, backends in PASSED.items()
        if model.members[0].backend in backends
    }
