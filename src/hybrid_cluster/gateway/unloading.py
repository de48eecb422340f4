# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Taking a model out of a backend's memory, where the backend can, and reading back that it is gone."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

from hybrid_cluster.gateway import requests
from hybrid_cluster.gateway.errors import Failure
from hybrid_cluster.gateway.kinds import Backend

if TYPE_CHECKING:
    from hybrid_cluster.gateway.backends import Backends
    from hybrid_cluster.gateway.routes import Member

_SECONDS = 10.0
_LOOKS_EVERY = 0.5
# A model of llama.cpp's that hangs as it ends is killed by then.
_GONE_WITHIN = 90.0
_LOADED = {"loading", "loaded", "sleeping"}
_WHY_NOT = {
    Backend.EXO: "exo keeps what the table of models has placed; take the model out of cluster_models",
    Backend.EXTERNAL: "it is somebody else's",
    Backend.MLX_LM: "mlx_lm serves this one model as long as it runs",
    Backend.VLLM: "vLLM serves this one model as long as it runs",
}


async def unload(backends: Backends, member: Member) -> str:
    """Have a member let go of its model, and return why it did not; nothing where it holds the model no more."""
    if why := _WHY_NOT.get(member.backend):
        return why
    try:
        if not await _is_loaded(backends, member):
            return ""
        path, fields = _order(member)
        await backends.probe(member, path, requests.encode(fields), _SECONDS)
        async with asyncio.timeout(_GONE_WITHIN):
            while await _is_loaded(backends, member):
                await asyncio.sleep(_LOOKS_EVERY)
    except Failure as failure:
        return failure.message.rstrip(".")
    except TimeoutError:
        return f"it was told to, and has the model still after {_GONE_WITHIN:g} seconds"
    return ""


def _order(member: Member) -> tuple[str, dict[str, Any]]:
    if member.backend is Backend.OLLAMA:
        return "/api/generate", {"model": member.model, "keep_alive": 0, "stream": False}
    return "/models/unload", {"model": member.model}


async def _is_loaded(backends: Backends, member: Member) -> bool:
    path = "/api/ps" if member.backend is Backend.OLLAMA else "/models"
    raw = await backends.probe(member, path, None, _SECONDS)
    try:
        value = json.loads(raw)
        if member.backend is Backend.OLLAMA:
            return bool({member.model, f"{member.model}:latest"} & {entry["name"] for entry in value["models"]})
        # Without a state the program is no router, and has the one model that it was started with.
        states = {entry["id"]: (entry.get("status") or {})["value"] for entry in value["data"]}
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise Failure(502, f"{member.backend} does not say which models are loaded.", code="backend_error") from None
    return states.get(member.model) in _LOADED
