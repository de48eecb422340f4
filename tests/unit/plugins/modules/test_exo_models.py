# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
from __future__ import annotations

import json
import struct
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

FOLDER = "org--model"
CONFIG = {"num_hidden_layers": 4, "hidden_size": 64, "architectures": ["LlamaForCausalLM"]}
TENSORS = {"a": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}}
NAME = "org/small"


@pytest.fixture
def models(tmp_path: Path) -> Path:
    """Return a directory with a model as a hub has it: one file of weights, no index."""
    directory = tmp_path / "models"
    folder = directory / FOLDER
    folder.mkdir(parents=True)
    header = json.dumps(TENSORS).encode()
    (folder / "model.safetensors").write_bytes(struct.pack("<Q", len(header)) + header + bytes(8))
    (folder / "config.json").write_text(json.dumps(CONFIG))
    describe(directory, *(path.name for path in folder.iterdir()))
    (folder / "stray.safetensors").write_bytes(b"of another revision")
    return directory


def describe(models: Path, *names: str, revision: str = "1" * 40) -> None:
    folder = models / FOLDER
    files = [{"path": name, "size": (folder / name).stat().st_size, "sha256": "0" * 64} for name in names]
    content = {"version": 1, "folder": FOLDER, "source": {}, "revision": revision, "files": files, "bytes": 1}
    (models / ".manifests").mkdir(exist_ok=True)
    (models / ".manifests" / f"{FOLDER}.json").write_text(json.dumps(content))


def options(models: Path, *names: str, **more: Any) -> dict[str, Any]:
    entries = [{"name": name, "folder": FOLDER} for name in names]
    return {"path": str(models.parent / "served"), "models_directory": str(models), "models": entries, **more}


def test_a_model_appears_whole_under_its_public_name(run_module: Callable[..., Any], models: Path) -> None:
    outcome = run_module("exo_models", options(models, NAME))
    assert outcome["changed"]
    folder = models.parent / "served/org--small"
    index = json.loads((folder / "model.safetensors.index.json").read_text())
    assert index == {"metadata": {"total_size": 8}, "weight_map": {"a": "model.safetensors"}}
    assert (folder / "model.safetensors").readlink() == models / FOLDER / "model.safetensors"
    assert not (folder / "stray.safetensors").exists()
    (model,) = outcome["models"]
    assert (model["name"], model["layers"], model["revision"]) == (NAME, 4, "1" * 40)
    assert model["bytes"] == (models / FOLDER / "model.safetensors").stat().st_size
    assert 'model_id = "org/small"' in outcome["cards"]["org--small.toml"]
    assert not run_module("exo_models", options(models, NAME))["changed"]


def test_an_index_that_is_there_is_taken(run_module: Callable[..., Any], models: Path) -> None:
    (models / FOLDER / "model.safetensors.index.json").write_text("{}")
    describe(models, "config.json", "model.safetensors", "model.safetensors.index.json")
    run_module("exo_models", options(models, NAME))
    assert (models.parent / "served/org--small/model.safetensors.index.json").is_symlink()


def test_two_names_share_the_files(run_module: Callable[..., Any], models: Path) -> None:
    run_module("exo_models", options(models, NAME, "other"))
    served = models.parent / "served"
    assert sorted(path.name for path in served.iterdir()) == ["org--small", "other"]
    run_module("exo_models", options(models, "other"))
    assert [path.name for path in served.iterdir()] == ["other"]


def test_check_mode_predicts_and_says_what_is_missing(run_module: Callable[..., Any], models: Path) -> None:
    wanted = options(models, NAME)
    wanted["models"].append({"name": "later", "folder": "org--later"})
    outcome = run_module("exo_models", wanted, check=True)
    assert outcome["changed"]
    assert outcome["missing"] == ["later"]
    assert not (models.parent / "served").exists()
    # Where the rest is as it should be, too.
    run_module("exo_models", options(models, NAME))
    assert run_module("exo_models", wanted, check=True)["changed"]


def test_absent_leaves_the_models(run_module: Callable[..., Any], models: Path) -> None:
    run_module("exo_models", options(models, NAME))
    assert run_module("exo_models", options(models, state="absent"))["changed"]
    assert not (models.parent / "served").exists()
    assert (models / FOLDER / "model.safetensors").exists()
    assert not run_module("exo_models", options(models, state="absent"))["changed"]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda models: (models / ".manifests" / f"{FOLDER}.json").unlink(), "does not have org/small whole"),
        (lambda models: describe(models, "config.json"), "has no .safetensors file"),
        (lambda models: describe(models, "model.safetensors"), "has no config.json"),
        (lambda models: (models / FOLDER / "config.json").write_text("{"), "config.json cannot be read"),
        (lambda models: (models / FOLDER / "config.json").write_text("{}"), "names no number of layers"),
        (lambda models: (models / FOLDER / "model.safetensors").write_bytes(b"x"), "is not a safetensors file"),
        (lambda models: (models / ".manifests" / f"{FOLDER}.json").write_text("[]"), "does not have org/small whole"),
        # A manifest that leads out of its folder is none.
        (
            lambda models: describe(models, "config.json", "../../models/" + FOLDER + "/model.safetensors"),
            "does not have org/small whole",
        ),
    ],
)
def test_what_exo_could_not_serve_is_one_sentence(
    run_module: Callable[..., Any], models: Path, change: Callable[[Path], object], sentence: str
) -> None:
    change(models)
    outcome = run_module("exo_models", options(models, NAME))
    assert sentence in outcome["msg"]
    assert not (models.parent / "served").exists()
