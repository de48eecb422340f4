# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Model cards: the catalogue of 1.0.71, the cards a user added, and how the API shows them."""

from __future__ import annotations

import json
import time
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .paths import Paths

Card = dict[str, Any]
_CATALOGUE = Path(__file__).resolve().parent / "data" / "catalogue.json"
_SAMPLING = ("temperature", "top_p", "top_k", "min_p", "repetition_penalty", "presence_penalty", "frequency_penalty")


def _camel(name: str) -> str:
    head, *rest = name.split("_")
    return head + "".join(part.capitalize() for part in rest)


def _sampling(values: dict[str, Any]) -> dict[str, Any]:
    """Return sampling values with every key present."""
    return {_camel(name): values.get(name) for name in _SAMPLING}


def _vision(values: dict[str, Any] | None, model_id: str) -> dict[str, Any] | None:
    """Return what a model that sees needs, or nothing."""
    if values is None:
        return None
    return {
        "imageTokenId": values["image_token_id"],
        "modelType": values["model_type"],
        "weightsRepo": values.get("weights_repo") or model_id,
        "imageToken": values.get("image_token"),
        "processorRepo": values.get("processor_repo"),
    }


def card_from(values: dict[str, Any], *, custom: bool) -> Card:
    """Return a card as the API shows it, from the keys of a card file."""
    sampling = values.get("sampling_defaults", {})
    modes = {
        _camel(mode): _sampling(sampling[mode]) if mode in sampling else None for mode in ("thinking", "non_thinking")
    }
    return {
        "modelId": values["model_id"],
        "storageSize": {"inBytes": values["storage_size"]["in_bytes"]},
        "nLayers": values["n_layers"],
        "hiddenSize": values["hidden_size"],
        "supportsTensor": values["supports_tensor"],
        "numKeyValueHeads": values.get("num_key_value_heads"),
        "tasks": list(values["tasks"]),
        "components": None,
        "family": values.get("family", ""),
        "quantization": values.get("quantization", ""),
        "baseModel": values.get("base_model", ""),
        "capabilities": list(values.get("capabilities", [])),
        "contextLength": values.get("context_length", 0),
        "usesCfg": False,
        "trustRemoteCode": True,
        "isCustom": custom,
        "vision": _vision(values.get("vision"), values["model_id"]),
        "samplingDefaults": {**_sampling(sampling), **modes},
    }


def builtin() -> dict[str, Card]:
    """Return the 120 cards of the release by model id."""
    catalogue = json.loads(_CATALOGUE.read_text(encoding="utf-8"))
    cards: dict[str, Card] = {}
    for row in catalogue["rows"]:
        values = dict(zip(catalogue["columns"], row, strict=True))
        values["storage_size"] = {"in_bytes": values.pop("storage_bytes")}
        values["tasks"] = ["TextGeneration"]
        cards[values["model_id"]] = card_from(values, custom=False)
    return cards


def _described_by_directory(directory: Path) -> Card | None:
    """Return the card of a small model that lies in the models directory without a card file."""
    try:
        config = json.loads((directory / "config.json").read_text(encoding="utf-8"))
        size = sum(path.stat().st_size for path in directory.glob("*.safetensors"))
        return card_from(
            {
                "model_id": directory.name.replace("--", "/", 1),
                "storage_size": {"in_bytes": config.get("storage_bytes", size)},
                "n_layers": config["num_hidden_layers"],
                "hidden_size": config["hidden_size"],
                "supports_tensor": config.get("architectures") == ["LlamaForCausalLM"],
                "num_key_value_heads": config.get("num_key_value_heads"),
                "tasks": ["TextGeneration"],
                "family": config.get("model_type", ""),
                "quantization": "fp32",
                "base_model": directory.name.split("--", 1)[-1].replace("-", " "),
                "capabilities": ["text"],
                "context_length": config.get("max_position_embeddings", 0),
            },
            custom=True,
        )
    except (OSError, ValueError, KeyError):
        return None


class Catalogue:
    """The cards this node knows: files are read at its first look, and again when it is asked for one that it lacks.

    What it knows it does not read again.
    """

    def __init__(self, paths: Paths) -> None:
        self._paths, self._cards = paths, builtin()
        self._read()

    def _read(self) -> None:
        for path in sorted(self._paths.custom_cards.rglob("*.toml")):
            try:
                card = card_from(tomllib.loads(path.read_text(encoding="utf-8")), custom=True)
            except (OSError, ValueError, KeyError, TypeError):
                continue
            self._cards.setdefault(card["modelId"], card)

    def all(self) -> list[Card]:
        """Return the catalogue, the user's cards, and the lab's own models, which need none."""
        cards = dict(self._cards)
        for root in (*self._paths.writable, *self._paths.read_only):
            for directory in sorted(root.glob("lab--*")):
                described = _described_by_directory(directory)
                if described is not None:
                    cards.setdefault(described["modelId"], described)
        return list(cards.values())

    def find(self, model_id: str) -> Card | None:
        """Return one card."""
        if model_id not in self._cards:
            self._read()
        return next((card for card in self.all() if card["modelId"] == model_id), None)

    def delete_custom(self, model_id: str) -> bool:
        """Remove the file of a card the user added."""
        path = self._paths.custom_cards / (model_id.replace("/", "--") + ".toml")
        if not path.exists():
            return False
        path.unlink()
        self._cards.pop(model_id, None)
        return True


def listing(card: Card) -> dict[str, Any]:
    """Return a card as /models lists it."""
    return {
        "id": card["modelId"],
        "object": "model",
        "created": int(time.time()),
        "owned_by": "exo",
        "hugging_face_id": card["modelId"],
        "name": card["modelId"].split("/", 1)[-1],
        "description": "",
        "context_length": card["contextLength"],
        "tags": [],
        "storage_size_megabytes": round(card["storageSize"]["inBytes"] / 1024 / 1024),
        "supports_tensor": card["supportsTensor"],
        "tasks": card["tasks"],
        "is_custom": card["isCustom"],
        "family": card["family"],
        "quantization": card["quantization"],
        "base_model": card["baseModel"],
        "capabilities": card["capabilities"],
    }


def pipeline_shard(card: Card, rank: int = 0, world: int = 1, layers: tuple[int, int] | None = None) -> dict[str, Any]:
    """Return the part of a model one node of a pipeline holds; all of it by default."""
    start, end = layers or (0, card["nLayers"])
    return {
        "PipelineShardMetadata": {
            "modelCard": card,
            "deviceRank": rank,
            "worldSize": world,
            "immediateException": False,
            "shouldTimeout": None,
            "startLayer": start,
            "endLayer": end,
            "nLayers": card["nLayers"],
        }
    }
