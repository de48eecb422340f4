# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What is refused before the first byte, each with its sentence, and what is worked out from the table."""

from __future__ import annotations

import os
from types import SimpleNamespace

import pytest
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._models import hub as hubs
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._models import plan
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._models.errors import ModelError

from lab.standins.model_hub import repositories
from lab.standins.model_hub.faults import Fault

TINY = "lab/tiny-llama"


def refused(store, *models):
    with pytest.raises(ModelError) as caught:
        store.plan(*models)
    assert not [one for one in store.hub.state.requests if one.range], "a byte was fetched"
    return str(caught.value)


@pytest.mark.parametrize(
    ("name", "changes", "token", "sentence"),
    [
        pytest.param(
            "lab/gated",
            {"license": "llama3.2"},
            None,
            "lab--gated: lab/gated is gated and there is no token: accept its terms at {hub}/lab/gated, make a token"
            " for reading there and set model_store_token.",
            id="gated without a token",
        ),
        pytest.param(
            "lab/gated",
            {"license": "llama3.2"},
            repositories.STRANGER,
            "lab--gated: lab/gated is gated and the token in model_store_token has no access to it: accept its terms at"
            " {hub}/lab/gated with the account of that token.",
            id="token without access",
        ),
        pytest.param(
            TINY,
            {},
            "hf_mistyped",
            "lab--tiny-llama: {hub} does not accept the token in model_store_token: it is mistyped or revoked; make"
            " another one.",
            id="token that is none",
        ),
        pytest.param(
            "lab/licensed",
            {},
            None,
            "lab--licensed: lab/licensed is under the licence gemma, which is none of model_store_accepted_licenses:"
            " read it at {hub}/lab/licensed and, where you accept it, write license: gemma at the model in"
            " cluster_models.",
            id="licence not named",
        ),
        pytest.param(
            "lab/unlicensed",
            {},
            None,
            "lab--unlicensed: lab/unlicensed names no licence, which is none of model_store_accepted_licenses: read"
            " it at {hub}/lab/unlicensed and, where you accept it, write license: unknown at the model in"
            " cluster_models.",
            id="no licence",
        ),
        pytest.param(
            TINY,
            {"source": {"revision": "0" * 40}},
            None,
            f"lab--tiny-llama: {TINY} has no commit {'0' * 40} at {{hub}}: write another one as its revision.",
            id="no such commit",
        ),
        pytest.param(
            TINY,
            {"source": {"repository": "lab/nobody"}},
            None,
            "lab--tiny-llama: {hub} has no repository lab/nobody, or it is private and needs model_store_token: look"
            " for its name at {hub}/lab/nobody.",
            id="no such repository",
        ),
        pytest.param(
            "faults/unfinished",
            {},
            None,
            "faults--unfinished: model.safetensors.index.json of faults/unfinished at ee05518d676a names"
            " model-00002-of-00002.safetensors, which the repository lacks.",
            id="an index that names what is absent",
        ),
        pytest.param(
            "lab/tiny-llama-gguf",
            {"format": "gguf", "source": {"files": ["*q4*.gguf"]}},
            None,
            "lab--tiny-llama-gguf: lab/tiny-llama-gguf at dd923f4d520e has no file *q4*.gguf; it has README.md,"
            " tiny-llama-f32.gguf, tiny-other-f32.gguf: correct its files.",
            id="a pattern that means nothing",
        ),
        pytest.param(
            "lab/tiny-llama-gguf",
            {},
            None,
            "lab--tiny-llama-gguf: lab/tiny-llama-gguf at dd923f4d520e has no safetensors files: write its files, or"
            " take a repository that has some.",
            id="no safetensors",
        ),
        pytest.param(
            "faults/limited",
            {},
            None,
            "faults--limited: {hub} answers faults/limited with 429, too many requests. It asks to wait 1 seconds."
            " Repeat the run later.",
            id="429",
        ),
    ],
)
def test_what_cannot_be_fetched_is_refused_before_the_first_byte(store, name, changes, token, sentence):
    store.token = token
    assert refused(store, store.model(name, **changes)) == sentence.format(hub=store.hub.url)


