# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Manifests and the folders that they describe, through every step that can be cut off."""

from __future__ import annotations

import json

import pytest
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._models import folders, manifest
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._models.errors import ModelError

from tests.unit.plugins.model_files import sha256, write

OLD, NEW = "1" * 40, "2" * 40
FOLDER = "org--tiny"


def made(files, revision=NEW, folder=FOLDER):
    listed = tuple(manifest.File(name, len(data), sha256(data)) for name, data in sorted(files.items()))
    return manifest.Manifest(folder, {"repository": "org/tiny", "files": []}, revision, listed)


def served(models, files, revision=OLD):
    write(models / FOLDER, files)
    manifest.write(models, made(files, revision))


def prepare(models, files, revision=NEW):
    write(folders.staging(models, FOLDER, revision), files)
    return made(files, revision)


def test_a_manifest_is_read_as_it_was_written(tmp_path):
    written = made({"a/b.json": b"{}", "c": b"12"})
    manifest.write(tmp_path, written)
    assert manifest.read(tmp_path, FOLDER) == written
    content = json.loads((tmp_path / ".manifests" / f"{FOLDER}.json").read_text())
    assert (content["version"], content["bytes"], len(content["files"])) == (1, 4, 2)
    assert (tmp_path / ".manifests" / f"{FOLDER}.json").stat().st_mode & 0o777 == 0o644


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("{", id="cut off"),
        pytest.param('{"version": 2}', id="another version"),
        pytest.param('{"version": 1, "folder": "other", "source": {}, "revision": "x", "files": []}', id="no files"),
    ],
)
def test_a_manifest_that_cannot_be_read_says_nothing(tmp_path, text):
    manifest.write(tmp_path, made({"a": b"1"}))
    (tmp_path / ".manifests" / f"{FOLDER}.json").write_text(text)
    assert manifest.read(tmp_path, FOLDER) is None


def test_a_link_is_no_manifest(tmp_path):
    manifest.write(tmp_path, made({"a": b"1"}))
    path = tmp_path / ".manifests" / f"{FOLDER}.json"
    path.rename(tmp_path / "elsewhere")
    path.symlink_to(tmp_path / "elsewhere")
    assert manifest.read(tmp_path, FOLDER) is None


@pytest.mark.parametrize("path", ["", "/etc/passwd", "../x", "a//b", "a/./b", "a/../b", "a\\b", "C:x", "a\nb", "a\0b"])
def test_a_path_that_leads_out_is_refused(path):
    with pytest.raises(ModelError, match="is not a valid name inside the folder of a model"):
        manifest.check_path(path)


@pytest.mark.parametrize("folder", ["", ".incoming", "../x", "a/b", "a b"])
def test_a_name_that_is_no_folder_is_refused(folder):
    with pytest.raises(ModelError, match="is not a valid name for the folder of a model"):
        manifest.path_of("/models", folder)


def test_what_differs_is_a_sentence(tmp_path):
    files = {"a": b"aaaa", "b": b"bbbb", "c": b"cccc", "d": b"dddd"}
    served(tmp_path, files)
    found = manifest.read(tmp_path, FOLDER)
    assert manifest.check(tmp_path, found) == []
    write(tmp_path / FOLDER, {"a": b"aa", "c": b"CCCC", "._a": b"x", "sub/y": b"y"})
    (tmp_path / FOLDER / "b").unlink()
    (tmp_path / FOLDER / "d").unlink()
    (tmp_path / FOLDER / "d").symlink_to("a")
    sizes = ["a of org--tiny has 2 bytes and should have 4 bytes.", "b of org--tiny is missing."]
    last = ["d of org--tiny is not a regular file.", "org--tiny holds ._a, sub/y beside its model."]
    assert manifest.check(tmp_path, found) == [*sizes, *last]
    content = "c of org--tiny has the right size and another content than it should have."
    assert manifest.check(tmp_path, found, hash=True) == [*sizes, content, *last]


def test_git_names_contents_as_git_does(tmp_path):
    # printf 'hello\n' | git hash-object --stdin
    (tmp_path / "f").write_bytes(b"hello\n")
    assert manifest.digest(tmp_path / "f", "git") == "ce013625030ba8dba906f756967f9e9ca394464a"


