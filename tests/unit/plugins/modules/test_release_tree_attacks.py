# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""release_tree against archives that are made to write elsewhere: refused whole, and nothing of them is left."""

from __future__ import annotations

import io
import os
import shutil
import stat
import tarfile
import zipfile

import pytest

PROGRAM = ("top/bin/program", "file", "new")
# From a link in the archive's folder to the test's directory.
UP = "../../.."
TYPES = {
    "file": tarfile.REGTYPE,
    "directory": tarfile.DIRTYPE,
    "link": tarfile.SYMTYPE,
    "hard link": tarfile.LNKTYPE,
    "character device": tarfile.CHRTYPE,
    "block device": tarfile.BLKTYPE,
    "pipe": tarfile.FIFOTYPE,
    "sparse": tarfile.GNUTYPE_SPARSE,
    "contiguous": tarfile.CONTTYPE,
    "unheard of": b"Z",
}


@pytest.fixture(autouse=True)
def no_help(monkeypatch):
    """Files of a test belong to whoever runs it, and Python has no judgement of its own: older ones have none."""
    monkeypatch.setattr("os.chown", lambda *_arguments, **_options: None)
    monkeypatch.delattr(tarfile, "data_filter", raising=False)


@pytest.fixture
def host(tmp_path):
    """A directory with a file that nobody but root reads, and one that leads to a program."""
    (tmp_path / "victim").write_text("safe")
    (tmp_path / "victim").chmod(0o600)
    (tmp_path / "outside/bin").mkdir(parents=True)
    (tmp_path / "outside/bin/program").write_text("theirs")
    return tmp_path


def packed_tar(path, members):
    with tarfile.open(path, "w:gz", format=tarfile.PAX_FORMAT) as archive:
        for name, kind, content, *mode in members:
            member = tarfile.TarInfo(name.partition("\0")[0])
            member.type, member.mode, member.uid = TYPES[kind], mode[0] if mode else 0o755, 4711
            member.pax_headers = {"path": name} if "\0" in name else {}
            if "link" in kind:
                member.linkname = content
            data = content.encode() if kind == "file" else b""
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return path


def packed_zip(path, members):
    modes = {"file": stat.S_IFREG, "directory": stat.S_IFDIR, "link": stat.S_IFLNK, "pipe": stat.S_IFIFO}
    with zipfile.ZipFile(path, "w") as archive:
        for name, kind, content, *mode in members:
            member = zipfile.ZipInfo("x")
            member.filename = name
            member.external_attr = (modes[kind] | (mode[0] if mode else 0o755)) << 16
            archive.writestr(member, content)
    return path


def harm(host):
    """Return what of the host is not as it was, and what no release may bring."""
    found = []
    if ((host / "victim").read_text(), (host / "victim").stat().st_mode & 0o777) != ("safe", 0o600):
        found.append("a file outside was changed")
    if {path.name for path in host.iterdir()} - {"victim", "outside", "programs", "archive"}:
        found.append("a file outside was written")
    outside = {str(path.relative_to(host)): path.stat().st_mode & 0o777 for path in (host / "outside").rglob("*")}
    if outside != {"outside/bin": 0o755, "outside/bin/program": 0o644}:
        found.append("a directory outside was changed")
    for path in (host / "programs").rglob("*"):
        status = path.lstat()
        if not (stat.S_ISREG(status.st_mode) or stat.S_ISDIR(status.st_mode) or stat.S_ISLNK(status.st_mode)):
            found.append("a device was made")
        if stat.S_ISREG(status.st_mode) and status.st_mode & 0o6000:
            found.append("a program has its owner's rights")
        if host / "programs" not in path.resolve().parents:
            found.append("a link leads out")
    return found