def test_all_that_is_wrong_is_said_at_once(store):
    said = refused(store, store.model("lab/licensed"), store.model("lab/gated", license="llama3.2"), store.model(TINY))
    assert "the licence gemma" in said
    assert "lab/gated is gated" in said


def test_what_a_token_opens_is_planned(store):
    store.token = repositories.GRANTED
    assert len(store.plan(store.model("lab/gated", license="LLaMA3.2")).fetch) == 1


def test_a_hub_that_is_away_is_one_sentence(store, time):
    wanted, _ = plan.merge([store.model(TINY)])
    before = time.now()
    with pytest.raises(ModelError) as caught:
        plan.make(
            store.models, [plan.look(store.models, wanted[0])], [], hubs.Hub("http://127.0.0.1:1"), ("apache-2.0",)
        )
    assert str(caught.value) == (
        f"lab--tiny-llama: http://127.0.0.1:1 does not answer (Connection refused), so {TINY} cannot be fetched: give"
        " this host a way to it, or set model_store_endpoint to a mirror."
    )
    assert time.now() - before == sum(hubs.PAUSES)


def test_a_hub_that_is_busy_for_a_moment_is_asked_again(store, time):
    store.hub.state.faults.default[TINY] = Fault("limited", seconds=5, times=2)
    before = time.now()
    assert len(store.plan(store.model(TINY)).fetch) == 1
    assert time.now() - before == 10


def test_a_hub_that_wants_a_long_wait_is_not_waited_for(store, time):
    store.hub.state.faults.default[TINY] = Fault("limited", seconds=300)
    before = time.now()
    assert "It asks to wait 300 seconds." in refused(store, store.model(TINY))
    assert time.now() == before


def test_something_else_than_a_hub(store, monkeypatch):
    monkeypatch.setattr(hubs.Hub, "_get", lambda *_: (b"<html>", {}))
    assert "model_store_endpoint has to be the address of a model hub" in refused(store, store.model(TINY))


def test_the_token_is_given_to_the_hub_alone(store):
    """A redirect to another port is one to another site."""
    store.token = repositories.GRANTED
    hub = hubs.Hub(store.hub.url, store.token)
    revision = store.hub.state.catalogue["faults/elsewhere"].head
    assert len(hub.content("faults/elsewhere", revision, "model.safetensors")) > 24 << 20
    path = f"/faults/elsewhere/resolve/{revision}/model.safetensors"
    asked = {one.path.partition(path)[0]: one.token for one in store.hub.state.requests}
    assert asked == {"": store.token, "/cdn": None}


def test_listings_of_several_pages_are_read_whole(store, monkeypatch):
    pages = {
        "first": (b'[{"type": "file", "path": "a", "size": 1, "oid": "x"}]', {"Link": '<second>; rel="next"'}),
        "second": (b'[{"type": "directory", "path": "d"}, {"type": "file", "path": "d/b", "size": 2, "oid": "y"}]', {}),
    }
    monkeypatch.setattr(hubs.Hub, "_get", lambda self, url, *_: pages["second" if url == "second" else "first"])
    assert [file.path for file in hubs.Hub("http://hub").files("a/b", "c")] == ["a", "d/b"]


@pytest.mark.parametrize(
    ("said", "named"),
    [
        ({"cardData": {"license": "mit"}}, "mit"),
        ({"cardData": {"license": ["mit", "apache-2.0"]}}, "apache-2.0, mit"),
        ({"cardData": {"license": "other", "license_name": "acme-1"}}, "acme-1"),
        ({"tags": ["x", "license:mit"]}, "mit"),
        ({"cardData": None, "tags": None}, "unknown"),
        ({"cardData": {"license": "\x1b[2J"}}, "'\\x1b[2J'"),
    ],
)
def test_licences_as_hubs_name_them(store, monkeypatch, said, named):
    monkeypatch.setattr(hubs.Hub, "_json", lambda *_: said)
    assert hubs.Hub("http://hub").information("a/b", "c").license == named


def test_a_full_disk_is_refused_with_both_numbers(store, monkeypatch):
    monkeypatch.setattr(os, "statvfs", lambda path: SimpleNamespace(f_bavail=3 << 20, f_frsize=1024))
    plan.check_disk(store.models, 1 << 30, 2 << 30)
    plan.check_disk(store.models, 0, 500 << 30)
    with pytest.raises(ModelError) as caught:
        plan.check_disk(store.models / "not/there", 5 << 30, 2 << 30)
    assert str(caught.value).startswith(
        f"The disk of {store.models}/not/there has 3.0 GB free and needs 7.0 GB: 5.0 GB for models and 2.0 GB that"
    )


