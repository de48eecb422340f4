# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""service_paths: what belongs to the user of a service."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.hybrid_ai.cluster.plugins.module_utils import _no_follow
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._service import account

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Run = Callable[..., dict[str, Any]]

pytestmark = pytest.mark.skipif(os.getuid() != 0, reason="only root can give files to somebody")
USER = 12345
FCHOWN = os.fchown
WANTED = {"owner": "_exo", "directories": ["/opt/exo", "/opt/exo/models"], "files": ["/log/exo.log"]}
ALL = [*WANTED["directories"], *WANTED["files"]]


@pytest.fixture(autouse=True)
def user(monkeypatch: pytest.MonkeyPatch, host_files: Path) -> None:
    """Have the user, and really give it what is given to it."""
    monkeypatch.setattr(os, "fchown", FCHOWN)
    monkeypatch.setattr(account, "numbers", lambda name: (USER, USER) if name == "_exo" else None)
    (host_files / "log").mkdir()


def found(root: Path) -> dict[str, tuple[int, str]]:
    paths = {path: (root / path.lstrip("/")).lstat() for path in ALL}
    return {path: (status.st_uid, oct(status.st_mode & 0o7777)) for path, status in paths.items()}


RIGHT = {"/opt/exo": (USER, "0o750"), "/opt/exo/models": (USER, "0o750"), "/log/exo.log": (USER, "0o640")}


def test_makes_what_is_missing_and_gives_it_to_the_user(run_module: Run, host_files: Path) -> None:
    predicted = run_module("service_paths", WANTED, check=True)
    assert (predicted["changed"], predicted["paths"]) == (True, ALL)
    assert not (host_files / "opt").exists()
    assert run_module("service_paths", WANTED)["paths"] == ALL
    assert found(host_files) == RIGHT
    assert (host_files / "opt").lstat().st_uid == 0
    assert not run_module("service_paths", WANTED)["changed"]


def test_another_group_may_use_what_is_made_in_the_directories(
    run_module: Run, host_files: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = {"_exo": (USER, USER)}
    monkeypatch.setattr(account, "numbers", known.get)
    shared = {**WANTED, "group": "_readers"}
    assert run_module("service_paths", shared, check=True)["paths"] == ALL
    assert "There is no user and group _readers on this host" in run_module("service_paths", shared)["msg"]
    known["_readers"] = (7, 8)
    assert run_module("service_paths", shared)["changed"]
    assert not run_module("service_paths", shared)["changed"]
    given = {path: (host_files / path.lstrip("/")).lstat() for path in ALL}
    groups = {path: (status.st_gid, oct(status.st_mode & 0o7777)) for path, status in given.items()}
    assert groups == {**dict.fromkeys(WANTED["directories"], (8, "0o2750")), "/log/exo.log": (USER, "0o640")}


@pytest.mark.parametrize("path", ALL)
@pytest.mark.parametrize("broken", ["mode", "owner"])
def test_another_mode_or_owner_is_a_change(run_module: Run, host_files: Path, path: str, broken: str) -> None:
    run_module("service_paths", WANTED)
    place = host_files / path.lstrip("/")
    place.chmod(0o777) if broken == "mode" else os.chown(place, 7, 7)
    assert run_module("service_paths", WANTED)["paths"] == [path]
    assert found(host_files) == RIGHT


@pytest.mark.parametrize("check", [False, True], ids=["run", "check mode"])
@pytest.mark.parametrize("path", ["/opt/exo/models", "/log/exo.log"])
def test_a_link_is_a_sentence_and_nothing_is_changed(run_module: Run, host_files: Path, path: str, check: bool) -> None:
    victim = host_files / "victim"
    victim.mkdir(mode=0o700)
    run_module("service_paths", {**WANTED, "directories": ["/opt/exo"], "files": []})
    (host_files / path.lstrip("/")).symlink_to("/victim")
    result = run_module("service_paths", WANTED, check=check)
    assert result["failed"]
    assert f"{path} is a link to /victim" in result["msg"]
    assert "remove the link, or write the real path" in result["msg"]
    assert (victim.lstat().st_uid, victim.lstat().st_mode & 0o777) == (0, 0o700)


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        pytest.param(lambda path: os.link(path.parent / "victim", path), "has a second name", id="second name"),
        pytest.param(lambda path: path.mkdir(), "is not a regular file", id="directory"),
        pytest.param(os.mkfifo, "is not a regular file", id="pipe"),
    ],
)
def test_what_is_no_file_of_its_own_is_left_alone(run_module: Run, host_files: Path, make: Any, sentence: str) -> None:
    (host_files / "log/victim").write_text("root's")
    make(host_files / "log/exo.log")
    assert sentence in run_module("service_paths", WANTED)["msg"]
    assert (host_files / "log/victim").lstat().st_uid == 0


