# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The way to a file, opened name by name."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from ansible_collections.hybrid_ai.cluster.plugins.module_utils import _no_follow
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._no_follow import Place, UnsafePathError, place

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A root with a directory that only root can change, one that everybody can, and one like /tmp."""
    for name, mode in (("safe", 0o755), ("shared", 0o777), ("tmp", 0o1777), ("target", 0o755)):
        (tmp_path / name).mkdir()
        (tmp_path / name).chmod(mode)
    (tmp_path / "target/inner").mkdir()
    return tmp_path


@pytest.mark.parametrize("target", ["/target", "../target", "../safe/../target/inner/.."])
def test_a_link_of_roots_is_followed(root: Path, target: str) -> None:
    (root / "safe/link").symlink_to(target)
    with place(str(root), "/safe/link/inner") as found:
        assert found.path == "/target/inner"
        assert os.path.samestat(os.fstat(found.directory), (root / "target").stat())


def test_the_last_name_is_followed_where_it_is_asked_for(root: Path) -> None:
    (root / "safe/link").symlink_to("/target")
    with place(str(root), "/safe/link") as found:
        assert found.is_link()
    with place(str(root), "/safe/link", follow=True) as found:
        assert found.path == "/target"


@pytest.mark.parametrize("path", ["/shared/link/inner", "/tmp/link/inner", "/shared/link"])
def test_a_link_that_others_could_have_made_is_a_sentence(root: Path, path: str) -> None:
    for name in ("shared", "tmp"):
        (root / name / "link").symlink_to("/target")
    with (
        pytest.raises(UnsafePathError, match=r"^/\w+/link is a link to /target .* write the real path"),
        place(str(root), path, follow=True),
    ):
        pass


def test_links_that_lead_in_a_circle_end(root: Path) -> None:
    (root / "safe/one").symlink_to("two")
    (root / "safe/two").symlink_to("one")
    with pytest.raises(UnsafePathError, match="too many links"), place(str(root), "/safe/one/x"):
        pass


def test_a_link_that_is_put_there_after_the_look_does_not_win(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (root / "shared/work").mkdir()
    look = Place.is_link

    def look_then_swap(found: Place) -> bool:
        answer = look(found)
        if found.name == "work" and not answer and not (root / "shared/gone").exists():
            (root / "shared/work").rename(root / "shared/gone")
            (root / "shared/work").symlink_to("/target")
        return answer

    monkeypatch.setattr(Place, "is_link", look_then_swap)
    with pytest.raises(UnsafePathError, match="/shared/work is a link"), place(str(root), "/shared/work/file"):
        pass


def test_a_directory_that_is_exchanged_later_stays_the_one_that_was_opened(root: Path) -> None:
    (root / "shared/work").mkdir()
    with place(str(root), "/shared/work/file") as found:
        (root / "shared/work").rename(root / "shared/gone")
        (root / "shared/work").symlink_to("/target")
        os.close(os.open(found.name, os.O_CREAT | os.O_WRONLY, dir_fd=found.directory))
    assert (root / "shared/gone/file").exists()
    assert not (root / "target/file").exists()


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("/safe/etc", True),
        ("/safe/not/there/yet", True),
        ("/shared/etc", False),
        ("/shared", True),
        ("/shared/deep/etc", False),
        ("/tmp/etc", False),
        ("/tmp/mine/etc", True),
        ("/safe/link/etc", False),
    ],
)
def test_only_root_can_change_the_way(root: Path, path: str, allowed: bool) -> None:
    (root / "tmp/mine").mkdir()
    (root / "safe/link").symlink_to("/shared")
    if allowed:
        _no_follow.refuse_shared(str(root), path)
    else:
        with pytest.raises(UnsafePathError, match="which others than root can write to"):
            _no_follow.refuse_shared(str(root), path)


def test_a_pipe_is_no_file_and_nobody_waits_for_it(root: Path) -> None:
    os.mkfifo(root / "safe/pipe")
    with place(str(root), "/safe/pipe") as found, pytest.raises(UnsafePathError, match="not a regular file"):
        found.open_file()
