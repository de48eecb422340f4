# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Ollama's store: one copy of the weights, exactly what is wanted, and nothing else."""

from __future__ import annotations

import json
import os
import struct
from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.hybrid_ai.cluster.plugins.module_utils import _files
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._models import gguf
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._models import manifest as manifests
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._ollama import client

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SMALL = {"name": "small", "names": ["small", "tiny:a"], "folder": "org--small", "context": 128}
OTHER = {"name": "org/other", "names": ["org/other"], "folder": "org--other", "context": None}


def gguf_file(seed: int) -> bytes:
    """Return a GGUF file without tensors; the seed makes it another one."""
    values = {"general.architecture": "llama", "general.name": f"model {seed}"}
    texts = [(key.encode(), value.encode()) for key, value in values.items()]
    header = b"GGUF" + struct.pack("<IQQ", 3, 0, len(texts))
    return header + b"".join(
        struct.pack("<Q", len(key)) + key + struct.pack("<IQ", 8, len(value)) + value for key, value in texts
    )


def write(models: Path, folder: str, seed: int = 1, name: str = "m.gguf") -> Path:
    path = models / folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink() if path.exists() else None
    path.write_bytes(gguf_file(seed))
    files = (manifests.File(name, path.stat().st_size, manifests.digest(path)),)
    manifests.write(models, manifests.Manifest(folder, {"path": "/x"}, f"r{seed}", files))
    return path


