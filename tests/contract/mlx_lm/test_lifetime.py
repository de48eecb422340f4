# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""A life of the service: its start, another revision of the model under load, failures, its end."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import signal
import threading
import time
from pathlib import Path

import pytest

from tests.mlx_front import FOLDER, put_model, write_manifest


class Load:
    """Clients that ask all the time."""

    def __init__(self, service):
        self._service, self._end = service, threading.Event()
        self.wrong, self.served = [], []
        self._threads = [threading.Thread(target=self._ask) for _ in range(3)]

    def _ask(self):
        while not self._end.is_set():
            try:
                status, _, text = self._service.chat(max_tokens=20)
            except OSError as error:
                self.wrong.append(repr(error))
            else:
                self.served.append(json.loads(text).get("system_fingerprint", "").partition("-")[0])
                if status != 200:
                    self.wrong.append(text)

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self._end.set()
        for thread in self._threads:
            thread.join()


def workers(service):
    """Return the processes that have the model."""
    children = Path(f"/proc/{service.process.pid}/task/{service.process.pid}/children").read_text().split()
    return [int(child) for child in children]


@pytest.mark.parametrize("beside", [True, False], ids=["both fit into memory", "one fits into memory"])
def test_another_revision_is_served_without_an_error(make_service, beside):
    service = make_service()
    put_model(service.directory, "first", 1)
    service.start().wait_ready("first")
    with Load(service) as load:
        put_model(service.directory, "second", 2)
        if not beside:
            # As much as no machine has.
            manifest = service.directory / f".manifests/{FOLDER}.json"
            manifest.write_text(json.dumps({**json.loads(manifest.read_text()), "bytes": 10**15}))
        service.wait_ready("second")
        service.wait(lambda: load.served and load.served[-1] == "second")
    assert load.wrong == []
    assert set(load.served) == {"first", "second"}
    assert len(workers(service)) == 1
    assert ("is loaded beside" in service.said()) is beside


def test_a_revision_that_cannot_be_loaded_changes_nothing_for_clients(make_service):
    service = make_service()
    put_model(service.directory, "first", 1)
    service.start().wait_ready("first")
    put_model(service.directory, "broken", 2)
    (service.directory / FOLDER / "config.json").write_text("{}")
    with Load(service) as load:
        write_manifest(service.directory, "broken")
        service.wait(lambda: "revision broken failed: " in service.said())
        time.sleep(1)
    assert load.wrong == []
    assert set(load.served) == {"first"}
    assert service.health()[1]["revision"] == "first"
    # And a new start serves what answered last, while that is there.
    service.stop()
    service.start().wait_ready("previous")
    assert service.metric("mlx_lm_fallback") == 1
    assert service.chat()[0] == 200


def test_waits_for_a_model_that_is_not_there_yet(make_service):
    service = make_service().start()
    service.wait(lambda: service.health()[0] == 503)
    assert "is not on this host yet" in service.health()[1]["sentence"]
    assert service.chat()[0] == 503
    put_model(service.directory, "first", 1)
    service.wait_ready("first")


def test_rests_after_a_few_failures_and_says_why(make_service):
    service = make_service(crash_starts=3)
    put_model(service.directory, "first", 1)
    service.start().wait_ready()
    for number in range(3):
        service.wait(lambda: service.health()[0] == 200)
        (worker,) = workers(service)
        os.kill(worker, signal.SIGKILL)
        service.wait(lambda number=number: service.said().count("killed by signal 9") > number)
    service.wait(lambda: service.health()[1].get("status") == "resting")
    status, _, text = service.chat()
    assert status == 503
    assert "qwen rests after 3 failures" in json.loads(text)["error"]["message"]
    assert service.metric("mlx_lm_resting") == 1
    assert workers(service) == []
    # Another revision is another try.
    put_model(service.directory, "second", 2)
    service.wait_ready("second")


def test_requests_wait_while_the_model_is_loaded(make_service):
    service = make_service()
    put_model(service.directory, "first", 1)
    service.start()
    service.wait(lambda: "revision first is loaded" in service.said())
    assert service.chat()[0] == 200
    assert service.health()[0] == 200


def test_ends_with_its_worker_and_lets_the_model_go(make_service):
    service = make_service()
    put_model(service.directory, "first", 1)
    service.start().wait_ready()
    (worker,) = workers(service)

    def ask():
        with contextlib.suppress(OSError, http.client.HTTPException):
            service.chat(max_tokens=2000)

    threading.Thread(target=ask, daemon=True).start()
    service.wait(lambda: service.metric("mlx_lm_requests_running") == 1)
    assert service.stop() < 10
    assert service.process.returncode == 0
    assert not Path(f"/proc/{worker}").exists()


def test_a_worker_ends_with_its_keeper(make_service):
    service = make_service()
    put_model(service.directory, "first", 1)
    service.start().wait_ready()
    (worker,) = workers(service)
    service.process.kill()
    service.process.wait()
    deadline = time.monotonic() + 20
    while Path(f"/proc/{worker}").exists() and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not Path(f"/proc/{worker}").exists()
