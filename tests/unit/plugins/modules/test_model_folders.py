# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""model_folders: what a host has of models, and what is moved or removed."""

from __future__ import annotations

import hashlib
import os
import platform
import sys

import pytest
from ansible_collections.hybrid_ai.cluster.plugins.module_utils import _model_folders
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._models import manifest as manifests
from ansible_collections.hybrid_ai.cluster.plugins.modules import model_folders

FOLDER = "org--model"
REVISION = "a" * 40
ME = (os.getuid(), os.getgid())


def store(models, folder=FOLDER, files=None):
    listed = []
    for name, content in (files or {"a.bin": b"abc"}).items():
        path = models / folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        listed.append(manifests.File(name, len(content), hashlib.sha256(content).hexdigest()))
    manifest = manifests.Manifest(folder, {}, REVISION, tuple(listed))
    manifests.write(models, manifest)
    return manifest


@pytest.fixture
def models(host_files, monkeypatch):
    monkeypatch.setattr(model_folders, "owner_of", lambda name: ME)
    monkeypatch.setattr(model_folders, "disk_steps", lambda params, owner: [])
    made = host_files / "models"
    made.mkdir()
    return made


def run(run_module, models, *, check=False, **options):
    arguments = {"directory": str(models), "state_directory": str(models.parent / "state"), **options}
    return run_module("model_folders", arguments, check=check, system="Linux", uid=1)


def test_a_whole_folder_is_told_with_its_revision(run_module, models):
    manifest = store(models)
    result = run(run_module, models, wanted=[FOLDER, "org--other"], manifests=True)
    assert (result["changed"], result["steps"], result["faults"], result["kept"]) == (False, [], {}, [])
    assert result["found"] == {FOLDER: {"revision": REVISION, "digest": _model_folders.digest(manifest)}}
    assert result["manifests"] == {FOLDER: manifest.as_dict()}


def test_a_folder_that_is_not_whole_is_not_found(run_module, models):
    store(models)
    (models / FOLDER / "a.bin").write_bytes(b"ab")
    result = run(run_module, models, wanted=[FOLDER])
    assert result["found"] == {}
    assert result["faults"] == {FOLDER: ["a.bin of org--model has 2 bytes and should have 3 bytes."]}


@pytest.mark.parametrize(("compare", "found"), [(False, [FOLDER]), (True, [])])
def test_bytes_are_compared_where_that_is_asked_for(run_module, models, compare, found):
    store(models)
    (models / FOLDER / "a.bin").write_bytes(b"xyz")
    assert list(run(run_module, models, wanted=[FOLDER], compare=compare)["found"]) == found


def test_other_files_of_the_same_commit_have_another_digest(models):
    first = store(models)
    assert _model_folders.digest(first) != _model_folders.digest(store(models, files={"a.bin": b"abc", "b": b""}))


@pytest.mark.parametrize(("check", "state"), [(False, "present"), (True, "present"), (False, "read")])
def test_strangers_are_moved_and_what_is_absent_removed(run_module, models, check, state):
    store(models)
    store(models, "org--old")
    (models / FOLDER / "._a.bin").write_bytes(b"")
    options = {"wanted": [FOLDER], "absent": ["org--old"], "state": state}
    result = run(run_module, models, check=check, **options)
    assert result["steps"] == [f"move ._a.bin out of {FOLDER}", "remove org--old"]
    assert result["changed"] is (state == "present")
    applied = state == "present" and not check
    assert (models / "org--old").exists() is not applied
    assert (models / ".aside" / FOLDER / "._a.bin").exists() is applied
    if applied:
        assert run(run_module, models, **options)["changed"] is False


def test_what_nobody_names_is_told_and_stays(run_module, models):
    store(models)
    store(models, "org--forgotten")
    result = run(run_module, models, wanted=[FOLDER])
    assert result["kept"] == [{"folder": "org--forgotten", "bytes": 3}]
    assert (models / "org--forgotten/a.bin").exists()


def test_a_model_that_is_wanted_under_another_name_is_not_removed(run_module, models):
    store(models)
    assert run(run_module, models, wanted=[FOLDER], absent=[FOLDER])["steps"] == []


@pytest.mark.parametrize(
    ("system", "machine", "macos", "python", "reason"),
    [
        pytest.param("Linux", "x86_64", "", (3, 11), "", id="Debian 12"),
        pytest.param("Linux", "aarch64", "", (3, 13), "", id="Debian 13 on arm64"),
        pytest.param("Darwin", "arm64", "14.0", (3, 12), "", id="macOS 14"),
        pytest.param("Darwin", "arm64", "", (3, 12), "", id="a macOS that does not say"),
        pytest.param(
            "Darwin",
            "arm64",
            "13.7.1",
            (3, 12),
            "there is no libtorrent for macOS 13.7.1, only for 14 and later",
            id="macOS 13",
        ),
        pytest.param("Darwin", "x86_64", "15.0", (3, 12), "there is no libtorrent for x86_64", id="a Mac with Intel"),
        pytest.param("Linux", "riscv64", "", (3, 12), "there is no libtorrent for riscv64", id="another machine"),
        pytest.param(
            "Linux",
            "x86_64",
            "",
            (3, 9),
            "there is no libtorrent for Python 3.9, only for 3.11 to 3.13",
            id="Debian 11",
        ),
        pytest.param(
            "Linux",
            "x86_64",
            "",
            (3, 14),
            "there is no libtorrent for Python 3.14, only for 3.11 to 3.13",
            id="a Python that is too new",
        ),
    ],
)
def test_it_is_known_where_libtorrent_does_not_run(  # noqa: PLR0917 - what a host is
    monkeypatch, system, machine, macos, python, reason
):
    monkeypatch.setattr(platform, "system", lambda: system)
    monkeypatch.setattr(platform, "machine", lambda: machine)
    monkeypatch.setattr(platform, "mac_ver", lambda: (macos, ("", "", ""), machine))
    monkeypatch.setattr(sys, "version_info", (*python, 1, "final", 0))
    assert _model_folders.why_plain() == reason