@pytest.fixture
def bring(
    run_module: Callable[..., dict[str, Any]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., dict[str, Any]]:
    monkeypatch.setattr(_files, "ROOT", "/")  # models are read where they are
    monkeypatch.setattr(os, "fchown", lambda *_: None)

    def run(*models: dict[str, Any], check: bool = False, **options: Any) -> dict[str, Any]:
        arguments = {"store": f"{tmp_path}/.ollama", "models_directory": str(tmp_path), "models": list(models)}
        return run_module("ollama_models", {**arguments, **options}, check=check)

    return run


def files(tmp_path: Path, part: str) -> set[str]:
    top = tmp_path / ".ollama" / part
    return {path.relative_to(top).as_posix() for path in top.rglob("*") if path.is_file()}


def test_weights_are_the_same_file(bring: Callable[..., Any], tmp_path: Path) -> None:
    weights = write(tmp_path, "org--small")
    result = bring(SMALL)
    assert result["changed"]
    assert set(result["models"]) == {"small:latest", "tiny:a"}
    blob = tmp_path / f".ollama/blobs/sha256-{manifests.digest(weights)}"
    assert blob.samefile(weights)
    place = tmp_path / ".ollama/manifests/registry.ollama.ai/library/small/latest"
    manifest = json.loads(place.read_text())
    assert [layer["mediaType"].rpartition(".")[2] for layer in manifest["layers"]] == ["model", "params"]
    parameters = manifest["layers"][1]["digest"].replace(":", "-")
    assert json.loads((tmp_path / ".ollama/blobs" / parameters).read_text()) == {"num_ctx": 128}
    configuration = manifest["config"]["digest"].replace(":", "-")
    assert json.loads((tmp_path / ".ollama/blobs" / configuration).read_text())["model_family"] == "llama"


def test_its_service_reads_it_whatever_the_umask(bring: Callable[..., Any], tmp_path: Path) -> None:
    write(tmp_path, "org--small")
    before = os.umask(0o077)
    try:
        bring(SMALL)
    finally:
        os.umask(before)
    found = list((tmp_path / ".ollama").rglob("*"))
    assert {path.stat().st_mode & 0o777 for path in found if path.is_dir()} == {0o755}
    assert {path.stat().st_mode & 0o044 for path in found if path.is_file()} == {0o044}


def test_a_second_run_changes_nothing(bring: Callable[..., Any], tmp_path: Path) -> None:
    write(tmp_path, "org--small")
    bring(SMALL)
    assert not bring(SMALL)["changed"]


def test_check_mode_predicts_and_writes_nothing(bring: Callable[..., Any], tmp_path: Path) -> None:
    write(tmp_path, "org--small")
    result = bring(SMALL, check=True)
    assert result["changed"]
    assert set(result["diff"]["after"]) == {"small:latest", "tiny:a"}
    assert not (tmp_path / ".ollama").exists()


def test_what_is_not_there_is_named(bring: Callable[..., Any], tmp_path: Path) -> None:
    write(tmp_path, "org--small")
    assert bring(SMALL, OTHER, check=True)["missing"] == ["org/other"]


def test_what_nothing_names_any_more_goes(bring: Callable[..., Any], tmp_path: Path) -> None:
    write(tmp_path, "org--small")
    weights = write(tmp_path, "org--other", 2)
    bring(SMALL, OTHER)
    (tmp_path / ".ollama/blobs/sha256-stranger").write_text("x")
    assert bring(OTHER)["changed"]
    assert files(tmp_path, "manifests") == {"registry.ollama.ai/org/other/latest"}
    assert f"sha256-{manifests.digest(weights)}" in files(tmp_path, "blobs")
    assert len(files(tmp_path, "blobs")) == 2
    assert (tmp_path / "org--small/m.gguf").exists()


@pytest.mark.parametrize("seed", [pytest.param(1, id="the same content again"), pytest.param(7, id="another revision")])
def test_new_files_of_a_model_take_the_place_of_the_old_ones(
    bring: Callable[..., Any], tmp_path: Path, seed: int
) -> None:
    write(tmp_path, "org--small")
    bring(SMALL)
    (tmp_path / "org--small/m.gguf").rename(tmp_path / "before")
    weights = write(tmp_path, "org--small", seed)
    assert bring(SMALL)["changed"]
    assert (tmp_path / f".ollama/blobs/sha256-{manifests.digest(weights)}").samefile(weights)
    assert (tmp_path / "before").stat().st_nlink == 1


def test_what_changes_is_let_go_of_first(
    bring: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[str, str, Any]] = []
    place = tmp_path / ".ollama/manifests/registry.ollama.ai/library/small/latest"

    def ask(method: str, path: str, body: Any = None) -> Any:
        asked.append((method, path, body))
        seen.append(place.read_text())
        return {"models": [{"name": name, "size": 1, "size_vram": 1} for name in ("small:latest", "org/other:latest")]}

    seen: list[str] = []
    monkeypatch.setattr(client, "asker", lambda _url: ask)
    write(tmp_path, "org--small")
    write(tmp_path, "org--other", 2)
    bring(SMALL, OTHER)
    before = place.read_text()
    bring({**SMALL, "context": 256}, OTHER, url="http://x:1")
    unload = {"model": "small:latest", "keep_alive": 0, "stream": False}
    assert asked == [("GET", "/api/ps", None), ("POST", "/api/generate", unload)]
    assert set(seen) == {before}
    assert place.read_text() != before


def test_where_nobody_answers_nothing_is_let_go_of(bring: Callable[..., Any], tmp_path: Path) -> None:
    write(tmp_path, "org--small")
    bring(SMALL)
    assert bring(url="http://127.0.0.1:9")["changed"]
    assert files(tmp_path, "manifests") == set()


def test_a_model_in_several_files_is_refused(
    bring: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gguf, "parts", lambda _path: 3)
    write(tmp_path, "org--small")
    assert bring(SMALL)["msg"] == (
        "org--small is in 3 files, which Ollama would join to a second copy; name a file that is whole, or take the"
        " backend llama_cpp."
    )


def test_a_link_in_place_of_weights_is_refused(bring: Callable[..., Any], tmp_path: Path) -> None:
    weights = write(tmp_path, "org--small")
    weights.rename(tmp_path / "elsewhere")
    weights.symlink_to(tmp_path / "elsewhere")
    assert bring(SMALL)["msg"] == f"{weights} is not a regular file: remove it."


def test_removal_keeps_models(bring: Callable[..., Any], tmp_path: Path) -> None:
    weights = write(tmp_path, "org--small")
    bring(SMALL)
    assert bring(state="absent", check=True)["changed"]
    assert bring(state="absent")["changed"]
    assert not bring(state="absent")["changed"]
    assert weights.exists()
    assert not (tmp_path / ".ollama").exists()
