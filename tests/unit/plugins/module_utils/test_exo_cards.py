# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What exo is told about a model, and how versions of exo are started."""

from __future__ import annotations

import json
import struct
from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._exo import cards, versions

if TYPE_CHECKING:
    from pathlib import Path

CONFIG: dict[str, Any] = {
    "architectures": ["Qwen3ForCausalLM"],
    "model_type": "qwen3",
    "num_hidden_layers": 28,
    "hidden_size": 1024,
    "num_key_value_heads": 8,
    "max_position_embeddings": 40960,
}


def write(path: Path, **tensors: int) -> Path:
    """Write a file of weights: tensors of so many bytes."""
    header, end = {}, 0
    for name, size in tensors.items():
        header[name] = {"dtype": "U8", "shape": [size], "data_offsets": [end, end + size]}
        end += size
    text = json.dumps({"__metadata__": {"format": "mlx"}, **header}).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + bytes(end))
    return path


def test_a_card_s_text() -> None:
    assert cards.make_card('a "quoted" name', CONFIG, 644_000_000).as_toml().splitlines()[1:] == [
        'model_id = "a \\"quoted\\" name"',
        "n_layers = 28",
        "hidden_size = 1024",
        "num_key_value_heads = 8",
        "supports_tensor = false",
        'tasks = ["TextGeneration"]',
        'family = "qwen3"',
        'base_model = ""',
        'capabilities = ["text"]',
        "context_length = 40960",
        "trust_remote_code = false",
        "",
        "[storage_size]",
        "in_bytes = 644000000",
    ]


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        ({"architectures": ["LlamaForCausalLM"]}, {"supports_tensor": True}),
        ({"architectures": ["LlamaForCausalLM", "Other"]}, {"supports_tensor": False}),
        ({"num_key_value_heads": None}, {"key_value_heads": None}),
        ({"num_hidden_layers": None, "n_layer": 12}, {"layers": 12}),
        ({"text_config": {"num_hidden_layers": 7, "hidden_size": 64}}, {"layers": 7, "hidden_size": 64}),
        ({"architectures": ["Gemma4ForConditionalGeneration"]}, {"base_model": "Gemma 4", "supports_tensor": True}),
        ({"vision_config": {"model_type": "v"}, "image_token_id": 9}, {"vision": (9, "qwen3")}),
        ({"vision_config": {"model_type": "v"}}, {"vision": None}),
    ],
)
def test_a_card_follows_the_configuration(config: dict[str, Any], expected: dict[str, Any]) -> None:
    card = cards.make_card("m", {**CONFIG, **config}, 1)
    assert {key: getattr(card, key) for key in expected} == expected


@pytest.mark.parametrize(
    ("config", "what"),
    [
        ({"num_hidden_layers": None}, "number of layers"),
        ({"num_hidden_layers": "28"}, "number of layers"),
        ({"hidden_size": 0}, "hidden size"),
    ],
)
def test_a_configuration_without_layers_is_refused(config: dict[str, Any], what: str) -> None:
    with pytest.raises(cards.ModelError, match=what):
        cards.make_card("m", {**CONFIG, **config}, 1)


@pytest.mark.parametrize(
    ("name", "repository", "fault"),
    [
        ("qwen", "mlx-community/Qwen3-0.6B-8bit", None),
        ("oss", "mlx-community/gpt-oss-20b-MXFP4-Q8", "by gpt-oss in the name alone; write a name with gpt-oss in it"),
        ("gpt-oss-20b", "mlx-community/gpt-oss-20b-MXFP4-Q8", None),
        ("GPT-OSS", "mlx-community/gpt-oss-20b-MXFP4-Q8", None),
        ("glm-air", "mlx-community/GLM-4.7-Air", "by glm-4.7 in the name alone"),
        ("chatglm", "mlx-community/Qwen3-0.6B-8bit", "with glm in its name"),
        ("smart", "moonshotai/Kimi-K2-Instruct", "by kimi-k2 in the name alone"),
    ],
)
def test_some_families_are_read_by_their_name_alone(name: str, repository: str, fault: str | None) -> None:
    found = cards.name_fault(name, repository)
    assert (found is None) == (fault is None)
    assert fault is None or fault in str(found)


def test_an_index_names_the_file_of_each_tensor(tmp_path: Path) -> None:
    weights = {name: write(tmp_path / name, **tensors) for name, tensors in (("1", {"a": 4, "b": 2}), ("2", {"c": 1}))}
    index = json.loads(cards.make_index(weights))
    assert index == {"metadata": {"total_size": 7}, "weight_map": {"a": "1", "b": "1", "c": "2"}}


def test_two_files_with_the_same_tensor_are_refused(tmp_path: Path) -> None:
    weights = {name: write(tmp_path / name, a=1) for name in ("1", "2")}
    with pytest.raises(cards.ModelError, match="they are not of one model"):
        cards.make_index(weights)


@pytest.mark.parametrize(
    "content",
    [b"", b"\0" * 100, b"\xff" * 100, (4).to_bytes(8, "little") + b"nope", (2).to_bytes(8, "little") + b"[]"],
)
def test_a_file_that_is_none_of_weights_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "model.safetensors"
    path.write_bytes(content)
    with pytest.raises(cards.ModelError, match="is not a safetensors file"):
        cards.make_index({"model.safetensors": path})


@pytest.mark.parametrize(
    ("version", "releases", "sentence"),
    [
        ("1.0.71", {}, ""),
        ("1.0.72", {"1.0.72": {"starts_like": "1.0.71"}}, ""),
        (
            "1.0.72",
            {"1.0.72": {}},
            "exo_version is 1.0.72, which has other options and another network than we know of;",
        ),
        ("1.0.72", {"1.0.72": {"starts_like": "2"}}, "exo_version is 1.0.72, which"),
        ("main", {"main": {}}, "exo_version is main, which is not a release: it speaks zenoh"),
    ],
)
def test_a_version_is_started_only_where_it_is_known_how(version: str, releases: dict, sentence: str) -> None:
    found = versions.exo_start(version, releases)
    assert found["problem"].startswith(sentence)
    assert bool(found["problem"]) == bool(sentence)
    assert found["namespace_variable"] == "EXO_LIBP2P_NAMESPACE"
    json.dumps(found)