def test_a_folder_is_put_in_place_and_the_one_before_stays(tmp_path):
    served(tmp_path, {"a": b"old"})
    folders.publish(tmp_path, prepare(tmp_path, {"a": b"newer"}))
    assert (tmp_path / FOLDER / "a").read_bytes() == b"newer"
    assert manifest.read(tmp_path, FOLDER).revision == NEW
    assert (tmp_path / ".previous" / FOLDER / "a").read_bytes() == b"old"
    assert folders.commit(tmp_path, FOLDER)
    assert not folders.commit(tmp_path, FOLDER)
    assert sorted(path.name for path in (tmp_path / ".previous").iterdir()) == []


def test_a_folder_goes_back(tmp_path):
    served(tmp_path, {"a": b"old"})
    folders.publish(tmp_path, prepare(tmp_path, {"a": b"newer"}))
    assert folders.rollback(tmp_path, FOLDER)
    assert (tmp_path / FOLDER / "a").read_bytes() == b"old"
    assert manifest.read(tmp_path, FOLDER).revision == OLD
    assert manifest.check(tmp_path, manifest.read(tmp_path, FOLDER)) == []
    # What was refused need not be fetched again.
    assert (folders.staging(tmp_path, FOLDER, NEW) / "a").read_bytes() == b"newer"
    assert not folders.rollback(tmp_path, FOLDER)


def test_a_publication_that_was_cut_off_anywhere_is_ended(tmp_path, monkeypatch):
    """Cut it off at each change of the disk in turn; the next one ends it, and nothing half is ever called complete."""
    for step in range(1, 20):
        models = tmp_path / str(step)
        served(models, {"a": b"old"})
        promised = prepare(models, {"a": b"newer"})
        with monkeypatch.context() as patch:
            cut = cut_off_at(step, patch)
            try:
                folders.publish(models, promised)
            except KeyboardInterrupt:
                found = manifest.read(models, FOLDER)
                assert found is None or manifest.faults(models, found) == []
        ended = folders.resume(models, FOLDER)
        if not ended and manifest.read(models, FOLDER).revision == OLD:
            folders.publish(models, promised)
        assert manifest.read(models, FOLDER) == promised, step
        assert manifest.check(models, promised) == [], step
        assert (models / ".previous" / FOLDER / "a").read_bytes() == b"old", step
        if not cut():
            assert step > 5
            return
    pytest.fail("it has more steps than this test expects")


def cut_off_at(step, patch):
    """Let the process end before its next change of a name, and tell whether it did."""
    count = [0]

    def cutting(original):
        def changed(*arguments, **named):
            count[0] += 1
            if count[0] == step:
                raise KeyboardInterrupt
            return original(*arguments, **named)

        return changed

    path = type(manifest.Path())
    for name in ("rename", "replace", "mkdir", "unlink"):
        patch.setattr(path, name, cutting(getattr(path, name)))
    return lambda: count[0] >= step


def test_files_are_set_aside_and_replace_those_of_before(tmp_path):
    served(tmp_path, {"a": b"1"})
    for content in (b"first", b"second"):
        write(tmp_path / FOLDER, {"sub/x": content})
        folders.set_aside(tmp_path, FOLDER, ["sub/x", "gone"])
    assert (tmp_path / ".aside" / FOLDER / "sub/x").read_bytes() == b"second"
    assert not (tmp_path / FOLDER / "sub/x").exists()


def test_nothing_is_left_of_a_folder_and_everything_of_others(tmp_path):
    served(tmp_path, {"a": b"old"})
    folders.publish(tmp_path, prepare(tmp_path, {"a": b"newer"}))
    prepare(tmp_path, {"a": b"3"}, "3" * 40)
    write(tmp_path / ".aside" / FOLDER, {"x": b"x"})
    write(tmp_path / "org--tiny-other", {"a": b"1"})
    write(tmp_path / ".incoming" / f"org--tiny-other@{NEW}", {"a": b"1"})
    assert len(folders.traces(tmp_path, FOLDER)) == 6
    folders.remove(tmp_path, FOLDER)
    assert folders.traces(tmp_path, FOLDER) == []
    assert len(folders.traces(tmp_path, "org--tiny-other")) == 2


def test_a_disk_without_second_names_gets_copies(tmp_path, monkeypatch):
    (tmp_path / "a").write_bytes(b"1")
    monkeypatch.setattr(folders.os, "link", lambda *_: (_ for _ in ()).throw(OSError(95, "not supported")))
    folders.link(tmp_path / "a", tmp_path / "b")
    assert (tmp_path / "b").read_bytes() == b"1"
    assert (tmp_path / "b").stat().st_nlink == 1
