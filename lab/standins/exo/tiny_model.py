# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Generate lab/tiny-llama-random: a Llama of four layers and random weights, small enough for any network.

The real exo and MLX load it too; its answers are noise.
"""

from __future__ import annotations

import argparse
import json
import random
import struct
import sys
from pathlib import Path

MODEL_ID = "lab/tiny-llama-random"
LAYERS, HIDDEN, INTERMEDIATE, HEADS, KEY_VALUE_HEADS, VOCABULARY = 4, 64, 128, 4, 2, 262
CONTEXT = 2048
_SPECIAL = ("<unk>", "<s>", "</s>", "<|user|>", "<|assistant|>", "<|end|>")
_WEIGHTS = "model.safetensors"
_CHAT_TEMPLATE = (
    "{% for message in messages %}{{ message['content'] }}{% endfor %}{% if add_generation_prompt %}{% endif %}"
)


def shapes() -> dict[str, tuple[int, ...]]:
    """Return the tensors of the model."""
    narrow = HIDDEN // HEADS * KEY_VALUE_HEADS
    found: dict[str, tuple[int, ...]] = {"model.embed_tokens.weight": (VOCABULARY, HIDDEN)}
    for layer in range(LAYERS):
        prefix = f"model.layers.{layer}"
        found |= {
            f"{prefix}.input_layernorm.weight": (HIDDEN,),
            f"{prefix}.post_attention_layernorm.weight": (HIDDEN,),
            f"{prefix}.self_attn.q_proj.weight": (HIDDEN, HIDDEN),
            f"{prefix}.self_attn.k_proj.weight": (narrow, HIDDEN),
            f"{prefix}.self_attn.v_proj.weight": (narrow, HIDDEN),
            f"{prefix}.self_attn.o_proj.weight": (HIDDEN, HIDDEN),
            f"{prefix}.mlp.gate_proj.weight": (INTERMEDIATE, HIDDEN),
            f"{prefix}.mlp.up_proj.weight": (INTERMEDIATE, HIDDEN),
            f"{prefix}.mlp.down_proj.weight": (HIDDEN, INTERMEDIATE),
        }
    return found | {"model.norm.weight": (HIDDEN,), "lm_head.weight": (VOCABULARY, HIDDEN)}


def _size(shape: tuple[int, ...]) -> int:
    size = 1
    for length in shape:
        size *= length
    return size


def weights(seed: int = 71) -> bytes:
    """Return the safetensors file; the same seed gives the same bytes."""
    noise = random.Random(seed)  # noqa: S311 - weights, not secrets
    header: dict[str, object] = {"__metadata__": {"format": "mlx"}}
    data = bytearray()
    for name, shape in shapes().items():
        count = _size(shape)
        values = [1.0] * count if "norm" in name else [noise.gauss(0.0, 0.08) for _ in range(count)]
        begin = len(data)
        data += struct.pack(f"<{count}f", *values)
        header[name] = {"dtype": "F32", "shape": list(shape), "data_offsets": [begin, len(data)]}
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    return struct.pack("<Q", len(text)) + text + bytes(data)


def storage() -> int:
    """Return the bytes of the weights alone, which is what a model card counts."""
    return 4 * sum(_size(shape) for shape in shapes().values())


def config() -> dict[str, object]:
    """Return config.json."""
    return {
        "architectures": ["LlamaForCausalLM"],
        "bos_token_id": 1,
        "eos_token_id": 2,
        "hidden_act": "silu",
        "hidden_size": HIDDEN,
        "intermediate_size": INTERMEDIATE,
        "max_position_embeddings": CONTEXT,
        "model_type": "llama",
        "num_attention_heads": HEADS,
        "num_hidden_layers": LAYERS,
        "num_key_value_heads": KEY_VALUE_HEADS,
        "rms_norm_eps": 1e-05,
        "rope_theta": 10000.0,
        "storage_bytes": storage(),
        "tie_word_embeddings": False,
        "torch_dtype": "float32",
        "vocab_size": VOCABULARY,
    }


def _byte_alphabet() -> list[str]:
    """Return the printable character byte-level tokenizers write for each byte."""
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = iter(range(256, 512))
    return [chr(byte) if byte in printable else chr(next(others)) for byte in range(256)]


def tokenizer() -> dict[str, object]:
    """Return tokenizer.json: one token per byte."""
    vocabulary = {token: number for number, token in enumerate((*_SPECIAL, *_byte_alphabet()))}
    added = [
        {
            "id": number,
            "content": token,
            "single_word": False,
            "lstrip": False,
            "rstrip": False,
            "normalized": False,
            "special": True,
        }
        for number, token in enumerate(_SPECIAL)
    ]
    byte_level = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": False}
    return {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": added,
        "normalizer": None,
        "pre_tokenizer": byte_level,
        "post_processor": None,
        "decoder": byte_level,
        "model": {
            "type": "BPE",
            "dropout": None,
            "unk_token": None,
            "continuing_subword_prefix": None,
            "end_of_word_suffix": None,
            "fuse_unk": False,
            "byte_fallback": False,
            "vocab": vocabulary,
            "merges": [],
        },
    }


def card() -> str:
    """Return the model card exo reads from its custom_model_cards directory."""
    return f"""model_id = "{MODEL_ID}"
n_layers = {LAYERS}
hidden_size = {HIDDEN}
num_key_value_heads = {KEY_VALUE_HEADS}
supports_tensor = true
tasks = ["TextGeneration"]
family = "llama"
quantization = "fp32"
base_model = "tiny random llama"
capabilities = ["text"]
context_length = {CONTEXT}

[storage_size]
in_bytes = {storage()}
"""


def write(models: Path, cards: Path | None = None) -> Path:
    """Write the model below a models directory, its card below another; return the model's directory."""
    directory = models / MODEL_ID.replace("/", "--")
    directory.mkdir(parents=True, exist_ok=True)
    (directory / _WEIGHTS).write_bytes(weights())
    index = {"metadata": {"total_size": storage()}, "weight_map": dict.fromkeys(shapes(), _WEIGHTS)}
    tokenizer_config = {
        "bos_token": "<s>",
        "chat_template": _CHAT_TEMPLATE,
        "clean_up_tokenization_spaces": False,
        "eos_token": "</s>",
        "model_max_length": CONTEXT,
        "tokenizer_class": "PreTrainedTokenizerFast",
        "unk_token": "<unk>",
    }
    for name, content in (
        ("config.json", config()),
        (f"{_WEIGHTS}.index.json", index),
        ("tokenizer.json", tokenizer()),
        ("tokenizer_config.json", tokenizer_config),
    ):
        (directory / name).write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    if cards is not None:
        cards.mkdir(parents=True, exist_ok=True)
        (cards / f"{directory.name}.toml").write_text(card(), encoding="utf-8")
    return directory


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