TARS = {
    "link-out": ([PROGRAM, ("top/out", "link", f"{UP}/outside")], "outside its own directory"),
    "link-to-the-folder-above": ([PROGRAM, ("top/out", "link", "..")], "outside its own directory"),
    "link-beside-the-folder": ([PROGRAM, ("top/out", "link", "../1.0")], "outside its own directory"),
    "absolute-link": ([PROGRAM, ("top/out", "link", "/etc/passwd")], "outside its own directory"),
    "member-through-a-link": (
        [PROGRAM, ("top/out", "link", UP), ("top/out/written", "file", "owned")],
        "outside its own directory|through",
    ),
    "member-through-a-link-inside": (
        [PROGRAM, ("top/out", "link", "bin"), ("top/out/written", "file", "owned")],
        "through 'top/out', which is a symbolic link",
    ),
    "link-through-a-link": (
        [PROGRAM, ("top/bin/up", "link", ".."), ("top/out", "link", "bin/up/../..")],
        "outside its own directory",
    ),
    "link-to-a-later-link": (
        [PROGRAM, ("top/out", "link", "next/.."), ("top/next", "link", "bin/.."), ("top/bin/x", "file", "")],
        "outside its own directory",
    ),
    "link-without-end": ([PROGRAM, ("top/a", "link", "b"), ("top/b", "link", "a")], "outside its own directory"),
    "link-to-nothing": ([PROGRAM, ("top/a", "link", "")], "which no release needs"),
    "folder-is-a-link": ([("top", "link", "../../outside")], "which no release needs"),
    "folder-is-a-link-to-itself": ([("top", "link", ".")], "which no release needs"),
    "overwritten-by-a-hard-link": (
        [PROGRAM, ("top/x", "hard link", "../../victim"), ("top/x", "file", "owned")],
        "outside its own directory",
    ),
    "hard-link-out": ([PROGRAM, ("top/x", "hard link", "../../victim")], "outside its own directory"),
    "hard-link-to-nothing": ([PROGRAM, ("top/x", "hard link", "top/y")], "outside its own directory"),
    "hard-link-to-a-link": (
        [PROGRAM, ("top/l", "link", "bin"), ("top/x", "hard link", "top/l")],
        "outside its own directory",
    ),
    "character-device": ([PROGRAM, ("top/x", "character device", "")], "which is a device"),
    "block-device": ([PROGRAM, ("top/x", "block device", "")], "which is a device"),
    "pipe": ([PROGRAM, ("top/x", "pipe", "")], "which is a pipe"),
    "sparse-file": ([PROGRAM, ("top/x", "sparse", "")], "which is a sparse file"),
    "contiguous-file": ([PROGRAM, ("top/x", "contiguous", "")], "of an unknown kind"),
    "unheard-of": ([PROGRAM, ("top/x", "unheard of", "")], "of an unknown kind"),
    "owner's-rights": ([PROGRAM, ("top/x", "file", "x", 0o4755)], "its owner's rights"),
    "group's-rights": ([PROGRAM, ("top/x", "file", "x", 0o2755)], "its owner's rights"),
    "absolute-name": ([PROGRAM, ("/written", "file", "owned")], "outside its own directory"),
    "name-above": ([PROGRAM, ("top/../../../written", "file", "owned")], "outside its own directory"),
    "name-above-and-back": ([PROGRAM, ("top/../top/x", "file", "owned")], "outside its own directory"),
    "backslashes": ([PROGRAM, ("top\\..\\x", "file", "owned")], "not a valid name"),
    "drive": ([PROGRAM, ("C:/x", "file", "owned")], "not a valid name"),
    "null-character": ([PROGRAM, ("top/x\0y", "file", "owned")], "not a valid name"),
    "file-that-becomes-a-link": ([PROGRAM, ("top/x", "file", "x"), ("top/x", "link", "bin")], "twice"),
    "link-that-becomes-a-file": ([PROGRAM, ("top/x", "link", "bin/y"), ("top/x", "file", "owned")], "twice"),
    "link-that-becomes-a-directory": (
        [PROGRAM, ("top/x", "link", "bin"), ("top/x", "directory", ""), ("top/x/y", "file", "owned")],
        "twice",
    ),
    "directory-that-becomes-a-link": (
        [PROGRAM, ("top/x/y", "file", "x"), ("top/x", "link", "bin")],
        "twice",
    ),
    "member-below-a-file": ([PROGRAM, ("top/x", "file", "x"), ("top/x/y", "file", "y")], "which is a file"),
    "other-case": ([PROGRAM, ("top/Link", "link", "bin"), ("top/link/x", "file", "owned")], "one on a Mac"),
    "other-case-of-a-folder": ([PROGRAM, ("top/Bin/x", "file", "x")], "one on a Mac"),
    "other-composition": (
        [PROGRAM, ("top/caf\u00e9", "link", "bin"), ("top/cafe\u0301/x", "file", "owned")],
        "one on a Mac",
    ),
    "invisible-character": ([PROGRAM, ("top/l", "link", "bin"), ("top/l\u200d/x", "file", "owned")], "one on a Mac"),
    "our-own-mark": ([PROGRAM, ("top/.complete", "link", "bin/x")], "our own mark"),
}
ZIPS = {
    "link-out": ([PROGRAM, ("top/out", "link", f"{UP}/outside")], "outside its own directory"),
    "absolute-link": ([PROGRAM, ("top/out", "link", "/etc/passwd")], "outside its own directory"),
    "member-through-a-link": (
        [PROGRAM, ("top/out", "link", "bin"), ("top/out/written", "file", "owned")],
        "through 'top/out', which is a symbolic link",
    ),
    "endless-link": ([PROGRAM, ("top/out", "link", "x" * 5000)], "more than a path"),
    "link-as-a-directory": ([PROGRAM, ("top/out/", "link", UP)], "of an unknown kind"),
    "pipe": ([PROGRAM, ("top/x", "pipe", "")], "which is a pipe"),
    "owner's-rights": ([PROGRAM, ("top/x", "file", "x", 0o4755)], "its owner's rights"),
    "absolute-name": ([PROGRAM, ("/written", "file", "owned")], "outside its own directory"),
    "name-above": ([PROGRAM, ("top/../../../written", "file", "owned")], "outside its own directory"),
    "backslashes": ([PROGRAM, ("top\\..\\x", "file", "owned")], "not a valid name"),
    "drive": ([PROGRAM, ("C:/x", "file", "owned")], "not a valid name"),
    "null-character": ([PROGRAM, ("top/x\0/../y", "file", "owned")], "outside its own directory|not a valid name"),
    "other-case": ([PROGRAM, ("top/Bin/Program", "file", "owned")], "one on a Mac"),
}
ATTACKS = [
    pytest.param(pack, members, sentence, id=f"{kind}-{name}")
    for kind, pack, rows in (("tar", packed_tar, TARS), ("zip", packed_zip, ZIPS))
    for name, (members, sentence) in rows.items()
]


