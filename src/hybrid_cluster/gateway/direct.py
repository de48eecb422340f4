# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What HAProxy is told, so that it passes requests to backends by itself: keys, and models that answer at this moment.

Each table is a map of HAProxy's, from a text to a text. What stands in none of them goes to the gateway, so a table
that is empty or too old is slow and never wrong.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from hybrid_cluster.gateway.keys import KeyKind, Limits

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from hybrid_cluster.gateway.keys import Key
    from hybrid_cluster.gateway.routes import Configuration, Member

PATHS = ("/v1/chat/completions", "/v1/completions", "/v1/embeddings", "/v1/rerank")
"""The endpoints that backends of DIRECT take as they are, and whose answers a client takes as they are."""
KEYS, LISTS, MODELS, STATE = "keys.map", "allowed.map", "direct.map", "state.map"
"""The files of the maps, which HAProxy's configuration names."""
LASTS = 60
"""After how many seconds HAProxy passes nothing on any more, where the gateway does not say again that it may."""
_NEVER = 2**53


def keys(found: Iterable[Key], now: float) -> dict[str, str]:
    """Return what HAProxy knows of keys, by the hashes of their secrets as HAProxy writes them.

    A value is NAME/ of a key that has no limits, and else NAME|expires|requests a minute|at once|0 or 1: Unix time,
    0 for no limit, and whether the key has a list of models. Keys of administrators are not there, and none whose
    tokens or bodies are limited, because HAProxy counts no tokens.
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
                value = f"{key.name}|{until}|{limited}|{int(limits.models is not None)}"
                told[digest.upper()] = f"{key.name}/" if end is None and limits == Limits() else value
    return told


def lists(found: Iterable[Key], configuration: Configuration) -> dict[str, str]:
    """Return the models of keys that have a list of them."""
    known = {model.name for model in configuration.models if model.direct is not None}
    return {
        f"{key.name}|{model}": "1" for key in found if key.limits.models is not None for model in key.limits.models
        if model in known
    }  # fmt: skip


def models(configuration: Configuration, answers: Callable[[Member], bool]) -> dict[str, str]:
    """Return HAProxy's backend of each model that answers at once."""
    return {
        model.name: model.direct
        for model in configuration.models
        if model.direct is not None and answers(model.members[0])
    }
