# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The program under test: the stand-in, or the real Ollama when OLLAMA_PROGRAM names its bin/ollama."""

from __future__ import annotations

import http.client
import json
import os
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._models import manifest as manifests
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._ollama import plan as plans
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._ollama import store

from lab.standins.ollama import archive
from tests import llama_cpp_models

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

REAL = os.environ.get("OLLAMA_PROGRAM")
START_SECONDS = 120.0 if REAL else 30.0
SETTINGS = {"OLLAMA_NO_CLOUD": "1", "OLLAMA_NOPRUNE": "1", "OLLAMA_KEEP_ALIVE": "-1"}


@dataclass
class Ollama:
    """A server with a store of models and a home of its own."""

    home: Path
    models: Path
    port: int
    command: list[str]
    process: subprocess.Popen[bytes] | None = None

    @property
    def store(self) -> str:
        return str(self.models / ".ollama")

    def give(self, *models: Mapping[str, Any]) -> plans.Plan:
        """Have the store hold models of the directory and no others."""
        plan = plans.Plan()
        for model in models:
            manifest = manifests.read(self.models, model["folder"])
            assert manifest is not None
            plans.add(plan, model, manifest, self.models)
        store.bring(self.store, store.read(self.store), plan)
        return plan

    def start(self) -> None:
        environment = {
            **SETTINGS,
            "PATH": os.environ["PATH"],
            "HOME": str(self.home),
            "OLLAMA_HOST": f"127.0.0.1:{self.port}",
            "OLLAMA_MODELS": self.store,
        }
        with (self.home / "output").open("ab") as output:
            argv = [*self.command, "serve"]
            self.process = subprocess.Popen(argv, env=environment, stdout=output, stderr=output)
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                self.ask("GET", "/api/version")
            except OSError:
                time.sleep(0.1)
            else:
                return
        raise AssertionError((self.home / "output").read_text()[-2000:])

    def stop(self) -> int:
        assert self.process
        self.process.terminate()
        return self.process.wait(30)

    def ask(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
        try:
            connection.request(method, path, None if body is None else json.dumps(body))
            answer = connection.getresponse()
            text = answer.read()
        finally:
            connection.close()
        is_json = "json" in (answer.headers["Content-Type"] or "")
        return answer.status, json.loads(text) if is_json else text.decode()


@pytest.fixture(scope="session")
def command(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    if REAL:
        return [REAL]
    program = tmp_path_factory.mktemp("program") / "ollama"
    program.write_bytes(archive.program("linux"))
    return [sys.executable, str(program)]


@pytest.fixture
def ollama(tmp_path: Path, command: list[str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Ollama]:
    """An Ollama that is not started, beside two models that it has not."""
    monkeypatch.setattr(os, "fchown", lambda *_: None)  # root is whoever runs this
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    made = Ollama(tmp_path / "home", tmp_path / "models", port, command)
    made.home.mkdir()
    for folder, seed in llama_cpp_models.SEEDS.items():
        llama_cpp_models.write(made.models, folder, seed)
    yield made
    if made.process:
        made.process.kill()
        made.process.wait(30)
