# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Generate tiny Llamas that real programs load: safetensors with a tokenizer, and GGUF.

Their weights are noise that is the same on every computer. One number of each embedding is always 1, and the last layer
turns it into a preference for small letters: so every answer has letters in it, and never ends before its first token.
"""

from __future__ import annotations

import hashlib
import json
import struct
import sys
from array import array
from typing import TYPE_CHECKING

from lab.standins.model_hub import tokenizers

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

LAYERS, HIDDEN, INTERMEDIATE, HEADS, KEY_VALUE_HEADS, CONTEXT = 4, 64, 128, 4, 2, 2048
EPSILON, ROPE_BASE = 1e-05, 10000.0
_NARROW = HIDDEN // HEADS * KEY_VALUE_HEADS
_PREFERENCE = 4.0
_ALIGNMENT = 32
_GGUF_STRING, _GGUF_UINT32, _GGUF_INT32, _GGUF_FLOAT32, _GGUF_ARRAY = 8, 4, 5, 6, 9

Tensors = dict[str, tuple[tuple[int, ...], bytes]]
"""Shape and data by name; numbers of four bytes, the lowest first."""


def shapes(vocabulary: int = tokenizers.BYTE_LEVEL_SIZE) -> dict[str, tuple[int, ...]]:
    """Return the tensors of a model by the names that safetensors files have."""
    found: dict[str, tuple[int, ...]] = {"model.embed_tokens.weight": (vocabulary, HIDDEN)}
    for layer in range(LAYERS):
        prefix = f"model.layers.{layer}"
        found |= {
            f"{prefix}.input_layernorm.weight": (HIDDEN,),
            f"{prefix}.post_attention_layernorm.weight": (HIDDEN,),
            f"{prefix}.self_attn.q_proj.weight": (HIDDEN, HIDDEN),
            f"{prefix}.self_attn.k_proj.weight": (_NARROW, HIDDEN),
            f"{prefix}.self_attn.v_proj.weight": (_NARROW, HIDDEN),
            f"{prefix}.self_attn.o_proj.weight": (HIDDEN, HIDDEN),
            f"{prefix}.mlp.gate_proj.weight": (INTERMEDIATE, HIDDEN),
            f"{prefix}.mlp.up_proj.weight": (INTERMEDIATE, HIDDEN),
            f"{prefix}.mlp.down_proj.weight": (HIDDEN, INTERMEDIATE),
        }
    return found | {"model.norm.weight": (HIDDEN,), "lm_head.weight": (vocabulary, HIDDEN)}


def _count(shape: tuple[int, ...]) -> int:
    count = 1
    for length in shape:
        count *= length
    return count


def storage() -> int:
    """Return the bytes of the weights alone, which is what a model card of exo counts."""
    return 4 * sum(_count(shape) for shape in shapes().values())


def _noise(seed: int, name: str, count: int, scale: float) -> array[float]:
    """Return numbers between -scale and scale; a hash is the same everywhere, and logarithms are not."""
    numbers = array("h", hashlib.shake_128(f"{seed} {name}".encode()).digest(2 * count))
    if sys.byteorder == "big":
        numbers.byteswap()
    return array("f", (number * (scale / 32768) for number in numbers))


def _packed(values: array[float]) -> bytes:
    if sys.byteorder == "big":
        values.byteswap()
    return values.tobytes()


def tensors(seed: int, letters: tuple[int, ...], vocabulary: int) -> Tensors:
    """Return the weights of a model whose small letters are these tokens."""
    found: Tensors = {}
    for name, shape in shapes(vocabulary).items():
        count = _count(shape)
        values = array("f", [1.0] * count) if "norm" in name else _noise(seed, name, count, 0.14)
        if "embed_tokens" in name:
            values[::HIDDEN] = array("f", [1.0] * vocabulary)
        elif "o_proj" in name or "down_proj" in name:
            # Nothing is added to the number that is always 1.
            values[: shape[1]] = array("f", bytes(4 * shape[1]))
        elif "lm_head" in name:
            liked = set(letters)
            values[::HIDDEN] = array("f", [_PREFERENCE if n in liked else -_PREFERENCE for n in range(vocabulary)])
        found[name] = shape, _packed(values)
    return found


def safetensors(found: Tensors) -> bytes:
    """Return tensors as a safetensors file."""
    header: dict[str, object] = {"__metadata__": {"format": "mlx"}}
    position = 0
    for name, (shape, data) in found.items():
        header[name] = {"dtype": "F32", "shape": list(shape), "data_offsets": [position, position + len(data)]}
        position += len(data)
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    return struct.pack("<Q", len(text)) + text + b"".join(data for _, data in found.values())


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
        "rms_norm_eps": EPSILON,
        "rope_theta": ROPE_BASE,
        "storage_bytes": storage(),
        "tie_word_embeddings": False,
        "torch_dtype": "float32",
        "vocab_size": tokenizers.BYTE_LEVEL_SIZE,
    }


def safetensors_files(seed: int, shards: int = 2) -> dict[str, bytes]:
    """Return every file of a model in so many safetensors files."""
    weights = tensors(seed, tokenizers.byte_level_letters(), tokenizers.BYTE_LEVEL_SIZE)
    names = list(weights)
    files: dict[str, bytes] = {}
    places: dict[str, str] = {}
    for shard in range(shards):
        name = "model.safetensors" if shards == 1 else f"model-{shard + 1:05}-of-{shards:05}.safetensors"
        part = names[shard * len(names) // shards : (shard + 1) * len(names) // shards]
        files[name] = safetensors({tensor: weights[tensor] for tensor in part})
        places |= dict.fromkeys(part, name)
    documents: Mapping[str, object] = {
        "config.json": config(),
        "generation_config.json": {"bos_token_id": 1, "eos_token_id": 2, "do_sample": False},
        "model.safetensors.index.json": {"metadata": {"total_size": storage()}, "weight_map": places},
        "tokenizer.json": tokenizers.byte_level(),
        "tokenizer_config.json": tokenizers.byte_level_config(CONTEXT),
    }
    return files | {name: (json.dumps(content, indent=1) + "\n").encode() for name, content in documents.items()}


def write_safetensors(folder: Path, seed: int = 71, shards: int = 2) -> None:
    """Write a model with its tokenizer into a folder; the same seed gives the same bytes."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in safetensors_files(seed, shards).items():
        (folder / name).write_bytes(content)


