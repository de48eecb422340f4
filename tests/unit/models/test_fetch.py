# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Fetching models from a hub: whole, verified, gone on with, and one sentence for everything that goes wrong."""

from __future__ import annotations

import errno
import os

import pytest
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._models import content, folders, job, manifest
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._models.errors import ModelError

from lab.standins.model_hub import repositories
from lab.standins.model_hub.faults import Fault

TINY = "lab/tiny-llama"
FOLDER = "lab--tiny-llama"
LONG = "lab/long"


def test_a_model_is_fetched_whole(store):
    assert store.fill(store.model(TINY)) == []
    assert store.folder(FOLDER) == store.at_hub(TINY)
    found = manifest.read(store.models, FOLDER)
    assert found.revision == store.hub.state.catalogue[TINY].head
    assert manifest.check(store.models, found, hash=True) == []
    assert {path.stat().st_mode & 0o777 for path in (store.models / FOLDER).iterdir()} == {0o644}
    assert [path.name for path in (store.models / ".incoming").iterdir()] == []


def test_a_second_run_asks_nobody(store):
    store.fill(store.model(TINY))
    count = len(store.hub.state.requests)
    assert store.plan(store.model(TINY)).work() == {}
    assert len(store.hub.state.requests) == count


def test_work_that_is_done_is_not_done_again(store):
    """After every start of the host the program runs again with the work that it did last."""
    work = store.plan(store.model(TINY)).work()
    store.run(work)
    count = len(store.hub.state.requests)
    assert store.run(work) == []
    assert len(store.hub.state.requests) == count


def test_a_new_revision_costs_what_has_changed(store):
    old, new = store.hub.state.catalogue[TINY].commits
    store.fill(store.model(TINY, source={"revision": old}))
    tokenizer = (store.models / FOLDER / "tokenizer.json").stat()
    del store.hub.state.requests[:]
    assert store.fill(store.model(TINY, source={"revision": new}, hosts=["here"])) == []
    assert store.folder(FOLDER) == store.at_hub(TINY, new)
    fetched = {name for name, span, _ in store.asked if span}
    assert fetched == {"model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"}
    # One file under two names, so that the folder before takes no room but for what has changed.
    assert (store.models / ".previous" / FOLDER / "tokenizer.json").stat().st_ino == tokenizer.st_ino
    assert (store.models / FOLDER / "tokenizer.json").stat().st_ino == tokenizer.st_ino


def test_a_host_that_does_not_serve_it_keeps_no_folder_before(store):
    old, new = store.hub.state.catalogue[TINY].commits
    for revision in (old, new):
        store.fill(store.model(TINY, source={"revision": revision}, hosts=["elsewhere"]))
    assert list((store.models / ".previous").iterdir()) == []


class KilledError(BaseException):
    """The process has ended."""


def killed_after(store, count, monkeypatch):
    """Let the process end when so many bytes came."""
    counted = store.program("client").Counted

    def write(self, data):
        self._file.write(data)
        if os.fstat(self._file.fileno()).st_size >= count:
            raise KilledError
        return len(data)

    monkeypatch.setattr(counted, "write", write)


def test_a_download_that_was_killed_goes_on(store, monkeypatch):
    with monkeypatch.context() as patch:
        killed_after(store, 13_000_000, patch)
        with pytest.raises(KilledError):
            store.fill(store.model(LONG))
    partial = store.models / ".incoming"
    (found,) = partial.glob("*/model.safetensors.partial")
    have, size = found.stat().st_size, repositories.LONG_BYTES + 112
    assert store.plan(store.model(LONG)).missing == size - have
    del store.hub.state.requests[:]
    assert store.fill(store.model(LONG)) == []
    assert ("model.safetensors", f"bytes={have}-{size - 1}", 206) in store.asked
    assert store.received == size - have
    assert store.folder("lab--long") == store.at_hub(LONG)


