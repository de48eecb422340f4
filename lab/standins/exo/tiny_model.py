# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Have lab/tiny-llama-random where exo looks for models: a generated Llama of four layers, small for any network.

The real exo and MLX load it too; its answers are noise.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from lab.standins.model_hub import models

MODEL_ID = "lab/tiny-llama-random"
_SEED = 71

shapes, storage = models.shapes, models.storage


def weights() -> bytes:
    """Return the safetensors file."""
    return models.safetensors_files(_SEED, shards=1)["model.safetensors"]


def card() -> str:
    """Return the model card exo reads from its custom_model_cards directory."""
    return f"""model_id = "{MODEL_ID}"
n_layers = {models.LAYERS}
hidden_size = {models.HIDDEN}
num_key_value_heads = {models.KEY_VALUE_HEADS}
supports_tensor = true
tasks = ["TextGeneration"]
family = "llama"
quantization = "fp32"
base_model = "tiny random llama"
capabilities = ["text"]
context_length = {models.CONTEXT}

[storage_size]
in_bytes = {models.storage()}
"""


def write(directory: Path, cards: Path | None = None) -> Path:
    """Write the model below a directory of models, its card below another; return the model's directory."""
    folder = directory / MODEL_ID.replace("/", "--")
    models.write_safetensors(folder, _SEED, shards=1)
    if cards is not None:
        cards.mkdir(parents=True, exist_ok=True)
        (cards / f"{folder.name}.toml").write_text(card(), encoding="utf-8")
    return folder


def main() -> int:
    """Write the model where the arguments say."""
    parser = argparse.ArgumentParser(description="Generate the lab's tiny model")
    parser.add_argument("models", type=Path, help="directory of models")
    parser.add_argument("--cards", type=Path, help="directory of custom model cards")
    arguments = parser.parse_args()
    print(write(arguments.models, arguments.cards))
    return 0


if __name__ == "__main__":
    sys.exit(main())
