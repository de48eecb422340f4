# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The generated models: the same bytes everywhere, and whole by their own headers."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._models import content, gguf

from lab.standins.model_hub import models, repositories, tokenizers

if TYPE_CHECKING:
    from pathlib import Path

# Inventories and recordings name them; whoever changes the generator changes them with it.
FILES = {
    "config.json": "73f9798c98ac9c21d66fda3845b903c008d5c3a3e2531c179b1ed859f28c5f2a",
    "generation_config.json": "8ce11d9ac76601bd7c3b750111ac4f2bae6256f1dd02f2d1406cb08fbb40ffeb",
    "model-00001-of-00002.safetensors": "70b2a7def01378d771000fe8e5318ebfe12d932e3b4793350172877185956d8d",
    "model-00002-of-00002.safetensors": "9559ffc99eebb5ab80a18485a8511b601c53c41b5be159f65f3d514c82975925",
    "model.safetensors.index.json": "4f6f5c79ca086abf437399e6df734ef97ee08539badd6a3f48d2133766d408c0",
    "tokenizer.json": "38281fc6c596fd2181cd0663de79186532d540e237645e6df08478dfeac3a87f",
    "tokenizer_config.json": "8f034df23d520cfa59368f8f75249220f0c5778ad20b3524cf27444dcbf45e85",
}
GGUF = "d1c990f5d2876b4024f74b78207515fc1edb2dace1a944d11f8eaa05fb94df0a"
COMMITS = {
    "lab/tiny-llama": "0d4a168c73e1a5d71069ac3fb2529239fe23d73d",
    "lab/tiny-llama-gguf": "dd923f4d520ebf919bcd70bc07eee3a82d618f7a",
    "lab/long": "1a74f2474800e25d52f674c6c3ba9ec11cf05ab6",
    "lab/gated": "7e7bf2c881ed15a4b2e54c1f1159bc0851a2ee34",
    "lab/licensed": "8cbd3d6bd5a92362c64529b60200c6399ea1fc94",
}


def test_safetensors_are_pinned_and_whole(tmp_path: Path) -> None:
    models.write_safetensors(tmp_path)
    found = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in tmp_path.iterdir()}
    assert found == FILES
    assert content.problems(tmp_path, found) == []


def test_gguf_is_pinned_and_whole(tmp_path: Path) -> None:
    path = tmp_path / "sub/tiny.gguf"
    models.write_gguf(path)
    assert hashlib.sha256(path.read_bytes()).hexdigest() == GGUF
    assert content.problems(path.parent, ["tiny.gguf"]) == []
    values, size = gguf.read(path)
    assert values["general.architecture"] == "llama"
    assert size == path.stat().st_size


@pytest.mark.parametrize("shards", [1, 2, 3])
def test_any_number_of_files_is_one_model(tmp_path: Path, shards: int) -> None:
    models.write_safetensors(tmp_path, shards=shards)
    assert len(list(tmp_path.glob("*.safetensors"))) == shards
    assert content.problems(tmp_path, [path.name for path in tmp_path.iterdir()]) == []


def test_another_seed_is_another_model_with_the_same_tokenizer() -> None:
    one, other = models.safetensors_files(1), models.safetensors_files(2)
    assert {name for name in one if one[name] != other[name]} == {
        name for name in FILES if name.endswith(".safetensors")
    }
    assert models.gguf(1) != models.gguf(2)


def test_letters_are_single_tokens() -> None:
    vocabulary = tokenizers.byte_level()["model"]["vocab"]  # type: ignore[index]
    assert [vocabulary[letter] for letter in "az"] == [tokenizers.byte_level_letters()[n] for n in (0, 25)]
    pieces = tokenizers.pieces()
    assert "".join(pieces[number].text for number in tokenizers.piece_letters()) == "abcdefghijklmnopqrstuvwxyz"


def test_commits_follow_from_contents() -> None:
    catalogue = repositories.catalogue()
    assert {name: catalogue[name].head for name in COMMITS} == COMMITS
    assert len({repository.head for repository in catalogue.values()}) == len(catalogue)
