# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""A service that was taken over puts links into its own directories; root never follows one of them.

Real files with real owners: nobody but root can make them, and a run manages hosts as root.
"""

from __future__ import annotations

import os
import pwd
import re
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest
from ansible_collections.hybrid_ai.cluster.plugins.module_utils import _adguard_host, _file_tree, _files
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import ClusterError
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._macos import command_line_tools
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._service import account, launchd
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._service.description import Description

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.skipif(os.getuid() != 0, reason="only root can give files to somebody")
THIEF = 12345
SECRET = b"root:$6$secret\n"
HOME = "/opt/hybrid-ai/adguard-home"
FILE = f"{HOME}/work/AdGuardHome.yaml"
LOG = "/var/log/hybrid-ai/meter/meter.log"
FLAG = "/private/tmp/.com.apple.dt.CommandLineTools.installondemand.in-progress"


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A host with a file of root's, a directory of root's, and the user of a service."""
    monkeypatch.setattr(_files, "ROOT", str(tmp_path))
    monkeypatch.setattr(pwd, "getpwnam", lambda _name: SimpleNamespace(pw_uid=THIEF, pw_gid=THIEF))
    (tmp_path / "shadow").write_bytes(SECRET)
    (tmp_path / "shadow").chmod(0o600)
    (tmp_path / "sudoers.d").mkdir(mode=0o700)
    return tmp_path


def owned(root: Path, path: str) -> Path:
    """Make a directory of the service's."""
    place = root / path.lstrip("/")
    place.mkdir(parents=True, exist_ok=True)
    os.chown(place, THIEF, THIEF)
    return place


def victims(root: Path) -> dict[str, object]:
    """Return owner, mode and content of what is root's."""
    shadow, directory = (root / "shadow").lstat(), (root / "sudoers.d").lstat()
    return {
        "shadow": (shadow.st_uid, oct(shadow.st_mode & 0o777), (root / "shadow").read_bytes()),
        "sudoers.d": (
            directory.st_uid,
            oct(directory.st_mode & 0o777),
            [path.name for path in (root / "sudoers.d").iterdir()],
        ),
    }


INTACT = {"shadow": (0, "0o600", SECRET), "sudoers.d": (0, "0o700", [])}


def sentence(deed: Callable[[], object]) -> str:
    """Do it, and return what was said against it."""
    try:
        deed()
    except ClusterError as error:
        return str(error)
    return "nothing was said"


def readable_by_thief(root: Path) -> list[str]:
    """Return the files of the thief's that hold the secret."""
    files = (path for path in root.rglob("*") if path.is_file() and not path.is_symlink())
    return [path.name for path in files if path.lstat().st_uid == THIEF and path.read_bytes() == SECRET]


def test_the_directory_of_adguard_home_is_a_link(root: Path) -> None:
    (owned(root, HOME) / "work").symlink_to(root / "sudoers.d")
    said = sentence(lambda: _adguard_host.Home(FILE, "_adguard").replace("dns: {}\n", {}))
    assert victims(root) == INTACT
    assert re.search(r"adguard-home/work is a link to .*sudoers.d .*write the real path", said)


