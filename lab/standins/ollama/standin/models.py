# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The store of models, read anew for every question, as Ollama reads it; and what is loaded."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import re
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

NVIDIA = Path("/run/hybrid-lab-nvidia.json")
"""What the simulated host says of its cards."""
_DIGEST = re.compile(r"sha256:([0-9a-f]{64})")
_WEIGHTS = "application/vnd.ollama.image.model"
_PARAMETERS = "application/vnd.ollama.image.params"


@dataclass(frozen=True)
class Model:
    """One name of the store."""

    name: str
    digest: str
    size: int
    weights: Path
    family: str
    context: int | None
    modified: float


@dataclass
class Running:
    """One model in memory."""

    model: Model
    until: float


class Store:
    """What lies below OLLAMA_MODELS."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        # They are made where they are missing: in a store of somebody else's that fails at the start.
        for name in ("blobs", "manifests"):
            (directory / name).mkdir(parents=True, exist_ok=True)

    def models(self) -> list[Model]:
        """Return what can be read, the newest first; what is damaged is left out."""
        top = self._directory / "manifests"
        found = []
        for path in sorted(top.glob("*/*/*/*")):
            try:
                found.append(self._read(path, path.relative_to(top).parts))
            except (OSError, ValueError, KeyError, TypeError):
                continue
        return sorted(found, key=lambda model: -model.modified)

    def find(self, name: str) -> Model | None:
        """Return the model with a name, which says no tag where it means the latest."""
        long = name if ":" in name.rpartition("/")[2] else f"{name}:latest"
        return next((model for model in self.models() if model.name.lower() == long.lower()), None)

    def _read(self, path: Path, parts: tuple[str, ...]) -> Model:
        text = path.read_bytes()
        manifest = json.loads(text)
        layers = {layer["mediaType"]: layer for layer in manifest["layers"]}
        config = json.loads(self._blob(manifest["config"]["digest"]).read_bytes())
        weights = self._blob(layers[_WEIGHTS]["digest"])
        with weights.open("rb") as file:
            if file.read(4) != b"GGUF":
                raise ValueError("not a GGUF file")
        parameters = json.loads(self._blob(layers[_PARAMETERS]["digest"]).read_bytes()) if _PARAMETERS in layers else {}
        registry, namespace, model, tag = parts
        long = "/".join(
            part for part, usual in ((registry, "registry.ollama.ai"), (namespace, "library")) if part != usual
        )
        return Model(
            f"{long}/{model}:{tag}" if long else f"{model}:{tag}",
            hashlib.sha256(text).hexdigest(),
            sum(layer["size"] for layer in (*manifest["layers"], manifest["config"])),
            weights,
            config["model_family"],
            parameters.get("num_ctx"),
            path.stat().st_mtime,
        )

    def _blob(self, digest: str) -> Path:
        found = _DIGEST.fullmatch(digest)
        if not found:
            raise ValueError("not a digest")
        return self._directory / "blobs" / f"sha256-{found[1]}"


class Memory:
    """The models that are loaded."""

    def __init__(self) -> None:
        self._running: dict[str, Running] = {}
        self._lock = threading.Lock()

    def load(self, model: Model, keep_alive: Any) -> None:
        """Have a model in memory, and for how long, in seconds; less than 0 is for ever."""
        seconds = seconds_of(keep_alive)
        with self._lock:
            if seconds == 0:
                self._running.pop(model.name, None)
            else:
                self._running[model.name] = Running(model, float("inf") if seconds < 0 else time.time() + seconds)

    def running(self) -> list[Running]:
        """Return what has not had its time."""
        with self._lock:
            self._running = {name: one for name, one in self._running.items() if one.until > time.time()}
            return list(self._running.values())


def seconds_of(text: Any) -> float:
    """Read a duration as Ollama does: a number of seconds, or one with a unit; nothing: five minutes."""
    if text in (None, ""):
        return seconds_of(os.environ["OLLAMA_KEEP_ALIVE"]) if os.environ.get("OLLAMA_KEEP_ALIVE") else 300.0
    if isinstance(text, (int, float)):
        return float(text)
    found = re.fullmatch(r"(-?[\d.]+)(ms|s|m|h)?", str(text))
    if not found:
        raise ValueError(f"invalid duration: {text}")
    return float(found[1]) * {"ms": 0.001, "m": 60, "h": 3600}.get(found[2] or "s", 1)


def on_card(size: int) -> int:
    """Return how much of a model is in the memory of a card: all, or where no card works, nothing."""
    if platform.system() == "Darwin":
        return size
    try:
        state = json.loads(NVIDIA.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return 0
    driver = state.get("driver") or {}
    works = driver.get("loaded") and state.get("library") == driver.get("version") and not state.get("fault")
    wanted = os.environ.get("CUDA_VISIBLE_DEVICES")
    cards = [card for card in state.get("cards", []) if card.get("state") == "ok"]
    return size if works and cards and wanted != "" else 0
