# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
from __future__ import annotations

import json
import struct
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._exo import cards as ours

from lab.standins.exo import tiny_model
from lab.standins.exo.standin import cards, downloads
from lab.standins.exo.standin.paths import Paths

if TYPE_CHECKING:
    from collections.abc import Callable

TINY_BYTES = 726272  # the weights of the model the answers were recorded with


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    base = tmp_path / "data"
    models = base / "models"
    return Paths(
        config=tmp_path / "config",
        data=base,
        cache=tmp_path / "cache",
        models=models,
        writable=(models,),
        read_only=(tmp_path / "shared",),
    )


def test_catalogue() -> None:
    found = cards.builtin()
    assert len(found) == 120
    assert found["mlx-community/Llama-3.2-1B-Instruct-4bit"]["storageSize"] == {"inBytes": 729808896}
    assert cards.listing(found["mlx-community/GLM-4.7-8bit-gs32"])["storage_size_megabytes"] == 378574


def test_tiny_model_is_reproducible(tmp_path: Path) -> None:
    assert tiny_model.storage() == TINY_BYTES
    assert tiny_model.weights() == tiny_model.weights()
    directory = tiny_model.write(tmp_path)
    data = (directory / "model.safetensors").read_bytes()
    (size,) = struct.unpack("<Q", data[:8])
    header = json.loads(data[8 : 8 + size])
    assert set(header) - {"__metadata__"} == set(tiny_model.shapes())
    assert max(tensor["data_offsets"][1] for name, tensor in header.items() if name != "__metadata__") == TINY_BYTES
    assert len(data) == 8 + size + TINY_BYTES


@pytest.mark.parametrize("with_card", [True, False], ids=["card-file", "directory-alone"])
def test_tiny_model_is_found(paths: Paths, with_card: bool) -> None:
    tiny_model.write(paths.models, paths.custom_cards if with_card else None)
    card = cards.Catalogue(paths).find(tiny_model.MODEL_ID)
    assert card is not None
    assert (card["storageSize"], card["nLayers"], card["isCustom"]) == ({"inBytes": TINY_BYTES}, 4, True)


def test_invalid_card_is_passed_over(paths: Paths) -> None:
    paths.custom_cards.mkdir(parents=True)
    (paths.custom_cards / "broken.toml").write_text("model_id = 5")
    assert len(cards.Catalogue(paths).all()) == 120


@pytest.mark.parametrize(
    ("files", "complete"),
    [
        pytest.param({}, False, id="no-directory"),
        pytest.param({"model.safetensors": "x"}, False, id="no-index"),
        pytest.param({"a.safetensors.index.json": '{"weight_map": {"w": "b"}}'}, False, id="file-missing"),
        pytest.param({"a.safetensors.index.json": '{"weight_map": {"w": "b"}}', "b": ""}, True, id="any-size"),
        pytest.param({"a.safetensors.index.json": "{"}, False, id="broken-index"),
    ],
)
def test_complete_directory(tmp_path: Path, files: dict[str, str], complete: bool) -> None:
    for name, content in files.items():
        (tmp_path / name).write_text(content)
    assert downloads.is_complete(tmp_path) is complete


@pytest.mark.parametrize(
    ("change", "readable"),
    [
        pytest.param(lambda data: data, True, id="whole"),
        pytest.param(lambda data: data[:-1], False, id="cut-short"),
        pytest.param(lambda data: bytes(len(data)), False, id="garbage"),
        pytest.param(lambda data: data[:8], False, id="nothing-but-a-length"),
        pytest.param(lambda _: b"", False, id="empty"),
    ],
)
def test_readable_weights(tmp_path: Path, change: Callable[[bytes], bytes], readable: bool) -> None:
    weights = tiny_model.write(tmp_path) / "model.safetensors"
    weights.write_bytes(change(weights.read_bytes()))
    assert downloads.is_readable(weights.parent) is readable
    assert downloads.is_complete(weights.parent)


@pytest.mark.parametrize(
    ("environment", "mac", "expected"),
    [
        pytest.param({}, True, {"config": ".exo", "data": ".exo", "cache": ".exo"}, id="mac"),
        pytest.param(
            {}, False, {"config": ".config/exo", "data": ".local/share/exo", "cache": ".cache/exo"}, id="linux"
        ),
        pytest.param({"EXO_HOME": "e"}, True, {"config": "e", "data": "e", "models": "e/models"}, id="exo-home"),
        pytest.param({"EXO_DEFAULT_MODELS_DIR": "~/m"}, True, {"data": ".exo", "models": "m"}, id="models-elsewhere"),
    ],
)
def test_paths(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, environment: dict[str, str], mac: bool, expected: dict[str, str]
) -> None:
    for name in ("EXO_HOME", "EXO_DEFAULT_MODELS_DIR", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("lab.standins.exo.standin.paths.SW_VERS", Path("/") if mac else tmp_path / "none")
    found = Paths.from_environment()
    assert {name: getattr(found, name) for name in expected} == {
        name: tmp_path / value for name, value in expected.items()
    }


def test_wipe_spares_what_is_not_exos_own(tmp_path: Path, paths: Paths) -> None:
    elsewhere = tmp_path / "shared-disk" / "models"
    (elsewhere / "a").mkdir(parents=True)
    kept = Paths(paths.config, paths.data, paths.cache, elsewhere, (elsewhere,), ())
    coordinator = downloads.Downloads(
        "A",
        kept,
        cards.Catalogue(kept),
        log=None,
        offline=True,
        emit=lambda event: None,
        listed=lambda: False,  # type: ignore[arg-type]
    )
    with pytest.raises(downloads.DataWipedError):
        coordinator._wipe()
    assert list((tmp_path / "shared-disk").iterdir()) == []


def test_a_card_of_ours_is_read_as_it_was_meant(paths: Paths) -> None:
    folder = paths.custom_cards / "hybrid-ai"
    folder.mkdir(parents=True)
    config = json.loads((tiny_model.write(paths.models) / "config.json").read_text())
    text = ours.make_card('a "quoted" name', config, TINY_BYTES).as_toml()
    (folder / "card.toml").write_text(text)
    card = cards.Catalogue(paths).find('a "quoted" name')
    expected = cards.card_from(tomllib.loads(tiny_model.card()), custom=True)
    same = ("storageSize", "nLayers", "hiddenSize", "numKeyValueHeads", "supportsTensor", "tasks", "contextLength")
    assert card is not None
    assert {key: card[key] for key in same} == {key: expected[key] for key in same}


def test_free_memory_can_be_told(paths: Paths) -> None:
    assert paths.free_memory is None
    paths.config.mkdir()
    paths.memory_flag.write_text("1048576\n")
    assert paths.free_memory == 1048576
    paths.memory_flag.write_text("much")
    assert paths.free_memory is None
