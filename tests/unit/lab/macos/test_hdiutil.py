# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""``hdiutil``: images become volumes, and a volume in use does not go."""

from __future__ import annotations

import errno
import fnmatch
import io
import json
import os
import plistlib
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import Any

import pytest

from lab.macos.simulator import mounts

IMAGE = "/Users/admin/Foo.dmg"
BUSY = 'hdiutil: couldn\'t unmount "disk4" - Resource busy\n'


class Table:
    """A mount table without mounts: a bind is a copy."""

    def __init__(self) -> None:
        self.points: list[str] = []
        self.busy = False

    def bind(self, source: str, target: str, *, read_only: bool) -> None:
        assert read_only
        shutil.copytree(source, target, dirs_exist_ok=True, symlinks=True)
        self.points.append(target)

    def unbind(self, target: str, *, force: bool) -> None:
        if self.busy and not force:
            raise OSError(errno.EBUSY, "Device or resource busy")
        shutil.rmtree(target)
        Path(target).mkdir()
        self.points.remove(target)


@pytest.fixture
def table(monkeypatch) -> Table:
    table = Table()
    monkeypatch.setattr(mounts, "bind", table.bind)
    monkeypatch.setattr(mounts, "unbind", table.unbind)
    monkeypatch.setattr(mounts, "mounted", lambda: list(table.points))
    return table


def make_image(path: Path, label: dict[str, Any] | None = None, mode: str = "w") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    files = {"Foo.app/Contents/Info.plist": b"x"}
    if label is not None:
        files = {".volume.json": json.dumps(label).encode(), **files}
    with tarfile.open(path, mode) as archive:  # type: ignore[call-overload]
        for name, data in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
        link = tarfile.TarInfo("Applications")
        link.type, link.linkname = tarfile.SYMTYPE, "/Applications"
        archive.addfile(link)


@pytest.fixture
def image(mac, table):
    """A Mac with an image; the table takes the place of real mounts."""
    make_image(mac.path(IMAGE), {"volume_name": "Foo"})
    return mac


def test_attach_prints_the_plist_of_the_capture(image) -> None:
    result = image.run("hdiutil", "attach", "-plist", "-nobrowse", "-readonly", "-noverify", IMAGE)
    assert (result.rc, result.err) == (0, "")
    scheme, volume = plistlib.loads(result.out.encode())["system-entities"]
    assert scheme == {
        "content-hint": "GUID_partition_scheme",
        "dev-entry": "/dev/disk4",
        "potentially-mountable": False,
        "unmapped-content-hint": "GUID_partition_scheme",
    }
    assert (volume["dev-entry"], volume["mount-point"]) == ("/dev/disk4s1", "/Volumes/Foo")
    assert image.path("/Volumes/Foo/Foo.app/Contents/Info.plist").read_bytes() == b"x"
    assert not image.path("/Volumes/Foo/.volume.json").exists()
    assert image.path("/Volumes/Foo/Applications").is_symlink()


def test_attach_without_plist_is_a_table(image) -> None:
    lines = image.run("hdiutil", "attach", IMAGE).out.splitlines()
    assert [line.split() for line in lines] == [
        ["/dev/disk4", "GUID_partition_scheme"],
        ["/dev/disk4s1", "Apple_HFS", "/Volumes/Foo"],
    ]


def test_a_compressed_image(image) -> None:
    make_image(image.path(IMAGE), {"volume_name": "Foo"}, "w:gz")
    assert image.run("hdiutil", "attach", IMAGE).rc == 0


def test_the_same_image_twice_is_one_disk(image) -> None:
    first = image.run("hdiutil", "attach", "-plist", IMAGE).out
    assert image.run("hdiutil", "attach", "-plist", IMAGE).out == first


def test_two_volumes_of_one_name(image) -> None:
    make_image(image.path("/tmp/other.dmg"), {"volume_name": "Foo"})
    image.run("hdiutil", "attach", IMAGE)
    assert "/dev/disk5s1" in image.run("hdiutil", "attach", "/tmp/other.dmg").out
    assert image.path("/Volumes/Foo 1/Foo.app").is_dir()


@pytest.mark.parametrize("name", ["disk4", "/dev/disk4", "/dev/disk4s1", "/Volumes/Foo"])
def test_detach_by_any_name(image, name) -> None:
    image.run("hdiutil", "attach", IMAGE)
    result = image.run("hdiutil", "detach", name)
    assert (result.rc, result.out, result.err) == (0, '"disk4" ejected.\n', "")
    assert not image.path("/Volumes/Foo").exists()
    assert not list((image.directory / "images").iterdir())


def test_the_directory_of_mountpoint_stays_empty(image) -> None:
    image.path("/opt/mnt").mkdir(parents=True)
    image.run("hdiutil", "attach", "-mountpoint", "/opt/mnt", IMAGE)
    assert image.path("/opt/mnt/Foo.app").is_dir()
    assert image.run("hdiutil", "detach", "/opt/mnt").rc == 0
    assert not list(image.path("/opt/mnt").iterdir())


