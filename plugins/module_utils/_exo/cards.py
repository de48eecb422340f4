# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What exo needs to serve a model under a name of ours: a card, and a folder of that name with an index.

exo answers to one name for each placed model, the `model_id` of its card, and finds its files in the folder of that
name with `--` for `/`. A folder counts as complete when an index of weights is in it and every file that the index
names is there, so a model of one file, which usually has no index, gets one.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import ClusterError
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._exo.versions import NEWEST, STARTS

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from ansible_collections.hybrid_ai.cluster.plugins.module_utils._exo.versions import Start

INDEX = "model.safetensors.index.json"
INDEX_SUFFIX = ".safetensors.index.json"
WEIGHTS_SUFFIX = ".safetensors"
MAXIMUM_HEADER = 100 * 1024 * 1024
_LAYERS = ("num_hidden_layers", "num_layers", "n_layer", "n_layers", "num_decoder_layers", "decoder_layers")
_OF_TEXT = ("architectures", "hidden_size", "num_key_value_heads", "max_position_embeddings", *_LAYERS)


class ModelError(ClusterError):
    """The files of a model are not what exo can serve."""


def folder(name: str) -> str:
    """Return the folder that exo looks for a model in."""
    return name.replace("/", "--")


def file_name(name: str) -> str:
    """Return the file of a model's card."""
    return f"{folder(name)}.toml"


def marker(name: str, start: Start = STARTS[NEWEST]) -> str | None:
    """Return the part of a name by which exo decides how a model is read, the first that it would find."""
    text = name.lower()
    return next((part for part in start.name_markers if part in text), None)


def name_fault(name: str, repository: str, start: Start = STARTS[NEWEST]) -> str | None:
    """Say what is wrong with a model's name for exo, which reads some families by their name alone."""
    wanted, found = marker(repository, start), marker(name, start)
    if wanted == found:
        return None
    if wanted is None:
        return (
            f"is called {name}, and exo would read it like a model with {found} in its name, which {repository} is not;"
            f" write a name without {found}."
        )
    return (
        f"is called {name}, but exo knows how to read {repository} by {wanted} in the name alone; write a name with"
        f" {wanted} in it."
    )


@dataclass(frozen=True)
class Card:
    """What exo is told about a model. `storage` is in bytes."""

    model_id: str
    storage: int
    layers: int
    hidden_size: int
    supports_tensor: bool
    key_value_heads: int | None = None
    context: int = 0
    family: str = ""
    base_model: str = ""
    vision: tuple[int, str] | None = None
    """The token that stands for an image, and the kind of model that reads it."""

    def as_toml(self) -> str:
        """Return the file's text; a JSON string is one of TOML's too."""
        values: dict[str, Any] = {
            "model_id": self.model_id,
            "n_layers": self.layers,
            "hidden_size": self.hidden_size,
            "num_key_value_heads": self.key_value_heads,
            "supports_tensor": self.supports_tensor,
            "tasks": ["TextGeneration"],
            "family": self.family,
            "base_model": self.base_model,
            "capabilities": ["text", *(["vision"] if self.vision else [])],
            "context_length": self.context,
            # exo's own default runs code that lies beside the weights.
            "trust_remote_code": False,
        }
        lines = [f"{key} = {json.dumps(value)}" for key, value in values.items() if value is not None]
        lines += ["", "[storage_size]", f"in_bytes = {self.storage}"]
        if self.vision:
            token, kind = self.vision
            lines += ["", "[vision]", f"image_token_id = {token}", f"model_type = {json.dumps(kind)}"]
        return "\n".join(["# Written by hybrid_ai.cluster; changes are overwritten.", *lines, ""])

    def as_dict(self) -> dict[str, Any]:
        """Return what the keeper compares with what exo has read."""
        return {
            "name": self.model_id,
            "folder": folder(self.model_id),
            "bytes": self.storage,
            "layers": self.layers,
            "hidden_size": self.hidden_size,
        }


def make_card(name: str, config: Mapping[str, Any], storage: int, start: Start = STARTS[NEWEST]) -> Card:
    """Return a model's card from its config.json and the bytes of its weights, by the rules that exo itself has."""
    inner = config.get("text_config")
    text: dict[str, Any] = inner if isinstance(inner, dict) else {}
    known: dict[str, Any] = {key: text[key] if text.get(key) is not None else config.get(key) for key in _OF_TEXT}
    layers: Any = next((known[key] for key in _LAYERS if known[key] is not None), None)
    architectures = known["architectures"] if isinstance(known["architectures"], list) else []
    for value, what in ((layers, "number of layers"), (known["hidden_size"], "hidden size")):
        if not isinstance(value, int) or value < 1:
            raise ModelError(f"The config.json of {name} names no {what}, so exo cannot spread it.")
    return Card(
        model_id=name,
        storage=storage,
        layers=int(layers),
        hidden_size=int(known["hidden_size"]),
        supports_tensor=len(architectures) == 1 and architectures[0] in start.tensor_architectures,
        key_value_heads=known["num_key_value_heads"] or None,
        context=int(known["max_position_embeddings"] or 0),
        family=str(config.get("model_type") or ""),
        # exo never spreads this family by layers, and knows it by this text.
        base_model="Gemma 4" if architectures == ["Gemma4ForConditionalGeneration"] else "",
        vision=_vision(config),
    )


def _vision(config: Mapping[str, Any]) -> tuple[int, str] | None:
    vision, token = config.get("vision_config"), config.get("image_token_id")
    if not isinstance(vision, dict) or not isinstance(token, int):
        return None
    return token, str(config.get("model_type") or vision.get("model_type") or "")


def make_index(weights: Mapping[str, Path]) -> str:
    """Return the index of files of weights by name, read from their headers."""
    places: dict[str, str] = {}
    total = 0
    for name, path in sorted(weights.items()):
        header = read_header(path)
        for tensor, content in header.items():
            if tensor == "__metadata__":
                continue
            if tensor in places:
                raise ModelError(f"{path} and {places[tensor]} both hold {tensor}, so they are not of one model.")
            begin, end = content["data_offsets"]
            places[tensor] = name
            total += end - begin
    return json.dumps({"metadata": {"total_size": total}, "weight_map": places}, indent=1) + "\n"


def read_header(path: Path) -> dict[str, Any]:
    """Return what a file of weights says that it holds."""
    try:
        with path.open("rb") as file:
            length = int.from_bytes(file.read(8), "little")
            if not 0 < length <= MAXIMUM_HEADER:
                raise ModelError(f"{path} is not a safetensors file: its header would have {length} bytes.")
            header = json.loads(file.read(length))
        if not isinstance(header, dict) or any(
            not isinstance(content, dict) or (tensor != "__metadata__" and len(content.get("data_offsets", ())) != 2)
            for tensor, content in header.items()
        ):
            raise ValueError("no mapping of tensors")
    except (ValueError, TypeError) as error:
        raise ModelError(f"{path} is not a safetensors file: {error}.") from error
    except OSError as error:
        raise ModelError(f"{path} cannot be read: {(error.strerror or str(error)).lower()}.") from error
    return header
