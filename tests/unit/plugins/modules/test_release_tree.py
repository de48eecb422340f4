# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""release_tree: real archives in a temporary directory."""

from __future__ import annotations

import gzip
import io
import tarfile
import zipfile

import pytest


@pytest.fixture(autouse=True)
def own_files(monkeypatch):
    """Files of a test belong to whoever runs it."""
    monkeypatch.setattr("os.chown", lambda *_arguments: None)


def tar(path, members):
    with tarfile.open(path, "w:gz") as archive:
        for name, text in members.items():
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(text), 0o600
            archive.addfile(entry, io.BytesIO(text.encode()))
    return path


def frame(plain):
    """Pack as zstd does a text of less than 128 KiB that it cannot make smaller: RFC 8878."""
    head = b"\x28\xb5\x2f\xfd" + bytes([0b1110_0000]) + len(plain).to_bytes(8, "little")
    return head + (len(plain) << 3 | 1).to_bytes(3, "little") + plain


def packed_zip(path, members):
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in members.items():
            archive.writestr(name, text)
    return path


def release(tmp_path, version):
    return tar(
        tmp_path / f"{version}.tar.gz",
        {f"program-{version}/bin/program": version, f"program-{version}/README": "text"},
    )


def arguments(tmp_path, version, archive=None):
    return {
        "path": str(tmp_path / "programs"),
        "archive": str(archive or release(tmp_path, version)),
        "version": version,
        "program": "bin/program",
    }


def current(tmp_path):
    return (tmp_path / "programs/current/bin/program").read_text()


def test_unpacks_and_switches(run_module, tmp_path):
    result = run_module("release_tree", arguments(tmp_path, "1.0"))
    assert (result["changed"], result["version"], result["would_unpack"]) == (True, "1.0", True)
    assert current(tmp_path) == "1.0"
    assert (tmp_path / "programs/1.0/bin/program").stat().st_mode & 0o777 == 0o755
    assert (tmp_path / "programs/1.0/README").stat().st_mode & 0o777 == 0o644


def test_second_run_changes_nothing_and_needs_no_archive(run_module, tmp_path):
    run_module("release_tree", arguments(tmp_path, "1.0"))
    result = run_module("release_tree", arguments(tmp_path, "1.0", archive="/nowhere"))
    assert (result["changed"], result["would_unpack"]) == (False, False)


def test_check_mode_predicts(run_module, tmp_path):
    result = run_module("release_tree", arguments(tmp_path, "1.0", archive="/nowhere"), check=True)
    assert (result["changed"], result["would_unpack"]) == (True, True)
    assert not (tmp_path / "programs").exists()


@pytest.mark.parametrize(("action", "version", "left"), [("rollback", "1.0", 2), ("commit", "2.0", 1)])
def test_the_version_before_is_kept_until_it_is_settled(run_module, tmp_path, action, version, left):
    run_module("release_tree", arguments(tmp_path, "1.0"))
    run_module("release_tree", arguments(tmp_path, "2.0"))
    assert not run_module("release_tree", arguments(tmp_path, "2.0"))["settled"]
    settle = {"path": str(tmp_path / "programs"), "action": action}
    result = run_module("release_tree", settle)
    assert (result["changed"], result["version"]) == (True, version)
    assert current(tmp_path) == version
    assert len([entry for entry in (tmp_path / "programs").iterdir() if not entry.is_symlink()]) == left
    assert run_module("release_tree", arguments(tmp_path, version), check=True)["settled"] is (action == "commit")


def test_nothing_to_go_back_to_is_no_change(run_module, tmp_path):
    run_module("release_tree", arguments(tmp_path, "1.0"))
    assert not run_module("release_tree", {"path": str(tmp_path / "programs"), "action": "rollback"})["changed"]


def test_what_a_killed_run_left_is_done_again(run_module, tmp_path):
    (tmp_path / "programs/1.0").mkdir(parents=True)
    assert run_module("release_tree", arguments(tmp_path, "1.0"))["would_unpack"]
    assert current(tmp_path) == "1.0"


def test_zip(run_module, tmp_path):
    archive = packed_zip(tmp_path / "a.zip", {"program/bin/program": "zipped"})
    run_module("release_tree", arguments(tmp_path, "1.0", archive))
    assert current(tmp_path) == "zipped"


@pytest.mark.parametrize(
    ("members", "sentence"),
    [
        pytest.param({"one/bin/program": "x", "two/file": "x"}, "does not hold exactly one folder", id="two folders"),
        pytest.param({"one/file": "x"}, "holds no program bin/program", id="no program"),
        pytest.param({"one/../../outside": "x"}, "outside its own directory", id="outside"),
    ],
)
def test_an_unexpected_archive_changes_nothing(run_module, tmp_path, members, sentence):
    run_module("release_tree", arguments(tmp_path, "1.0"))
    result = run_module("release_tree", arguments(tmp_path, "2.0", tar(tmp_path / "bad.tar.gz", members)))
    assert result["failed"]
    assert sentence in result["msg"]
    assert current(tmp_path) == "1.0"
    assert sorted(entry.name for entry in (tmp_path / "programs").iterdir()) == ["1.0", "current"]