def test_a_connection_that_is_cut_goes_on(store):
    assert store.fill(store.model("faults/cut")) == []
    assert [(span, status) for name, span, status in store.asked if name == "model.safetensors" and span] == [
        ("bytes=0-25165935", 206),
        ("bytes=15000000-25165935", 206),
    ]
    assert store.received == 25_165_936 + 3


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        pytest.param(
            "faults/wrong-hash",
            "model-00001-of-00002.safetensors of faults/wrong-hash came 2 times with another content",
            id="wrong hash",
        ),
        pytest.param(
            "faults/half",
            "model-00001-of-00002.safetensors of faults/half has 178 kB and should have 356 kB, as its listing says",
            id="half a shard",
        ),
        pytest.param(
            "faults/pointer",
            "model-00001-of-00002.safetensors of faults/pointer is a pointer of Git LFS with 131 bytes",
            id="a pointer instead of weights",
        ),
        pytest.param(
            "faults/cloned",
            "faults--cloned is not a complete model and was not put in place: model-00001-of-00002.safetensors is a",
            id="a repository of pointers",
        ),
        pytest.param(
            "faults/busy",
            "faults/busy gave no byte of model-00001-of-00002.safetensors within 1 minute (answered 503)",
            id="503 for ever",
        ),
    ],
)
def test_what_is_wrong_is_one_sentence_and_what_was_served_is_served(store, name, sentence):
    folder = name.replace("/", "--")
    before = {"config.json": b"{}", "model.safetensors": b"before"}
    for path, data in before.items():
        (store.models / folder).mkdir(exist_ok=True)
        (store.models / folder / path).write_bytes(data)
    (found,) = store.fill(store.model(name))
    assert found.startswith(sentence)
    assert store.folder(folder) == before
    assert manifest.read(store.models, folder) is None
    # Nothing wrong is kept, to be taken for right later.
    assert sum(path.stat().st_size for path in (store.models / ".incoming").glob("*/*.partial")) == 0


def test_one_that_fails_keeps_no_other_from_coming(store):
    (sentence,) = store.fill(store.model("faults/half"), store.model(TINY))
    assert "faults/half" in sentence
    assert store.folder(FOLDER) == store.at_hub(TINY)


def test_a_busy_hub_is_asked_again(store, time):
    store.hub.state.faults.default[TINY] = Fault("busy", times=3)
    before = time.now()
    assert store.fill(store.model(TINY)) == []
    assert time.now() - before == 1 + 2 + 4


def test_a_limit_is_obeyed(store, time):
    work = store.plan(store.model(TINY)).work()
    store.hub.state.faults.default[TINY] = Fault("limited", seconds=25, times=1)
    before = time.now()
    assert store.run(work) == []
    assert time.now() - before == 25


def test_a_hub_that_goes_away_is_waited_for(store, time):
    work = store.plan(store.model(TINY)).work()
    store.endpoint = "http://127.0.0.1:1"
    (sentence,) = store.run(work)
    assert sentence.startswith(f"{TINY} gave no byte of config.json within 1 minute (Connection refused)")


def test_a_token_that_was_taken_back_meanwhile(store):
    store.token = repositories.GRANTED
    work = store.plan(store.model("lab/gated", license="llama3.2")).work()
    store.token = repositories.STRANGER
    (sentence,) = store.run(work)
    assert sentence.startswith("lab/gated is gated and the token in model_store_token has no access to it")


def test_a_full_disk_is_one_sentence_and_loses_nothing(store, monkeypatch):
    counted = store.program("client").Counted
    whole = counted.write

    def write(self, data):
        if os.fstat(self._file.fileno()).st_size > 1_000_000:
            raise OSError(errno.ENOSPC, "No space left on device")
        return whole(self, data)

    with monkeypatch.context() as patch:
        patch.setattr(counted, "write", write)
        (sentence,) = store.fill(store.model(LONG))
    assert sentence.startswith(f"The disk of {store.models} is full, and lab--long is not complete: make room;")
    assert store.fill(store.model(LONG)) == []
    assert store.received < repositories.LONG_BYTES - 900_000


def test_files_of_a_person_are_not_lost(store):
    (store.models / FOLDER).mkdir()
    (store.models / FOLDER / "notes.txt").write_text("mine")
    assert store.fill(store.model(TINY)) == []
    assert (store.models / ".aside" / FOLDER / "notes.txt").read_text() == "mine"


def test_a_folder_that_somebody_copied_here_is_taken_as_it_is(store):
    for path, data in store.at_hub(TINY).items():
        (store.models / FOLDER).mkdir(exist_ok=True)
        (store.models / FOLDER / path).write_bytes(data)
    assert store.fill(store.model(TINY)) == []
    assert store.received == 0
    assert manifest.check(store.models, manifest.read(store.models, FOLDER), hash=True) == []


def test_stray_files_are_moved_aside(store):
    store.fill(store.model(TINY))
    for name in ("model.safetensors", "._config.json", "model-00003-of-00003.safetensors"):
        (store.models / FOLDER / name).write_bytes(b"x")
    made = store.plan(store.model(TINY))
    assert (made.fetch, len(made.aside[FOLDER])) == ([], 3)
    assert store.run(made.work()) == []
    assert store.folder(FOLDER) == store.at_hub(TINY)
    assert (store.models / ".aside" / FOLDER / "._config.json").exists()


def test_a_model_that_is_not_wanted_any_more_is_removed(store):
    store.fill(store.model(TINY))
    assert store.run(store.plan(store.model(TINY, state="absent")).work()) == []
    assert folders.traces(store.models, FOLDER) == []
    assert store.plan(store.model(TINY, state="absent")).work() == {}