@pytest.mark.parametrize(
    ("others", "sentence"),
    [
        pytest.param(
            [{"name": "b", "source": {"revision": "0" * 40}}],
            "a and b share the folder lab--tiny-llama and come from different sources or revisions: give them the"
            " same.",
            id="two revisions",
        ),
        pytest.param(
            [{"name": "b", "source": {"files": ["x"]}}],
            "a and b share the folder lab--tiny-llama: write files for each of them, or for none.",
            id="files of one",
        ),
        pytest.param(
            [{"name": "b", "folder": "lab--b", "format": "gguf"}],
            "b has the format gguf and no files: write which file of its repository is meant.",
            id="gguf without files",
        ),
        pytest.param(
            [{"name": "b", "folder": "b", "source": {"repository": None, "url": "https://x/y.gguf"}}],
            "The checksum of https://x/y.gguf is ''; write sha256: and 64 hexadecimal digits.",
            id="an address without a checksum",
        ),
        pytest.param(
            [{"name": "b", "folder": "../b"}],
            "../b is not a valid name for the folder of a model.",
            id="a folder outside",
        ),
    ],
)
def test_what_contradicts_itself_is_refused(store, others, sentence):
    with pytest.raises(ModelError) as caught:
        plan.merge([store.model(TINY, name="a"), *(store.model(TINY, **other) for other in others)])
    assert str(caught.value) == sentence


@pytest.mark.parametrize(
    ("files", "sentence"),
    [
        pytest.param({}, "holds no file: attach its disk, or correct source.path.", id="nothing there"),
        pytest.param({".git/HEAD": b"x"}, "holds no file: attach its disk", id="nothing but what is hidden"),
        pytest.param(
            {"model.gguf": repositories.models.gguf(1)[:-9]},
            "is not a complete model: model.gguf has 747927 bytes and should have 747936 bytes, as its own header",
            id="cut off",
        ),
        pytest.param(
            {"model.safetensors": repositories.pointer(repositories.Entry("model.safetensors", b"x" * 9999))},
            "is not a complete model: model.safetensors is a pointer of Git LFS with 129 bytes and should have 9999",
            id="pointer",
        ),
        pytest.param({"A.gguf": b"", "a.gguf": b""}, "which are one on a Mac", id="one name on a Mac"),
    ],
)
def test_a_path_that_is_no_model_is_refused(store, tmp_path, files, sentence):
    for name, data in files.items():
        (tmp_path / "brought" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "brought" / name).write_bytes(data)
    wanted = {"name": "m", "folder": "m", "source": {"path": str(tmp_path / "brought")}, "state": "present"}
    assert sentence in refused(store, wanted)


def test_what_is_begun_counts(store):
    old, new = store.hub.state.catalogue[TINY].commits
    model = store.model(TINY)
    size = store.plan(model).missing
    assert size == sum(map(len, store.at_hub(TINY).values()))
    staging = store.models / ".incoming" / f"lab--tiny-llama@{new}"
    staging.mkdir(parents=True)
    (staging / "tokenizer.json.partial").write_bytes(b"x" * 1000)
    assert store.plan(model).missing == size - 1000
    store.fill(store.model(TINY, source={"revision": old}))
    # Names that git has for unchanged files are not known here: they are counted, and linked then.
    assert store.plan(model).missing == size


@pytest.mark.parametrize(
    ("work", "other", "covered"),
    [
        ({"fetch": [1, 2]}, {"fetch": [2]}, True),
        ({"fetch": [1]}, {"fetch": [2]}, False),
        ({"fetch": [1], "remove": ["a"]}, {"fetch": [1], "remove": ["a"]}, True),
        ({"fetch": [1]}, {"fetch": [1], "remove": ["a"]}, False),
        ({"aside": {"a": ["x"]}}, {"aside": {"a": ["x", "y"]}}, False),
    ],
)
def test_work_that_is_being_done_is_not_ordered_again(work, other, covered):
    assert plan.covers(work, other) is covered