def write_gguf(path: Path, seed: int = 71) -> None:
    """Write a model as one GGUF file; the same seed gives the same bytes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gguf(seed))


def gguf(seed: int = 71) -> bytes:
    """Return a model as a GGUF file of the architecture llama with a tokenizer of bytes."""
    pieces = tokenizers.pieces()
    weights = tensors(seed, tokenizers.piece_letters(), len(pieces))
    values: list[tuple[str, int, object]] = [
        ("general.architecture", _GGUF_STRING, "llama"),
        ("general.name", _GGUF_STRING, f"tiny-{seed}"),
        ("llama.context_length", _GGUF_UINT32, CONTEXT),
        ("llama.embedding_length", _GGUF_UINT32, HIDDEN),
        ("llama.block_count", _GGUF_UINT32, LAYERS),
        ("llama.feed_forward_length", _GGUF_UINT32, INTERMEDIATE),
        ("llama.attention.head_count", _GGUF_UINT32, HEADS),
        ("llama.attention.head_count_kv", _GGUF_UINT32, KEY_VALUE_HEADS),
        ("llama.attention.layer_norm_rms_epsilon", _GGUF_FLOAT32, EPSILON),
        ("llama.rope.dimension_count", _GGUF_UINT32, HIDDEN // HEADS),
        ("llama.vocab_size", _GGUF_UINT32, len(pieces)),
        ("tokenizer.ggml.model", _GGUF_STRING, "llama"),
        ("tokenizer.ggml.tokens", _GGUF_ARRAY, (_GGUF_STRING, [piece.text for piece in pieces])),
        ("tokenizer.ggml.scores", _GGUF_ARRAY, (_GGUF_FLOAT32, [piece.score for piece in pieces])),
        ("tokenizer.ggml.token_type", _GGUF_ARRAY, (_GGUF_INT32, [piece.kind for piece in pieces])),
        ("tokenizer.ggml.bos_token_id", _GGUF_UINT32, 1),
        ("tokenizer.ggml.eos_token_id", _GGUF_UINT32, 2),
        ("tokenizer.ggml.unknown_token_id", _GGUF_UINT32, 0),
        ("tokenizer.chat_template", _GGUF_STRING, tokenizers.CHAT_TEMPLATE),
    ]
    header = struct.pack("<4sIQQ", b"GGUF", 3, len(weights), len(values))
    header += b"".join(_text(key) + struct.pack("<I", kind) + _value(kind, value) for key, kind, value in values)
    data = bytearray()
    for name, (shape, content) in weights.items():
        turned = shape[::-1]
        header += _text(_gguf_name(name)) + struct.pack(f"<I{len(turned)}Q", len(turned), *turned)
        header += struct.pack("<IQ", 0, len(data))
        data += content + bytes(-len(content) % _ALIGNMENT)
    return header + bytes(-len(header) % _ALIGNMENT) + bytes(data)


def _gguf_name(name: str) -> str:
    fixed = {
        "model.embed_tokens.weight": "token_embd.weight",
        "model.norm.weight": "output_norm.weight",
        "lm_head.weight": "output.weight",
    }
    if name in fixed:
        return fixed[name]
    parts = {
        "input_layernorm": "attn_norm",
        "post_attention_layernorm": "ffn_norm",
        "self_attn.q_proj": "attn_q",
        "self_attn.k_proj": "attn_k",
        "self_attn.v_proj": "attn_v",
        "self_attn.o_proj": "attn_output",
        "mlp.gate_proj": "ffn_gate",
        "mlp.up_proj": "ffn_up",
        "mlp.down_proj": "ffn_down",
    }
    layer, _, part = name.removeprefix("model.layers.").removesuffix(".weight").partition(".")
    return f"blk.{layer}.{parts[part]}.weight"


def _text(text: str) -> bytes:
    data = text.encode()
    return struct.pack("<Q", len(data)) + data


def _value(kind: int, value: object) -> bytes:
    if isinstance(value, tuple):
        inner, members = value
        return struct.pack("<IQ", inner, len(members)) + b"".join(_value(inner, member) for member in members)
    if kind == _GGUF_STRING:
        return _text(str(value))
    return struct.pack({_GGUF_UINT32: "<I", _GGUF_INT32: "<i", _GGUF_FLOAT32: "<f"}[kind], value)
