# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Which file of a model is loaded, and what becomes of a revision that does not answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._models import manifest as manifests

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

DIGITS = "0" * 64


def write(models: Path, *names: str, folder: str = "org--small", revision: str = "r1") -> None:
    for name in names:
        path = models / folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"12")
    files = tuple(manifests.File(name, 2, DIGITS) for name in names)
    manifests.write(models, manifests.Manifest(folder, {"path": "/x"}, revision, files))


@pytest.fixture
def read(run_module: Callable[..., dict[str, Any]], tmp_path: Path) -> Callable[..., dict[str, Any]]:
    def run() -> dict[str, Any]:
        models = [{"name": "small", "folder": "org--small", "parallel": 2}]
        return run_module("llama_cpp_models", {"models_directory": str(tmp_path), "models": models}, check=True)

    return run


@pytest.mark.parametrize(
    ("names", "path", "projector"),
    [
        (["m-q4.gguf"], "m-q4.gguf", None),
        (["README.md", "sub/M.GGUF", "config.json"], "sub/M.GGUF", None),
        (["m-00002-of-00003.gguf", "m-00001-of-00003.gguf", "m-00003-of-00003.gguf"], "m-00001-of-00003.gguf", None),
        (["m.gguf", "mmproj-F16.gguf"], "m.gguf", "mmproj-F16.gguf"),
        # Which of them is meant nobody knows.
        (["m.gguf", "mmproj-F16.gguf", "mmproj-Q8.gguf"], "m.gguf", None),
    ],
)
def test_the_file_to_load(
    tmp_path: Path, read: Callable[..., dict[str, Any]], names: list[str], path: str, projector: str | None
) -> None:
    write(tmp_path, *names)
    place = tmp_path / "org--small"
    assert read()["models"] == [
        {
            "name": "small",
            "folder": "org--small",
            "parallel": 2,
            "path": str(place / path),
            "projector": str(place / projector) if projector else None,
            "revision": "r1",
            "bytes": 2 * len(names),
        }
    ]


@pytest.mark.parametrize(
    ("names", "sentence"),
    [
        (["config.json"], "org--small has no GGUF file with a model in it; name one in files."),
        (["mmproj.gguf"], "org--small has no GGUF file with a model in it; name one in files."),
        (["m-00002-of-00002.gguf"], "org--small has no GGUF file with a model in it; name one in files."),
        (["a.gguf", "b.gguf"], "org--small has 2 models, a.gguf and b.gguf; name one of them in files."),
    ],
)
def test_what_cannot_be_loaded_is_a_sentence(
    tmp_path: Path, read: Callable[..., dict[str, Any]], names: list[str], sentence: str
) -> None:
    write(tmp_path, *names)
    assert read()["msg"] == sentence


def test_a_path_that_llama_cpp_cannot_read_is_a_sentence(tmp_path: Path, read: Callable[..., dict[str, Any]]) -> None:
    write(tmp_path, "a#b.gguf")
    assert "has a ; or # in it, which llama.cpp cannot read" in read()["msg"]


def test_a_model_that_is_not_there_is_missing(read: Callable[..., dict[str, Any]]) -> None:
    result = read()
    assert (result["models"], result["missing"]) == ([], ["small"])


@pytest.fixture
def with_previous(tmp_path: Path) -> Path:
    """Have a new revision in place, and the one before beside it."""
    write(tmp_path, "m.gguf", revision="r1")
    previous = tmp_path / ".previous"
    previous.mkdir()
    (tmp_path / "org--small").rename(previous / "org--small")
    manifests.path_of(tmp_path, "org--small").rename(previous / "org--small.json")
    write(tmp_path, "m.gguf", revision="r2")
    return tmp_path


def act(run_module: Callable[..., dict[str, Any]], models: Path, action: str, *, check: bool = False) -> dict[str, Any]:
    options = {"models_directory": str(models), "folders": ["org--small", "org--other"], "action": action}
    return run_module("model_folder", options, check=check)


def revision(models: Path) -> str | None:
    found = manifests.read(models, "org--small")
    return found.revision if found else None


@pytest.mark.parametrize(("action", "kept"), [("commit", "r2"), ("rollback", "r1")])
def test_a_revision_is_kept_or_taken_back(
    with_previous: Path, run_module: Callable[..., dict[str, Any]], action: str, kept: str
) -> None:
    predicted = act(run_module, with_previous, action, check=True)
    assert (predicted["changed"], revision(with_previous)) == (True, "r2")
    result = act(run_module, with_previous, action)
    assert (result["changed"], result["folders"]) == (True, ["org--small"])
    assert revision(with_previous) == kept
    assert not (with_previous / ".previous/org--small").exists()
    again = act(run_module, with_previous, action)
    assert (again["changed"], again["folders"]) == (False, [])
