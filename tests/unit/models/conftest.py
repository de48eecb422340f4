# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""A hub on this machine, and the program that fetches, with a client of the standard library in place of the real."""

from __future__ import annotations

import http.client
import importlib
import os
import sys
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.hybrid_ai.cluster.plugins.module_utils import _wait
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._models import hub as hubs
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._models import manifest, plan

from lab.standins.model_hub import server
from lab.standins.model_hub.faults import Faults
from tests.unit.plugins.harness import Clock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import ModuleType

PROGRAM = Path(__file__).parents[3] / "roles/model_store/files"
ACCEPTED = ("apache-2.0", "mit")


@pytest.fixture(scope="session")
def program() -> Iterator[Callable[[str], ModuleType]]:
    """Import a file of the program."""
    sys.path.insert(0, str(PROGRAM))
    yield lambda name: importlib.import_module(f"model_fetch.{name}")
    sys.path.remove(str(PROGRAM))


@pytest.fixture
def time(monkeypatch, program) -> Clock:
    """Wait without waiting."""
    # A busy disk takes seconds for it.
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)
    clock = Clock()
    monkeypatch.setattr(_wait, "sleep", clock.sleep)
    monkeypatch.setattr(program("download"), "now", clock.now)
    monkeypatch.setattr(program("download"), "sleep", clock.sleep)
    return clock


@pytest.fixture(scope="session")
def one_hub() -> server.HubServer:
    """A hub for all tests, since it takes a moment to generate what it has."""
    return server.start()


@pytest.fixture
def hub(one_hub, time) -> server.HubServer:
    """The hub, with nothing asked and nothing wrong."""
    one_hub.state.requests = []
    one_hub.state.faults = Faults()
    return one_hub


class Client:
    """Asks as the real client does, in a few lines; tests/contract/model_hub holds the real one to the same."""

    def __init__(self, program: Callable[[str], ModuleType], endpoint: str, token: str | None = None) -> None:
        self._parts, self._endpoint, self._token = program("client"), endpoint, token
        self.before: Callable[[Any], None] = lambda address: None

    def get(self, address: Any, file: Any, have: int, stop: int | None) -> None:
        self.before(address)
        url = address.url or f"{self._endpoint}/{address.repository}/resolve/{address.revision}/{address.path}"
        headers = {} if stop is None and not have else {"Range": f"bytes={have}-{'' if stop is None else stop - 1}"}
        if self._token and not address.url:
            headers["Authorization"] = f"Bearer {self._token}"
        try:
            with hubs.open_directly(urllib.request.Request(url, headers=headers)) as answer:
                while data := answer.read1(1 << 16):
                    file.write(data)
                if answer.length:
                    raise self._parts.LaterError("cut off")
        except urllib.error.HTTPError as error:
            with error:
                if error.code == 416:
                    raise self._parts.ShortError from None
                if error.code in hubs.BUSY:
                    wait = int(error.headers.get("Retry-After", "0"))
                    raise self._parts.LaterError(f"answered {error.code}", wait) from None
                asked = hubs.Asked(self._endpoint, address.repository, address.revision, self._token is not None)
                raise self._parts.RefusedError(asked.refused(error.code, dict(error.headers.items()))) from None
        except (urllib.error.URLError, http.client.HTTPException, ConnectionError) as error:
            raise self._parts.LaterError(hubs.reason(error)) from None


@dataclass
class Store:
    """A directory of models, the hub it is filled from, and the program that fills it."""

    models: Path
    hub: server.HubServer
    program: Callable[[str], ModuleType]
    token: str | None = None
    endpoint: str = ""
    patience: float = 60.0
    accepted: tuple[str, ...] = ACCEPTED
    before: Callable[[Any], None] = lambda address: None
    received: int = 0

    def model(self, repository: str, **changes: Any) -> dict[str, Any]:
        """Return an entry of the table for a repository of the hub, at its newest commit."""
        source = {"repository": repository, "revision": self.hub.state.catalogue[repository].head, "files": []}
        source |= changes.pop("source", {})
        folder = repository.replace("/", "--")
        return {
            "name": folder,
            "folder": folder,
            "format": "safetensors",
            "source": source,
            "state": "present",
        } | changes

    def plan(self, *models: dict[str, Any]) -> plan.Plan:
        wanted, absent = plan.merge(models, "here")
        found = [plan.look(self.models, one) for one in wanted]
        return plan.make(self.models, found, absent, hubs.Hub(self.hub.url, self.token), self.accepted)

    def fill(self, *models: dict[str, Any]) -> list[str]:
        """Plan and do the work; return the sentences of what failed."""
        return self.run(self.plan(*models).work())

    def run(self, work: dict[str, Any]) -> list[str]:
        progress = self.program("progress").Progress(self.models.parent / "state.json", "job")
        client = Client(self.program, self.endpoint or self.hub.url, self.token)
        client.before = self.before
        try:
            found: list[str] = self.program("work").run(work, self.models, client, progress, self.patience)
        finally:
            self.received = progress.received
        return found

    def folder(self, name: str) -> dict[str, bytes]:
        """Return the files of a folder."""
        top = self.models / name
        return {path: (top / path).read_bytes() for path in manifest.walk(top)}

    def at_hub(self, name: str, revision: str | None = None) -> dict[str, bytes]:
        """Return the files of a repository that serving needs."""
        repository = self.hub.state.catalogue[name]
        files = repository.commits[revision or repository.head]
        return {path: entry.content for path, entry in files.items() if path != "README.md"}

    @property
    def asked(self) -> list[tuple[str, str | None, int]]:
        """What was asked for: the last part of each path, the range and the status."""
        return [(one.path.rpartition("/")[2], one.range, one.status) for one in self.hub.state.requests]


@pytest.fixture
def store(tmp_path, hub, program) -> Store:
    (tmp_path / "models").mkdir()
    return Store(tmp_path / "models", hub, program)
