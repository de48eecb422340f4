# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The program that hosts run, with the real huggingface_hub: what tests/unit/models proves with a client of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._models import hub as hubs
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._models import job, manifest, plan

from lab.standins.model_hub import repositories
from lab.standins.model_hub.faults import Fault
from tests.contract.model_hub.conftest import ROOT, Hub, needs_stand_in

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = needs_stand_in
SECONDS = 120.0
LONG_SIZE = repositories.LONG_BYTES + 112


@dataclass
class Store:
    """A directory of models and the program."""

    python: str
    hub: Hub
    place: Path
    token: str = ""

    @property
    def models(self) -> Path:
        return self.place / "models"

    @property
    def state(self) -> job.State:
        path = self.place / "state.json"
        return job.read_state(path.read_bytes() if path.exists() else None)

    def order(self, repository: str, **changes: Any) -> None:
        """Write down the work for a repository."""
        source = {"repository": repository, "revision": self.hub.state.catalogue[repository].head, "files": []}
        model = {"name": "m", "folder": repository.replace("/", "--"), "source": source, "license": "llama3.2"}
        wanted, absent = plan.merge([{**model, **changes}])
        found = [plan.look(self.models, one) for one in wanted]
        hub = hubs.Hub(self.hub.url, self.token or None)
        work = plan.make(self.models, found, absent, hub, ["apache-2.0"]).work()
        (self.place / "work.json").write_text(json.dumps({**work, "endpoint": self.hub.url, "job": "job.1"}))
        self.hub.state.requests.clear()

    def start(self, patience: float = 1.0) -> subprocess.Popen[str]:
        options = {"work": "work.json", "models": "models", "state": "state.json", "state-directory": "var"}
        words = [f"--{name}={self.place / path}" for name, path in options.items()]
        environment = {
            "PATH": os.defpath,
            "PYTHONPATH": f"{ROOT / 'collections'}:{ROOT / 'roles/model_store/files'}",
            "HF_HOME": str(self.place / "home"),
            "HF_TOKEN": self.token,
            # Who sets a proxy for everything does not set it for this.
            "https_proxy": "http://127.0.0.1:1",
            "http_proxy": "http://127.0.0.1:1",
        }
        argv = [self.python, "-m", "model_fetch", *words, f"--patience={patience}"]
        return subprocess.Popen(argv, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    def run(self, patience: float = 1.0) -> int:
        process = self.start(patience)
        said, _ = process.communicate(timeout=SECONDS)
        assert "Traceback" not in said, said
        return process.returncode

    def spans(self, name: str) -> list[tuple[str | None, int]]:
        return [(one.range, one.status) for one in self.hub.state.requests if one.path.endswith(f"/{name}")]


@pytest.fixture
def store(python, hub, tmp_path) -> Store:
    (tmp_path / "models").mkdir()
    hub.state.faults.default.clear()
    return Store(python, hub, tmp_path)


def test_a_model_is_fetched_whole_and_asked_for_once(store):
    store.order("lab/tiny-llama")
    assert store.run() == 0
    assert (store.state.state, store.state.done, store.state.total) == ("done", 739869, 739869)
    found = manifest.read(store.models, "lab--tiny-llama")
    assert manifest.check(store.models, found, hash=True) == []
    assert len(store.hub.state.requests) == len(found.files)
    assert {one.status for one in store.hub.state.requests} == {206}
    store.hub.state.requests.clear()
    assert store.run() == 0
    assert store.hub.state.requests == []


def test_a_download_that_was_killed_goes_on_where_it_was(store):
    store.hub.state.faults.default["lab/long"] = Fault("slow", rate=8_000_000)
    store.order("lab/long")
    process = store.start()
    deadline = time.monotonic() + SECONDS
    while not (have := sum(path.stat().st_size for path in store.models.rglob("*.partial"))) >= 8 << 20:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    assert job.holder(store.models).startswith(f"process {process.pid} of ")
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert job.holder(store.models) is None
    sent = store.hub.state.requests[-1].sent
    have = sum(path.stat().st_size for path in store.models.rglob("*.partial"))
    # Of what was sent, less than a piece and what lay in buffers is lost.
    assert sent - have < 8 << 20
    store.hub.state.faults.default.clear()
    store.hub.state.requests.clear()
    assert store.run() == 0
    assert store.spans("model.safetensors") == [(f"bytes={have}-{LONG_SIZE - 1}", 206)]
    assert store.state.received == LONG_SIZE - have
    assert manifest.check(store.models, manifest.read(store.models, "lab--long"), hash=True) == []


def test_a_connection_that_is_cut_loses_less_than_a_piece(store):
    store.order("faults/cut")
    assert store.run() == 0
    first, second = store.spans("model.safetensors")
    assert first == (f"bytes=0-{LONG_SIZE - 1}", 206)
    assert second == (f"bytes={15_000_000 // (1 << 20) * (1 << 20)}-{LONG_SIZE - 1}", 206)


@pytest.mark.parametrize(
    ("repository", "sentence"),
    [
        ("faults/wrong-hash", "came 2 times with another content than it should have"),
        ("faults/half", "has 178 kB and should have 356 kB, as its listing says"),
        ("faults/pointer", "is a pointer of Git LFS with 131 bytes and should have 356 kB"),
        ("faults/cloned", "is not a complete model and was not put in place"),
    ],
)
def test_what_is_wrong_is_one_sentence(store, repository, sentence):
    store.order(repository)
    assert store.run() == 1
    (found,) = store.state.sentences
    assert sentence in found
    assert manifest.read(store.models, repository.replace("/", "--")) is None


def test_a_busy_hub_is_asked_again(store):
    """huggingface_hub itself gives up at the first 503."""
    store.hub.state.faults.default["lab/tiny-llama"] = Fault("busy", times=2)
    store.order("lab/tiny-llama")
    assert store.run() == 0
    assert [status for _, status in store.spans("model-00001-of-00002.safetensors")] == [503, 503, 206]


def test_a_hub_that_is_gone_is_a_sentence_and_nothing_is_lost(store):
    store.order("lab/tiny-llama")
    work = json.loads((store.place / "work.json").read_text())
    (store.place / "work.json").write_text(json.dumps({**work, "endpoint": "http://127.0.0.1:1"}))
    assert store.run(patience=0.02) == 1
    (found,) = store.state.sentences
    assert "lab/tiny-llama gave no byte of config.json within 0 minutes (ConnectError" in found


def test_a_token_opens_a_gated_model_and_is_given_to_nobody_else(store):
    store.token = repositories.GRANTED
    for repository in ("lab/gated", "faults/elsewhere"):
        store.order(repository)
        assert store.run() == 0
        elsewhere = [one for one in store.hub.state.requests if one.path.startswith("/cdn/")]
        assert bool(elsewhere) == (repository == "faults/elsewhere")
        assert {one.token for one in elsewhere} <= {None}
    assert repositories.GRANTED not in (store.place / "state.json").read_text()


def test_a_token_that_was_taken_back(store):
    store.token = repositories.GRANTED
    store.order("lab/gated")
    store.token = repositories.STRANGER
    assert store.run() == 1
    assert "the token in model_store_token has no access to it" in store.state.sentences[0]


def test_two_at_once(store):
    store.order("lab/tiny-llama")
    with job.lock(store.models):
        process = store.start()
        said, _ = process.communicate(timeout=SECONDS)
    assert process.returncode == 2
    assert f"is being filled by process {os.getpid()} of " in said
    # The one that goes on is not spoken for.
    assert store.state.state == ""


def test_a_disk_that_is_away(store):
    store.order("lab/tiny-llama")
    (store.place / "var").mkdir()
    memory = {"directory": str(store.models), "point": "/mnt/models", "device": "/dev/sdb1", "marker": "x"}
    (store.place / "var/models_disk.json").write_text(json.dumps(memory))
    assert store.run() == 1
    assert "lies on the disk /dev/sdb1, which is not mounted" in store.state.sentences[0]
    assert list(store.models.iterdir()) == []