def test_two_models_share_a_folder(store):
    name = "lab/tiny-llama-gguf"
    small = store.model(name, name="small", format="gguf", source={"files": ["tiny-llama-f32.gguf"]})
    other = store.model(name, name="other", format="gguf", source={"files": ["tiny-other-*.gguf"]})
    assert store.fill(small, other) == []
    assert set(store.folder("lab--tiny-llama-gguf")) == {"tiny-llama-f32.gguf", "tiny-other-f32.gguf"}
    # One of them goes: the other stays, and what only the first needed goes.
    assert store.fill({**small, "state": "absent"}, other) == []
    assert set(store.folder("lab--tiny-llama-gguf")) == {"tiny-other-f32.gguf"}
    assert folders.traces(store.models, "lab--tiny-llama-gguf")


@pytest.mark.parametrize("whole", [True, False], ids=["folder", "file"])
def test_a_path_is_copied(store, tmp_path, whole):
    source = tmp_path / "brought"
    source.mkdir()
    for path, data in store.at_hub("lab/tiny-llama-gguf").items():
        (source / path).write_bytes(data)
    (source / "._tiny-llama-f32.gguf").write_bytes(b"side file")
    path = source if whole else source / "tiny-llama-f32.gguf"
    wanted = {"name": "mine", "folder": "mine", "format": "gguf", "source": {"path": str(path)}, "state": "present"}
    work = store.plan(wanted).work()
    assert store.run(work) == []
    names = {"tiny-llama-f32.gguf"} | ({"tiny-other-f32.gguf"} if whole else set())
    assert set(store.folder("mine")) == names
    found = manifest.read(store.models, "mine")
    assert found.revision == manifest.revision(found.files)
    assert store.plan(wanted).work() == {}
    assert store.hub.state.requests == []
    # Neither the next start of the host nor a disk that was taken away again changes it.
    assert store.run(work) == []
    (source / "tiny-llama-f32.gguf").unlink()
    if not whole:
        assert store.plan(wanted).work() == {}


def test_a_path_that_has_changed_is_copied_again(store, tmp_path):
    source = tmp_path / "brought"
    source.mkdir()
    (source / "model.gguf").write_bytes(repositories.models.gguf(1))
    wanted = {"name": "mine", "folder": "mine", "format": "gguf", "source": {"path": str(source)}, "state": "present"}
    store.fill(wanted)
    (source / "model.gguf").write_bytes(repositories.models.gguf(2))
    later = (store.models / ".manifests/mine.json").stat().st_mtime + 5
    os.utime(source / "model.gguf", (later, later))
    assert store.fill(wanted) == []
    assert store.folder("mine")["model.gguf"] == repositories.models.gguf(2)


def test_an_address_with_its_checksum(store):
    name = "lab/tiny-llama-gguf"
    head = store.hub.state.catalogue[name].head
    entry = store.hub.state.catalogue[name].commits[head]["tiny-llama-f32.gguf"]
    url = f"{store.hub.url}/{name}/resolve/{head}/tiny-llama-f32.gguf"
    wanted = {"name": "mine", "folder": "mine", "format": "gguf", "state": "present"}
    source = {"url": url, "checksum": f"sha256:{entry.sha256}"}
    assert store.fill({**wanted, "source": source}) == []
    assert store.folder("mine") == {"tiny-llama-f32.gguf": entry.content}
    assert store.plan({**wanted, "source": source}).work() == {}
    wrong = {**source, "checksum": f"sha256:{'0' * 64}"}
    (sentence,) = store.fill({**wanted, "source": wrong})
    assert f"tiny-llama-f32.gguf of {url} came 2 times with another content" in sentence
    assert store.folder("mine") == {"tiny-llama-f32.gguf": entry.content}


def test_a_large_file_comes_in_parts(store, monkeypatch):
    monkeypatch.setattr(store.program("download"), "PART", 10_000_000)
    assert store.fill(store.model(LONG)) == []
    assert [span for name, span, _ in store.asked if name == "model.safetensors" and span] == [
        "bytes=0-9999999",
        "bytes=10000000-19999999",
        "bytes=20000000-25165935",
    ]


def test_only_one_fills_a_directory(store):
    with job.lock(store.models):
        holder = job.holder(store.models)
        assert f"process {os.getpid()} of " in holder
        with (
            pytest.raises(ModelError, match=r"is being filled by process .* wait until that has ended, or end it"),
            job.lock(store.models),
        ):
            pass
    assert job.holder(store.models) is None


def test_every_file_is_looked_into_before_it_is_in_place(store, monkeypatch):
    monkeypatch.setattr(content, "problems", lambda top, paths: ["x is damaged."])
    assert store.fill(store.model(TINY)) == [
        f"{FOLDER} is not a complete model and was not put in place: x is damaged."
    ]
    assert not (store.models / FOLDER).exists()