def test_the_directory_of_adguard_home_becomes_a_link_between_two_steps(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    work = owned(root, HOME) / "work"
    make = _files.make_directory

    def make_then_swap(path: str, *more: object) -> None:
        make(path, *more)
        if path.endswith("/work"):
            work.rename(work.with_name("gone"))
            work.symlink_to(root / "sudoers.d")

    monkeypatch.setattr(_files, "make_directory", make_then_swap)
    said = sentence(lambda: _adguard_host.Home(FILE, "_adguard").replace("dns: {}\n", {}))
    assert victims(root) == INTACT
    assert "is a link" in said


@pytest.mark.parametrize("way", [os.symlink, os.link], ids=["link", "second name"])
def test_the_file_of_adguard_home_is_somebody_elses(root: Path, way: Callable[[Path, Path], None]) -> None:
    work = owned(root, f"{HOME}/work")
    way(root / "shadow", work / "AdGuardHome.yaml")
    home = _adguard_host.Home(FILE, "_adguard")
    said = sentence(home.keep)
    home.restore()
    assert readable_by_thief(root) == []
    assert victims(root) == INTACT
    assert re.search("is a link|has a second name", said)


def test_what_adguard_home_wrote_itself_is_never_put_back_as_what_was_before(root: Path) -> None:
    home = owned(root, HOME)
    (home / "before.json").symlink_to(root / "shadow")
    assert _adguard_host.Home(FILE, "_adguard").restore() is False
    assert _adguard_host.Home(FILE, "_adguard").read()["unfinished"] is False
    assert _adguard_host.Home(FILE, "_adguard").commit() is False


@pytest.mark.parametrize("way", [os.symlink, os.link], ids=["link", "second name"])
def test_the_log_of_a_service_shows_nobody_elses_file(
    root: Path, way: Callable[[Path, Path], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(launchd, "runner_source", lambda: b"")
    owned(root, "/var/log/hybrid-ai/meter")
    way(root / "shadow", root / LOG.lstrip("/"))
    service = launchd.LaunchdService(None, Description("meter", arguments=["/m"]))  # type: ignore[arg-type]
    (words,) = service.last_words()
    assert SECRET.decode().strip() not in words
    assert LOG in words


def test_what_launchd_itself_writes_is_not_in_a_directory_of_the_services(root: Path) -> None:
    service = Description("meter", arguments=["/m"], user="_meter")
    supervisor = launchd.LaunchdService(None, service)  # type: ignore[arg-type]
    supervisor._ids = (THIEF, THIEF)
    supervisor.apply(["make_log_directory"])
    path = root / str(supervisor._plist["StandardErrorPath"]).lstrip("/")
    assert path.parent.lstat().st_uid == 0
    assert path.lstat().st_uid == THIEF


@pytest.mark.parametrize("there", [True, False], ids=["a file", "no file yet"])
def test_the_flag_of_softwareupdate_is_a_link(root: Path, there: bool) -> None:
    (root / "private/tmp").mkdir(parents=True)
    (root / "private/tmp").chmod(0o1777)
    target = root / ("shadow" if there else "sudoers.d/thief")
    (root / FLAG.lstrip("/")).symlink_to(target)
    os.lchown(root / FLAG.lstrip("/"), THIEF, THIEF)
    os.utime(root / "shadow", (1, 1))
    said = sentence(lambda: command_line_tools.install(None, 0, 1))  # type: ignore[arg-type]
    assert victims(root) == INTACT
    assert (root / "shadow").stat().st_mtime == 1
    assert "is a link" in said
    assert (root / FLAG.lstrip("/")).is_symlink()


@pytest.mark.parametrize(
    "deed",
    [
        pytest.param(lambda: _files.write("/srv/deep/thief", b"ALL"), id="write"),
        pytest.param(lambda: _files.make_directory("/srv/deep/thief"), id="make a directory"),
        pytest.param(lambda: _files.link("/srv/deep/thief", "/x"), id="link"),
        pytest.param(lambda: _files.rename("/srv/mine", "/srv/deep/thief"), id="rename into it"),
        pytest.param(lambda: _files.remove("/srv/top/shadow"), id="remove"),
    ],
)
def test_no_deed_goes_over_a_link(root: Path, deed: Callable[[], object]) -> None:
    srv = owned(root, "/srv")
    (srv / "mine").write_text("mine")
    (srv / "deep").symlink_to(root / "sudoers.d")
    (srv / "top").symlink_to(root)
    said = sentence(deed)
    assert (root / "shadow").exists()
    assert victims(root) == INTACT
    assert re.match(r"/srv/(deep|top) is a link to", said)


def test_a_tree_is_removed_and_what_its_links_name_is_not(root: Path) -> None:
    srv = owned(root, "/srv/tree")
    (srv / "inner").mkdir()
    (srv / "inner/link").symlink_to(root / "sudoers.d")
    (srv / "file").symlink_to(root / "shadow")
    _files.remove("/srv/tree")
    assert not srv.exists()
    assert victims(root) == INTACT


def test_a_configuration_that_a_service_could_lead_elsewhere_is_not_written(root: Path) -> None:
    place = owned(root, "/srv")
    with pytest.raises(ClusterError, match=r"which others than root can write to.*choose a path"):
        _file_tree.FileTree(str(place / "etc"), 0o644, 0).write_beside({"a": "b"})
    assert list(place.iterdir()) == []


def test_a_link_in_a_configuration_shows_nobody_elses_file(root: Path) -> None:
    (root / "etc/app").mkdir(parents=True)
    (root / "etc/app/main.yml").symlink_to(root / "shadow")
    shown = _file_tree.FileTree(str(root / "etc/app"), 0o644, 0).read() or {}
    assert SECRET.decode() not in shown.values()
    assert list(shown) == ["main.yml"]


def test_a_directory_of_models_that_root_linked_is_the_services(root: Path) -> None:
    (root / "Volumes/Models").mkdir(parents=True)
    (root / "opt/models").parent.mkdir()
    (root / "opt/models").symlink_to("/Volumes/Models")
    _files.make_directory("/opt/models", 0o750, (THIEF, THIEF))
    assert (root / "Volumes/Models").stat().st_uid == THIEF
    assert account.is_theirs("/opt/models", 0o750, (THIEF, THIEF))
    assert (root / "opt/models").lstat().st_uid == 0
