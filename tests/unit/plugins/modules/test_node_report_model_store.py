# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The line about the store of models."""

from __future__ import annotations

import json

import pytest
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._models import manifest, mount

from tests.unit.plugins.model_files import sha256, write

ONE, TWO = "1" * 40, "2" * 40


@pytest.fixture
def line(run_module, tmp_path, monkeypatch):
    """Measure a store that holds one model at a commit."""
    monkeypatch.setattr(mount, "find", lambda directory: None)
    write(tmp_path / "models/org--m", {"a.gguf": b"gguf"})
    files = (manifest.File("a.gguf", 4, sha256(b"gguf")),)
    manifest.write(tmp_path / "models", manifest.Manifest("org--m", {"repository": "org/m"}, ONE, files))

    def measure(*folders):
        check = {"check": "model_store", "directory": str(tmp_path / "models"), "state_directory": str(tmp_path)}
        wanted = [{"folder": folder, "revision": revision} for folder, revision in folders]
        (found,) = run_module("node_report", {"checks": [{**check, "folders": wanted}]})["lines"]
        return found

    measure.place = tmp_path
    return measure


def test_a_store_with_everything(line):
    found = line(("org--m", ONE))
    assert (found["ok"], found["expected"], found["advice"]) == (True, "1 complete", "")
    assert found["measured"].startswith("org--m 4 bytes; ")
    assert found["measured"].endswith(" free")
    assert line(("org--m", None))["ok"]


def test_what_is_not_as_wanted(line):
    assert line(("org--m", TWO))["measured"] == f"org--m is at {ONE[:12]}"
    assert line(("org--m", ONE), ("org--n", None))["measured"] == "org--n is not complete"
    write(line.place / "models/org--m", {"a.gguf": b"gg", "b": b"x"})
    found = line(("org--m", ONE))
    assert found["measured"] == "a.gguf of org--m has 2 bytes and should have 4 bytes"
    assert found["advice"] == "Run site.yml with --tags models."


def test_a_disk_that_is_away(line):
    memory = {"directory": str(line.place / "models"), "point": "/mnt/models", "device": "/dev/sdb1", "marker": "x"}
    (line.place / mount.MEMORY).write_text(json.dumps(memory))
    found = line(("org--m", ONE))
    assert (found["ok"], found["measured"]) == (False, "its disk is not mounted")
    assert "attach and mount it" in found["advice"]
