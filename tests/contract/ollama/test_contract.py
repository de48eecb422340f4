# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What the role, the report and the tests rely on, on the stand-in and on the real program alike."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

import pytest
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._models import answer
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._ollama import client, names

from tests.contract.ollama import conftest

A = {"folder": "tiny--a", "names": ["tiny:a", "small"], "context": 128}
B = {"folder": "tiny-b", "names": ["lab/tiny-b"], "context": None}
computes = pytest.mark.skipif(
    bool(conftest.REAL) and not Path(conftest.REAL or "").parent.with_name("lib").exists(),
    reason="this program has no llama-server beside it",
)


@pytest.fixture
def running(ollama):
    ollama.plan = ollama.give(A, B)
    ollama.start()
    return ollama


def test_it_says_that_it_runs(running):
    assert running.ask("GET", "/") == (200, "Ollama is running")
    assert set(running.ask("GET", "/api/version")[1]) == {"version"}


def test_every_name_is_listed_with_the_manifest_that_was_written(running):
    """The list shows digests of manifests as they lie in the store, so that what is served is seen."""
    listed = {model["name"]: model["digest"] for model in running.ask("GET", "/api/tags")[1]["models"]}
    assert listed == {
        names.shown(place): hashlib.sha256(text).hexdigest() for place, text in running.plan.manifests.items()
    }
    assert set(listed) == {"tiny:a", "small:latest", "lab/tiny-b:latest"}


def test_the_store_is_read_anew(running):
    running.give(A)
    assert {model["name"] for model in running.ask("GET", "/api/tags")[1]["models"]} == {"tiny:a", "small:latest"}


def test_a_store_that_others_cannot_write_to_is_enough(running):
    """Nothing in it is written at the start, and it ends when it is told to."""
    before = sorted(Path(running.store).rglob("*"))
    assert running.stop() in {0, -15}
    assert sorted(Path(running.store).rglob("*")) == before


def test_weights_are_the_file_itself(running):
    _, shown = running.ask("POST", "/api/show", {"model": "small"})
    (weights,) = [line.removeprefix("FROM ") for line in shown["modelfile"].splitlines() if line.startswith("FROM /")]
    assert Path(weights).samefile(running.models / "tiny--a/tiny--a-F32.gguf")
    assert shown["parameters"].split() == ["num_ctx", "128"]
    assert shown["details"]["family"] == "llama"


@pytest.mark.parametrize("path", ["/api/generate", "/v1/chat/completions"])
def test_an_unknown_model_is_said_to_be_unknown(running, path):
    body = {"model": "nobody", "prompt": "Hi", "messages": [{"role": "user", "content": "Hi"}], "stream": False}
    status, document = running.ask("POST", path, body)
    error = document["error"]
    assert (status, "not found" in (error if isinstance(error, str) else error["message"])) == (404, True)


@computes
@pytest.mark.parametrize("name", ["tiny:a", "small", "lab/tiny-b"])
def test_a_model_answers_by_each_name(running, name):
    asked = answer.ask(f"http://127.0.0.1:{running.port}", name, timeout=120)
    assert asked.answered, asked.sentence
    assert asked.served_as == name


@computes
def test_what_is_loaded_says_where(running):
    ask = client.asker(f"http://127.0.0.1:{running.port}")
    assert client.loaded(ask) == []
    answer.ask(f"http://127.0.0.1:{running.port}", "small", timeout=120)
    (loaded,) = client.loaded(ask)
    assert loaded.name == "small:latest"
    assert 0 <= loaded.on_card <= loaded.size
    assert client.let_go(ask, ["tiny:a", "small:latest"]) == ["small:latest"]
    assert client.loaded(ask) == []


def test_a_store_in_another_place_is_empty(ollama):
    shutil.rmtree(ollama.models / ".ollama", ignore_errors=True)
    ollama.start()
    assert ollama.ask("GET", "/api/tags") == (200, {"models": []})
    assert ollama.ask("GET", "/api/ps") == (200, {"models": []})
