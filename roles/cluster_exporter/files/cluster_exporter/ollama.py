# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Ollama: who answers, what is loaded, and whether a card has it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from . import fetch

if TYPE_CHECKING:
    from .exposition import Metrics


class Source:
    """Every host of Ollama."""

    def __init__(self, configuration: dict[str, Any]) -> None:
        self._hosts: dict[str, str] = configuration["hosts"]
        self._with_card = set(configuration["with_card"])
        self._port: int = configuration["port"]

    def measure(self, metrics: Metrics) -> None:
        """Ask each host what it has in memory."""
        with ThreadPoolExecutor(max(1, len(self._hosts))) as pool:
            answers = dict(zip(self._hosts, pool.map(self._ask, self._hosts.values())))
        for host, answer in answers.items():
            metrics.add("ollama_up", "Whether Ollama on the host answers.", answer is not None, node=host)
            for model in (answer or {}).get("models") or []:
                self._model(metrics, host, model)

    def _ask(self, address: str) -> dict[str, Any] | None:
        try:
            document: dict[str, Any] = fetch.document(f"http://{address}:{self._port}/api/ps")
        except fetch.SourceError:
            return None
        return document

    def _model(self, metrics: Metrics, host: str, model: dict[str, Any]) -> None:
        labels = {"node": host, "model": str(model["name"])}
        size, on_card = int(model["size"]), int(model.get("size_vram", 0))
        metrics.add("ollama_model_bytes", "Memory of a loaded model.", size, **labels)
        metrics.add("ollama_model_card_bytes", "What of it is in the memory of a card.", on_card, **labels)
        if host in self._with_card:
            text = "Whether a model is computed by the processor of a host that has a card."
            metrics.add("model_beside_card", text, on_card == 0, backend="ollama", **labels)
