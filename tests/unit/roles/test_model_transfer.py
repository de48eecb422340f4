# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Whom a host asks for a model, and what it makes of its job. That it arrives is tested in tests/chain."""

from __future__ import annotations

import importlib
import socket
import sys
import threading
from pathlib import Path

import pytest

FILES = Path(__file__).parents[3] / "roles/model_files/files"
MANIFEST = {
    "version": 1,
    "folder": "org--model",
    "source": {},
    "revision": "a" * 40,
    "files": [{"path": "a/b.bin", "size": 3, "sha256": "0" * 64}],
    "bytes": 3,
}
JOB = {
    "version": 1,
    "host": "two",
    "models_directory": "/srv/models",
    "state_directory": "/var/lib/hybrid-ai",
    "listen": ["10.0.0.2"],
    "port": 8099,
    "allowed": ["10.0.0.1"],
    "folders": [{"manifest": MANIFEST, "holders": [{"host": "one", "addresses": ["10.0.0.1"]}]}],
    "token": "t",
}


@pytest.fixture(scope="module")
def library():
    """Return a function that imports a part of the program."""
    sys.path.insert(0, str(FILES))
    yield lambda name: importlib.import_module(f"model_transfer.{name}")
    sys.path.remove(str(FILES))


@pytest.fixture
def holders(library):
    return library("holders")


@pytest.fixture
def choice(library, holders):
    holder = library("job").Holder
    listed = [holder("one", ("10.0.0.1", "10.66.64.1")), holder("two", ("10.0.0.2",)), holder("store", ("10.0.0.9",))]
    return holders.Choice(listed, since=100.0, heard=100.0)


def test_a_host_that_has_never_answered_is_waited_for_longer_than_one_that_is_lost(holders, choice):
    assert not choice.apart(119.9, holders.Answer.NOTHING)
    assert choice.holder.host == "one"
    assert choice.apart(120.0, holders.Answer.NOTHING)
    assert choice.holder.host == "two"
    choice.connected(125.0)
    assert not choice.apart(128.9, holders.Answer.NOTHING)
    assert choice.apart(129.0, holders.Answer.NOTHING)
    assert choice.holder.host == "store"
    choice.connected(130.0)
    # After the last one it is the first one's turn again.
    assert choice.apart(134.0, holders.Answer.NOTHING)
    assert choice.holder.host == "one"


def test_a_host_that_still_reads_what_it_has_is_waited_for(holders, choice):
    choice.busy_seconds = 300.0
    assert not choice.apart(399.0, holders.Answer.BUSY)
    assert choice.silent_seconds(399.0) == 0
    assert choice.apart(400.0, holders.Answer.BUSY)


def test_the_only_holder_is_kept(library, holders):
    holder = library("job").Holder("store", ("10.0.0.9",))
    choice = holders.Choice([holder], since=0.0)
    assert not choice.apart(1000.0, holders.Answer.NOTHING)
    assert choice.silent_seconds(1000.0) == 1000.0
    assert choice.sentence("org--model", "one", 8099).startswith(
        "one gets nothing of org--model: store (10.0.0.9), the one before it, does not answer at port 8099. Look"
    )


def test_the_sentence_names_everybody_who_was_asked(choice):
    assert (
        "one (10.0.0.1 and 10.66.64.1), the one before it, does not answer at port 8099 and neither do the others that "
        "have it: two, store."
    ) in choice.sentence("org--model", "three", 8099)


@pytest.mark.parametrize(
    ("says", "expected"),
    [
        pytest.param(b"\x13BitTorrent protocol", "READY", id="it has it"),
        pytest.param(b"", "BUSY", id="it hangs up"),
        pytest.param(None, "NOTHING", id="it is frozen"),
    ],
)
def test_only_a_word_of_the_program_counts(holders, says, expected):
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer():
            connection, _ = server.accept()
            with connection:
                connection.recv(100)
                connection.sendall(says)

        if says is not None:
            threading.Thread(target=answer, daemon=True).start()
        port = server.getsockname()[1]
        assert holders.ask("127.0.0.1", port, bytes(20), seconds=0.3) is holders.Answer[expected]
    assert holders.ask("127.0.0.1", port, bytes(20), seconds=0.3) is holders.Answer.NOTHING


def test_a_job_is_what_was_written(library):
    job = library("job").parse(JOB)
    assert (job.folders[0].name, job.folders[0].paths, job.folders[0].size) == ("org--model", ["a/b.bin"], 3)
    assert (job.plain, job.bytes_per_second, job.folders[0].torrent) == (False, 0, None)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        pytest.param({"version": 2}, "The job is of version 2, not 1; run models.yml again.", id="of another version"),
        pytest.param({"folders": None}, "The job cannot be understood: TypeError", id="no list"),
        pytest.param(
            {"folders": [{"manifest": {**MANIFEST, "files": [{**MANIFEST["files"][0], "path": "../x"}]}}]},
            "../x is not a valid name inside the folder of a model.",
            id="a path that leads out",
        ),
        pytest.param(
            {"folders": [{"manifest": {**MANIFEST, "folder": "../x"}}]},
            "../x is not a valid name for the folder of a model.",
            id="a folder that leads out",
        ),
    ],
)
def test_a_job_that_is_none_is_a_sentence(library, change, sentence):
    job = library("job")
    with pytest.raises(job.TransferError) as caught:
        job.parse({**JOB, **change})
    assert sentence in str(caught.value)


def test_pieces_grow_with_the_model(library):
    length = library("torrents").piece_length
    assert [length(size) >> 10 for size in (1, 512 << 20, 1 << 30, 8 << 30, 200 << 30)] == [256, 256, 512, 4096, 16384]
