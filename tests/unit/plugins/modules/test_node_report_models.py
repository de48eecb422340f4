# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The line about the files of a model: what the manifest has is there, of the revision that the table names."""

from __future__ import annotations

import json

import pytest
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._models import manifest, mount

REVISION = "9217f5db79a29953eb74d5343926648285ec7e67"
OTHER = "1" * 40
FILES = {"config.json": b"{}", "sub/model.safetensors": b"x" * 2048}


@pytest.fixture
def store(tmp_path):
    """Return a models directory with one complete model."""
    folder = tmp_path / "org--m"
    for name, content in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    files = tuple(manifest.File(name, len(content), "0" * 64) for name, content in FILES.items())
    source = {"repository": "org/m", "files": []}
    manifest.write(tmp_path, manifest.Manifest("org--m", source, REVISION, files))
    return tmp_path


def measured(run_module, store, **arguments):
    check = {
        "check": "model_files",
        "capability": "model_files",
        "model": "qwen",
        "directory": str(store),
        "state_directory": str(store),
    }
    (line,) = run_module("node_report", {"checks": [{**check, "folder": "org--m", **arguments}]}, [])["lines"]
    return line


@pytest.mark.parametrize("revision", [pytest.param(REVISION, id="a commit"), pytest.param(None, id="no commit to ask")])
def test_a_complete_model(run_module, store, revision):
    assert measured(run_module, store, revision=revision) == {
        "capability": "model_files",
        "title": "files of qwen",
        "ok": True,
        "measured": "2 files, 2050 bytes, revision 9217f5db79a2",
        "expected": "all files of revision 9217f5db79a2" if revision else "all files",
        "advice": "",
        "check": "model_files",
        "model": "qwen",
        "values": {"bytes": 2050, "revision": REVISION},
    }


def test_a_model_of_another_revision(run_module, store):
    line = measured(run_module, store, revision=OTHER)
    assert (line["ok"], line["expected"]) == (False, "all files of revision 111111111111")
    assert line["values"]["revision"] == REVISION


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        pytest.param(lambda store: (store / "org--m/config.json").unlink(), "config.json", id="a file is gone"),
        pytest.param(
            lambda store: (store / "org--m/sub/model.safetensors").write_bytes(b"x"), "model.safetensors", id="short"
        ),
        pytest.param(lambda store: (store / "org--m/._config.json").touch(), "._config.json", id="a file beside it"),
        pytest.param(
            lambda store: [path.unlink() for path in (store / "org--m").rglob("*") if path.is_file()],
            "(and 1 more)",
            id="all files",
        ),
        pytest.param(
            lambda store: (store / ".manifests/org--m.json").unlink(), "no complete model in", id="never completed"
        ),
        pytest.param(
            lambda store: (store / ".manifests/org--m.json").write_text("{"), "no complete model in", id="damaged"
        ),
    ],
)
def test_a_model_that_is_not_whole(run_module, store, damage, said):
    damage(store)
    line = measured(run_module, store, revision=REVISION)
    assert not line["ok"]
    assert said in line["measured"]


def test_a_disk_that_is_away_is_told_from_a_model_that_is_missing(run_module, store):
    memory = {"directory": str(store), "point": "/mnt/models", "device": "/dev/sdb1", "marker": "x"}
    (store / mount.MEMORY).write_text(json.dumps(memory))
    line = measured(run_module, store)
    assert (line["ok"], line["measured"]) == (False, "its disk is not mounted")
    assert "lies on the disk /dev/sdb1, which is not mounted at /mnt/models now: attach and mount it" in line["advice"]
