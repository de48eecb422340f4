# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""file_tree: real files in a temporary directory, and a checker that is played."""

from __future__ import annotations

import os

import pytest

from tests.unit.plugins.harness import call

GROUP = os.getegid()
FILES = {"main.yml": "a: 1\n", "rules/one.yml": "b: 2\n"}
CHECKER = ["/usr/bin/promtool", "check", "config", "%s/main.yml"]


@pytest.fixture(autouse=True)
def own_group(monkeypatch):
    """Files of a test belong to whoever runs it."""
    monkeypatch.setattr("os.geteuid", os.getuid)
    monkeypatch.setattr("os.chown", lambda *_arguments: None)


def arguments(path, **more):
    return {"path": str(path), "files": FILES, **more}


def content(path):
    return {str(file.relative_to(path)): file.read_text() for file in path.rglob("*") if file.is_file()}


def checked(path, **result):
    return call([*CHECKER[:3], f"{path.parent}/.{path.name}.new/main.yml"], **result)


@pytest.mark.parametrize(
    "before",
    [None, {"main.yml": "old\n"}, {**FILES, "stale.yml": "gone\n"}],
    ids=["missing", "other content", "a file too many"],
)
def test_writes_exactly_the_files(run_module, tmp_path, before):
    path = tmp_path / "etc"
    for name, text in (before or {}).items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_text(text)
    result = run_module("file_tree", arguments(path, validate=CHECKER), [checked(path)])
    assert result["changed"]
    assert content(path) == FILES
    assert [entry.name for entry in tmp_path.iterdir()] == ["etc"]


def test_second_run_changes_nothing_and_asks_no_checker(run_module, tmp_path):
    path = tmp_path / "etc"
    first = run_module("file_tree", arguments(path))
    second = run_module("file_tree", arguments(path, validate=CHECKER))
    assert not second["changed"]
    assert first["digest"] == second["digest"]


def test_a_wrong_mode_is_a_change(run_module, tmp_path):
    path = tmp_path / "etc"
    run_module("file_tree", arguments(path))
    (path / "main.yml").chmod(0o666)
    assert run_module("file_tree", arguments(path))["changed"]
    assert (path / "main.yml").stat().st_mode & 0o777 == 0o644


def test_check_mode_predicts_the_digest_and_writes_nothing(run_module, tmp_path):
    path = tmp_path / "etc"
    predicted = run_module("file_tree", arguments(path), check=True)
    assert predicted["changed"]
    assert not path.exists()
    assert run_module("file_tree", arguments(path))["digest"] == predicted["digest"]


def test_what_the_checker_refuses_replaces_nothing(run_module, tmp_path):
    path = tmp_path / "etc"
    path.mkdir()
    (path / "main.yml").write_text("working\n")
    refused = checked(path, rc=1, err=f"{tmp_path}/.etc.new/main.yml: line 1: not a rule")
    result = run_module("file_tree", arguments(path, validate=CHECKER), [refused])
    assert result["failed"]
    assert result["msg"] == (
        f"promtool refuses the new files for {path}, and nothing was replaced: {path}/main.yml: line 1: not a rule"
    )
    assert content(path) == {"main.yml": "working\n"}
    assert [entry.name for entry in tmp_path.iterdir()] == ["etc"]


@pytest.mark.parametrize(
    ("action", "left"),
    [("rollback", {"main.yml": "working\n"}), ("commit", FILES)],
)
def test_the_state_before_is_kept_until_it_is_settled(run_module, tmp_path, action, left):
    path = tmp_path / "etc"
    run_module("file_tree", {"path": str(path), "files": {"main.yml": "working\n"}})
    run_module("file_tree", arguments(path, keep_previous=True))
    assert run_module("file_tree", {"path": str(path), "action": action})["changed"]
    assert content(path) == left
    assert not run_module("file_tree", {"path": str(path), "action": action})["changed"]


def test_secrets_are_not_shown(run_module, tmp_path):
    result = run_module("file_tree", arguments(tmp_path / "etc", sensitive=True), diff=True)
    assert "diff" not in result


@pytest.mark.parametrize("name", ["../outside", "/outside", "a/../b"])
def test_a_name_outside_is_refused(run_module, tmp_path, name):
    result = run_module("file_tree", {"path": str(tmp_path / "etc"), "files": {name: "x"}})
    assert result["failed"]
    assert "is no name inside a directory" in result["msg"]


def test_absent(run_module, tmp_path):
    path = tmp_path / "etc"
    run_module("file_tree", arguments(path))
    assert run_module("file_tree", {"path": str(path), "state": "absent"})["changed"]
    assert not path.exists()
    assert not run_module("file_tree", {"path": str(path), "state": "absent"})["changed"]


def test_a_group_that_is_missing_is_a_sentence(run_module, tmp_path):
    result = run_module("file_tree", arguments(tmp_path / "etc", group="_nobody_at_all"))
    assert result["msg"] == "There is no group _nobody_at_all on this host; create it first."
