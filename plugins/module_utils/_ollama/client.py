# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Ollama's API: which models are loaded and where, and letting one go; never through a proxy."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Callable

from ansible_collections.hybrid_ai.cluster.plugins.module_utils import _local_api
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._ollama import names
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._on_card import Placed

SECONDS = 60.0
"""An answer under way is waited for."""


class OllamaError(_local_api.ApiError):
    """Ollama answers otherwise than it should."""


@dataclass(frozen=True)
class Loaded:
    """One model in memory, in bytes."""

    name: str
    size: int
    on_card: int


Ask = Callable[[str, str, "dict[str, Any] | None"], Any]
"""Method, path and body, giving the document that was answered."""


def asker(url: str, seconds: float = SECONDS) -> Ask:
    """Return what asks the server at an address, and waits so long for each answer."""

    def ask(method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        text = _local_api.request(url, method, path, body, seconds=seconds)
        try:
            return json.loads(text)
        except ValueError:
            raise OllamaError(f"{url}{path} answers with something that is not valid JSON: {text[:80]!r}") from None

    return ask


def loaded(ask: Ask) -> list[Loaded]:
    """Return the models that are in memory."""
    try:
        return [
            Loaded(str(model["name"]), int(model["size"]), int(model.get("size_vram", 0)))
            for model in ask("GET", "/api/ps", None)["models"] or []
        ]
    except (KeyError, TypeError, ValueError):
        raise OllamaError("Ollama lists what is loaded in a way that is not known.") from None


def let_go(ask: Ask, wanted: list[str]) -> list[str]:
    """Have the models among these that are in memory leave it, answers under way first; return their names."""
    there = [model.name for model in loaded(ask) if model.name in wanted]
    for name in there:
        ask("POST", "/api/generate", {"model": name, "keep_alive": 0, "stream": False})
    return there


def placed(ask: Ask, model: str) -> Placed:
    """Return where a model has its memory; one that is not loaded is loaded for it."""
    place = names.place(model)
    if place is None:
        raise OllamaError(f"Ollama takes no model with the name {model}.")
    found = _loaded_as(ask, names.shown(place))
    if found is None:
        ask("POST", "/api/generate", {"model": model, "stream": False})
        found = _loaded_as(ask, names.shown(place))
    if found is None:
        raise OllamaError(f"Ollama has loaded {model} and has it not in memory: another one needed the room.")
    return Placed(found.size, found.on_card)


def _loaded_as(ask: Ask, name: str) -> Loaded | None:
    return next((one for one in loaded(ask) if one.name.lower() == name.lower()), None)