@pytest.mark.parametrize(
    ("option", "pattern"),
    [
        pytest.param("-mountroot", "/private/tmp/Foo", id="root"),
        pytest.param("-mountrandom", "/private/tmp/dmg.*", id="random"),
    ],
)
def test_other_places_to_mount(image, option, pattern) -> None:
    result = image.run("hdiutil", "attach", "-plist", option, "/private/tmp", IMAGE)
    place = plistlib.loads(result.out.encode())["system-entities"][1]["mount-point"]
    assert fnmatch.fnmatch(place, pattern)
    assert image.run("hdiutil", "detach", place).rc == 0
    assert not image.path(place).exists()


def test_attaching_needs_root_here(image) -> None:
    result = image.run("hdiutil", "attach", IMAGE, uid=501)
    assert (result.rc, result.err) == (1, "hdiutil: attach failed - Operation not permitted\n")


def test_detach_of_a_busy_volume(image, table) -> None:
    image.run("hdiutil", "attach", IMAGE)
    table.busy = True
    result = image.run("hdiutil", "detach", "/Volumes/Foo")
    assert (result.rc, result.out, result.err) == (16, "", BUSY)
    assert image.run("hdiutil", "detach", "disk4", "-force").out == '"disk4" ejected.\n'


def test_detach_of_nothing(image) -> None:
    result = image.run("hdiutil", "detach", "/Volumes/Foo")
    assert (result.rc, result.err) == (1, "hdiutil: detach failed - No such file or directory\n")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        pytest.param(None, "No such file or directory", id="missing"),
        pytest.param(b"koly" * 400, "image not recognized", id="no-archive"),
        pytest.param("unlabelled", "image not recognized", id="another-archive"),
        pytest.param("cut", "corrupt image", id="cut-off"),
    ],
)
def test_attach_failures(image, content, reason) -> None:
    path = image.path(IMAGE)
    if content == "unlabelled":
        make_image(path)
    elif content == "cut":
        make_image(path, {"volume_name": "Foo"}, "w:gz")
        path.write_bytes(path.read_bytes()[:-120])
    elif content is None:
        path.unlink()
    else:
        path.write_bytes(content)
    result = image.run("hdiutil", "attach", "-plist", IMAGE)
    assert (result.rc, result.out, result.err) == (1, "", f"hdiutil: attach failed - {reason}\n")
    assert image.state.read("images").get("attached", []) == []


@pytest.mark.parametrize(
    ("stdin", "rc"),
    [
        pytest.param("Y\n", 0, id="yes"),
        pytest.param("qn\n", 1, id="no"),
        pytest.param("", 1, id="closed"),
    ],
)
def test_a_licence_wants_an_answer_and_precedes_the_plist(image, stdin, rc) -> None:
    make_image(image.path(IMAGE), {"volume_name": "Foo", "eula": True})
    result = image.run("hdiutil", "attach", "-plist", IMAGE, stdin=stdin)
    assert result.rc == rc
    assert not result.out.startswith("<?xml")
    assert ("<?xml" in result.out) is (rc == 0)


def test_info(image) -> None:
    assert plistlib.loads(image.run("hdiutil", "info", "-plist").out.encode()) == {"images": []}
    image.run("hdiutil", "attach", IMAGE)
    (found,) = plistlib.loads(image.run("hdiutil", "info", "-plist").out.encode())["images"]
    assert found["image-path"] == IMAGE
    assert found["system-entities"][1]["mount-point"] == "/Volumes/Foo"


def test_a_restart_detaches_everything(image, table) -> None:
    image.run("hdiutil", "attach", IMAGE)
    table.points.clear()
    assert plistlib.loads(image.run("hdiutil", "info", "-plist").out.encode()) == {"images": []}
    assert "Foo" not in image.run("mount").out


def test_the_mount_table(image) -> None:
    image.run("hdiutil", "attach", "-nobrowse", IMAGE)
    lines = image.run("mount").out.splitlines()
    assert lines[0] == "/dev/disk3s1s1 on / (apfs, sealed, local, read-only, journaled)"
    assert lines[-1] == (
        "/dev/disk4s1 on /Volumes/Foo (hfs, local, nodev, nosuid, read-only, noowners, mounted by root, nobrowse)"
    )


REAL_MOUNT = """
import os, sys
from lab.macos.simulator import mounts
source, target = sys.argv[1:]
mounts.bind(source, target, read_only=True)
assert target in mounts.mounted(), mounts.mounted()
try:
    open(target + "/new", "w")
except OSError as error:
    assert error.errno == 30, error
else:
    raise AssertionError("writable")
with open(target + "/file"):
    try:
        mounts.unbind(target, force=False)
    except OSError as error:
        assert error.errno == 16, error
    else:
        raise AssertionError("not busy")
mounts.unbind(target, force=False)
assert target not in mounts.mounted()
"""


@pytest.mark.skipif(os.geteuid() != 0 or not shutil.which("unshare"), reason="mounting needs root")
def test_real_mounts_are_read_only_and_busy_while_used(tmp_path) -> None:
    source, target = tmp_path / "source", tmp_path / "a place"
    source.mkdir()
    target.mkdir()
    (source / "file").write_text("x")
    script = ["unshare", "--mount", sys.executable, "-c", REAL_MOUNT, str(source), str(target)]
    subprocess.run(script, check=True, timeout=20)
