# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What the gateway says of its models by itself: such a question wakes nobody and counts as no use."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from hybrid_cluster.gateway.errors import Failure

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hybrid_cluster.gateway.routes import Model

# The version of Ollama whose API this is.
OLLAMA_VERSION = "0.33.0"
# Clients refuse an empty date; when a model was made nobody says.
_DATE = "2026-01-01T00:00:00Z"
_FOREVER = "2999-01-01T00:00:00Z"


def models(known: Iterable[Model]) -> dict[str, Any]:
    """Return the answer to /v1/models."""
    return {"object": "list", "data": [model(item) for item in known]}


def model(item: Model) -> dict[str, Any]:
    """Return the answer to /v1/models/{name}."""
    found = {"id": item.name, "object": "model", "created": 0, "owned_by": "hybrid-cluster"}
    return found | ({"context_length": item.context} if item.context else {})


def tags(known: Iterable[Model]) -> dict[str, Any]:
    """Return the answer to /api/tags."""
    return {"models": [{**_named(item), "modified_at": _DATE} for item in known]}


def running(known: Iterable[Model]) -> dict[str, Any]:
    """Return the answer to /api/ps, for models that have answered."""
    return {
        "models": [
            {**_named(item), "expires_at": _FOREVER, "size_vram": 0, "context_length": item.context or 0}
            for item in known
        ]
    }


def show(item: Model) -> dict[str, Any]:
    """Return the answer to /api/show."""
    info: dict[str, Any] = {"general.architecture": "unknown"}
    if item.context:
        info["unknown.context_length"] = item.context
    return {"details": _DETAILS, "model_info": info, "capabilities": list(item.capabilities), "modified_at": _DATE}


def unknown(name: str) -> Failure:
    """Return the refusal of a name that is in no table, and of one that a key may not ask: they look alike."""
    return Failure(404, f"model {name[:100]!r} not found", code="model_not_found", param="model")


_DETAILS = {
    "parent_model": "",
    "format": "",
    "family": "",
    "families": [],
    "parameter_size": "",
    "quantization_level": "",
}


def _named(item: Model) -> dict[str, Any]:
    name = item.name if ":" in item.name else f"{item.name}:latest"
    digest = hashlib.sha256(item.name.encode()).hexdigest()
    shown = {"name": name, "model": name, "size": 0, "digest": digest, "details": _DETAILS}
    return {**shown, "capabilities": list(item.capabilities)}