@pytest.mark.parametrize("content", [None, b"no archive"], ids=["missing", "damaged"])
def test_an_archive_that_cannot_be_read(run_module, tmp_path, content):
    archive = tmp_path / "x.tar.gz"
    if content:
        archive.write_bytes(content)
    result = run_module("release_tree", arguments(tmp_path, "1.0", archive))
    assert result["failed"]
    assert ("fetch the release first" if content is None else "cannot be unpacked") in result["msg"]


def test_absent(run_module, tmp_path):
    run_module("release_tree", arguments(tmp_path, "1.0"))
    wanted = {"path": str(tmp_path / "programs"), "state": "absent"}
    assert run_module("release_tree", wanted)["changed"]
    assert not run_module("release_tree", wanted)["changed"]
    assert not (tmp_path / "programs").exists()


@pytest.mark.parametrize("prefix", ["", "./"])
def test_an_archive_that_is_the_release_itself(run_module, tmp_path, prefix):
    archive = tar(tmp_path / "x.tar.gz", {f"{prefix}bin/program": "1.0", f"{prefix}lib/x.so": "x"})
    run_module("release_tree", {**arguments(tmp_path, "1.0", archive), "bare": True})
    assert current(tmp_path) == "1.0"
    assert (tmp_path / "programs/1.0").stat().st_mode & 0o777 == 0o755


def test_it_has_to_be_said_that_it_is_one(run_module, tmp_path):
    archive = tar(tmp_path / "x.tar.gz", {"bin/program": "1.0", "lib/x.so": "x"})
    assert "does not hold exactly one folder" in run_module("release_tree", arguments(tmp_path, "1.0", archive))["msg"]


def test_more_archives_come_beside_the_program(run_module, tmp_path):
    libraries = tar(tmp_path / "libraries.tar.gz", {"libraries-1.0/libcudart.so.12": "x"})
    run_module("release_tree", {**arguments(tmp_path, "1.0"), "more": [str(libraries)]})
    assert (tmp_path / "programs/current/libcudart.so.12").read_text() == "x"
    assert current(tmp_path) == "1.0"


def test_more_archives_overwrite_nothing(run_module, tmp_path):
    more = tar(tmp_path / "more.tar.gz", {"more/README": "other"})
    said = run_module("release_tree", {**arguments(tmp_path, "1.0"), "more": [str(more)]})["msg"]
    assert said == f"{more} holds README, which the release has too; correct its address."
    assert not (tmp_path / "programs").exists()


def test_what_zstd_packed(run_module, tmp_path):
    plain = tar(tmp_path / "x.tar.gz", {"program-1.0/bin/program": "1.0"})
    archive = tmp_path / "x.tar.zst"
    archive.write_bytes(frame(gzip.decompress(plain.read_bytes())))
    run_module("release_tree", arguments(tmp_path, "1.0", archive))
    assert current(tmp_path) == "1.0"


def test_a_tar_archive_that_ends_with_a_zip_is_none(run_module, tmp_path):
    program = packed_zip(tmp_path / "program", {"__main__.py": "print()"}).read_bytes()
    plain = tmp_path / "x.tar"
    with tarfile.open(plain, "w") as archive:
        entry = tarfile.TarInfo("program-1.0/bin/program")
        entry.size = len(program)
        archive.addfile(entry, io.BytesIO(program))
    zstd = tmp_path / "x.tar.zst"
    zstd.write_bytes(frame(plain.read_bytes()))
    for version, archive in (("1.0", plain), ("1.1", zstd)):
        run_module("release_tree", arguments(tmp_path, version, archive))
        assert (tmp_path / "programs/current/bin/program").read_bytes() == program


def test_a_damaged_one_is_a_sentence(run_module, tmp_path):
    archive = tmp_path / "x.tar.zst"
    archive.write_bytes(frame(b"x" * 4096)[:-100])
    assert f"{archive} cannot be unpacked: " in run_module("release_tree", arguments(tmp_path, "1.0", archive))["msg"]


def test_a_host_without_zstd_is_told_so(run_module, tmp_path, monkeypatch):
    archive = tmp_path / "x.tar.zst"
    archive.write_bytes(frame(b""))
    monkeypatch.setenv("PATH", str(tmp_path))
    said = run_module("release_tree", arguments(tmp_path, "1.0", archive))["msg"]
    assert said == f"{archive} is packed with zstd, which this host lacks: install zstd."
