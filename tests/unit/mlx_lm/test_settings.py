# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What the service is told, and which revision of the model is there whole."""

from __future__ import annotations

import json

import pytest


@pytest.fixture
def host(front, tmp_path):
    """A host with a model."""
    (tmp_path / "models/tiny").mkdir(parents=True)
    (tmp_path / "models/.manifests").mkdir()
    (tmp_path / "models/tiny/model.safetensors").write_bytes(b"12345")
    manifest = {"revision": "abc", "bytes": 5, "files": [{"path": "model.safetensors", "size": 5, "sha256": ""}]}
    (tmp_path / "models/.manifests/tiny.json").write_text(json.dumps(manifest))
    told = {"host": "::1", "port": 1, "name": "qwen", "aliases": ["small"], "folder": "tiny", "home": "/home"}
    (tmp_path / "front.json").write_text(json.dumps({**told, "models_directory": str(tmp_path / "models")}))
    return front("settings").read(tmp_path / "front.json")


def test_reads_what_it_is_told(host):
    assert (host.names, host.parallel, host.api_key()) == (["qwen", "small"], 1, None)


def test_a_whole_model_is_wanted(front, host, tmp_path):
    found = front("settings").wanted(host)
    assert (found.name, found.path, found.size) == ("abc", str(tmp_path / "models/tiny"), 5)


@pytest.mark.parametrize(
    "damage",
    [
        lambda place: (place / "tiny/model.safetensors").write_bytes(b"1234"),
        lambda place: (place / "tiny/model.safetensors").unlink(),
        lambda place: (place / ".manifests/tiny.json").unlink(),
        lambda place: (place / ".manifests/tiny.json").write_text("{"),
        lambda place: (place / ".manifests/tiny.json").write_text("[]"),
    ],
    ids=["short", "missing", "no manifest", "half a manifest", "no manifest at all"],
)
def test_one_that_is_not_whole_is_not(front, host, tmp_path, damage):
    damage(tmp_path / "models")
    assert front("settings").wanted(host) is None


def test_the_one_before_is_known_while_its_files_are_there(front, host, tmp_path):
    assert front("settings").before(host) is None
    (tmp_path / "models/.previous/tiny").mkdir(parents=True)
    assert front("settings").before(host) is None
    (tmp_path / "models/.previous/tiny/config.json").write_text("{}")
    assert front("settings").before(host) == front("settings").Revision(
        "previous", str(tmp_path / "models/.previous/tiny"), 2
    )