def test_a_file_where_a_directory_should_be(run_module: Run, host_files: Path) -> None:
    (host_files / "opt").mkdir()
    (host_files / "opt/exo").write_text("")
    assert "/opt/exo is not a directory" in run_module("service_paths", WANTED)["msg"]


def test_nobody_to_give_it_to(run_module: Run) -> None:
    missing = {**WANTED, "owner": "_nobody"}
    assert run_module("service_paths", missing, check=True)["changed"]
    assert "no user and group _nobody" in run_module("service_paths", missing)["msg"]


def test_absent_removes_all_but_what_a_link_names(run_module: Run, host_files: Path) -> None:
    run_module("service_paths", WANTED)
    (host_files / "victim").mkdir()
    (host_files / "victim/file").write_text("")
    (host_files / "opt/exo/link").symlink_to(host_files / "victim")
    gone = {**WANTED, "state": "absent"}
    assert run_module("service_paths", gone, check=True)["changed"]
    assert (host_files / "opt/exo").exists()
    assert run_module("service_paths", gone)["changed"]
    assert not (host_files / "opt/exo").exists()
    assert not (host_files / "log/exo.log").exists()
    assert (host_files / "victim/file").exists()
    assert not run_module("service_paths", gone)["changed"]


def tree(root: Path) -> list[str]:
    return sorted(str(path.relative_to(root)) for path in root.rglob("*"))


@pytest.mark.parametrize("through_a_link", [False, True], ids=["by its path", "by a link"])
def test_absent_keeps_what_is_to_be_kept(run_module: Run, host_files: Path, through_a_link: bool) -> None:
    run_module("service_paths", {**WANTED, "directories": [*WANTED["directories"], "/opt/exo/log/old"]})
    (host_files / "opt/exo/models/org--name").mkdir()
    (host_files / "opt/exo/models/org--name/weights").write_text("")
    (host_files / "models").symlink_to(host_files / "opt/exo/models")
    (host_files / "opt/exo/node_id").write_text("")
    kept = "/models" if through_a_link else "/opt/exo/models"
    keep = {**WANTED, "directories": ["/opt/exo", "/opt/exo/models"], "state": "absent", "keep": [kept]}
    predicted = run_module("service_paths", keep, check=True)
    assert (host_files / "opt/exo/log/old").exists()
    assert run_module("service_paths", keep)["paths"] == predicted["paths"] == ["/opt/exo", "/log/exo.log"]
    assert tree(host_files / "opt") == ["exo", "exo/models", "exo/models/org--name", "exo/models/org--name/weights"]
    assert (host_files / "opt/exo/models/org--name/weights").lstat().st_uid == 0
    assert not run_module("service_paths", keep)["changed"]
    told = run_module("service_paths", {**keep, "keep": []})
    assert told["paths"] == ["/opt/exo", "/opt/exo/models"]
    assert tree(host_files / "opt") == []


@pytest.mark.parametrize("keep", ["/opt/exo/models", "/opt/exo/missing"])
def test_absent_keeps_nothing_where_there_is_no_file(run_module: Run, host_files: Path, keep: str) -> None:
    run_module("service_paths", {**WANTED, "directories": [*WANTED["directories"], "/opt/exo/models/caches"]})
    gone = {**WANTED, "state": "absent", "keep": [keep]}
    assert run_module("service_paths", gone, check=True)["changed"]
    assert run_module("service_paths", gone)["changed"]
    assert not (host_files / "opt/exo").exists()


def test_a_folder_in_which_a_disk_is_mounted_is_emptied_and_stays(
    run_module: Run, host_files: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_module("service_paths", WANTED)
    models = host_files / "opt/exo/models"

    def device(directory: int) -> int:
        on_the_disk = {path.stat().st_ino for path in (models, *models.rglob("*"))}
        return 2 if os.fstat(directory).st_ino in on_the_disk else 1

    monkeypatch.setattr(_no_follow, "_device", device)
    (models / "org--name").mkdir()
    (models / "org--name/weights").write_text("x")
    (models / "lost+found").mkdir()
    (host_files / "opt/exo/log").write_text("x")
    gone = {**WANTED, "state": "absent"}
    assert run_module("service_paths", gone, check=True)["changed"]
    assert models.joinpath("org--name/weights").exists()
    assert run_module("service_paths", gone)["changed"]
    assert [path.name for path in models.parent.iterdir()] == ["models"]
    assert [path.name for path in models.iterdir()] == ["lost+found"]
    assert not run_module("service_paths", gone)["changed"]