def unpack(run_module, host, archive, version="2.0"):
    arguments = {"archive": str(archive), "version": version, "program": "bin/program"}
    return run_module("release_tree", {"path": str(host / "programs"), **arguments})


@pytest.mark.parametrize(("pack", "members", "sentence"), ATTACKS)
def test_an_attack_is_refused_and_leaves_nothing(run_module, host, pack, members, sentence):
    result = unpack(run_module, host, pack(host / "archive", members))
    assert harm(host) == []
    assert result["failed"]
    assert any(part in result["msg"] for part in sentence.split("|")), result["msg"]
    assert "correct the address" in result["msg"]
    assert not (host / "programs").exists()


def test_what_ran_before_stays(run_module, host):
    unpack(run_module, host, packed_tar(host / "archive", [PROGRAM]), version="1.0")
    assert unpack(run_module, host, packed_tar(host / "archive", TARS["link-out"][0]))["failed"]
    assert sorted(path.name for path in (host / "programs").iterdir()) == ["1.0", "current"]
    assert (host / "programs/current/bin/program").read_text() == "new"


# What publishers do pack: links within their folder, a folder that is named again, a directory that keeps its group.
HONEST = [
    ("./", "directory", ""),
    ("./top", "directory", "", 0o2700),
    ("./top/bin/python3.12", "file", "python", 0o711),
    ("./top/bin/python3", "link", "python3.12"),
    ("./top/bin/program", "link", "./../bin//python3"),
    ("./top/lib/libpython.so.1", "file", "library", 0o600),
    ("./top/lib/libpython.so", "link", "libpython.so.1"),
    ("./top/lib64", "link", "lib"),
    ("./top/lib/here", "link", "."),
    ("./top/share/terminfo/x", "link", "../../lib64/libpython.so"),
    ("./top/share/later", "link", "not-packed"),
    ("./top/share/Icon\r", "file", ""),
    ("./top", "directory", ""),
]


@pytest.mark.parametrize("pack", [packed_tar, packed_zip])
def test_links_within_the_folder_stay(run_module, host, pack):
    before = os.umask(0o077)
    members = [(f"{name}/" if kind == "directory" else name, kind, *rest) for name, kind, *rest in HONEST]
    try:
        # A ZIP has neither a folder of its own nor one twice.
        result = unpack(run_module, host, pack(host / "archive", members if pack is packed_tar else members[2:-1]))
    finally:
        os.umask(before)
    assert not result.get("failed"), result
    top = host / "programs/2.0"
    assert (top / "bin/program").read_text() == "python"
    assert str((top / "lib64").readlink()) == "lib"
    assert (top / "share/terminfo/x").read_text() == "library"
    modes = {name: (top / name).stat().st_mode & 0o7777 for name in (".", "bin/python3.12", "lib/libpython.so.1")}
    assert modes == {".": 0o755, "bin/python3.12": 0o755, "lib/libpython.so.1": 0o644}
    assert harm(host) == []


def test_a_second_name_of_a_file_stays(run_module, host):
    members = [PROGRAM, ("top/bin/other", "hard link", "top/bin/program"), ("top/x", "hard link", "./top/bin/other")]
    unpack(run_module, host, packed_tar(host / "archive", members))
    assert (host / "programs/current/x").read_text() == "new"


@pytest.mark.parametrize(("limit", "value"), [("_MOST_ENTRIES", 2), ("_MOST_BYTES", 999)])
def test_a_bomb_is_not_lit(run_module, host, monkeypatch, limit, value):
    target = "ansible_collections.hybrid_ai.cluster.plugins.module_utils._archive"
    monkeypatch.setattr(f"{target}.{limit}", value)
    members = [PROGRAM, ("top/a", "file", "a" * 1000), ("top/b", "file", "")]
    result = unpack(run_module, host, packed_tar(host / "archive", members))
    assert "holds more than any release" in result["msg"]
    assert not (host / "programs").exists()


def test_a_full_disk_is_known_before_anything_is_written(run_module, host, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: shutil._ntuple_diskusage(10, 9, 1))
    result = unpack(run_module, host, packed_tar(host / "archive", [PROGRAM]))
    assert "needs 3 bytes where 1 are free; make room" in result["msg"]


def test_python_is_asked_too_where_it_judges(run_module, host, monkeypatch):
    def refuse(member, path):
        raise tarfile.TarError(f"{member.name} is not to my taste in {path}")

    monkeypatch.setattr(tarfile, "data_filter", refuse, raising=False)
    result = unpack(run_module, host, packed_tar(host / "archive", [PROGRAM]))
    assert "top/bin/program is not to my taste" in result["msg"]
    assert not (host / "programs").exists()
