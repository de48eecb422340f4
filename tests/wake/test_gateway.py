# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The gateway as a program of its own, which wakes a host in another network namespace for a request."""

from __future__ import annotations

import concurrent.futures
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from hybrid_cluster.gateway.keys import KeyFile
from tests.wake.test_wake import DIRECTED, LIMITED

CHECKOUT = Path(__file__).parents[2]
BACKEND = str(Path(__file__).with_name("backend.py"))
PORT = 8080
ASK = json.dumps({"model": "small", "messages": [{"role": "user", "content": "hi"}]})


def program(stack, argv, **more):
    process = subprocess.Popen(argv, stdout=subprocess.PIPE, text=True, **more)
    stack.append(process)
    return process


@pytest.fixture
def ask(sleeper, tmp_path):
    """Run the host's backend and the gateway; return what a client gets."""
    started = []
    backend = program(started, sleeper.network.argv("sleeper", sys.executable, BACKEND, str(PORT)))
    assert json.loads(backend.stdout.readline()) == {"listens": True}
    secret = KeyFile(tmp_path / "keys.json").create("test")
    host = {"name": "sleeper", "address": sleeper.address, "mac_address": sleeper.mac_address}
    member = {
        "backend": "llama_cpp",
        "address": f"http://{sleeper.address}:{PORT}",
        "model": "inner",
        "group": "sleeper",
    }
    configuration = {
        "listen": [{"host": "127.0.0.1", "port": 8000}],
        "metrics": {"host": "127.0.0.1", "port": 8001},
        "keys": "keys.json",
        "usage": "usage.json",
        "state": "state.json",
        "models": [{"name": "small", "members": [member]}],
        "groups": [{"name": "sleeper", "hosts": [host], "wake_within": 30}],
    }
    (tmp_path / "gateway.json").write_text(json.dumps(configuration))
    argv = [sys.executable, "-m", "hybrid_cluster.gateway", str(tmp_path / "gateway.json")]
    environment = {**os.environ, "PYTHONPATH": str(CHECKOUT / "src")}
    program(started, sleeper.network.argv("manager", *argv), env=environment)

    def curl(*words):
        done = subprocess.run(
            sleeper.network.argv("manager", "curl", "--silent", "--show-error", "--max-time", "60", *words),
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    header = tmp_path / "header"
    header.write_text(f"Authorization: Bearer {secret}\n")
    listens = ["--retry", "60", "--retry-delay", "1", "--retry-connrefused", "http://127.0.0.1:8001/metrics"]
    assert "hybrid_gateway_" in curl(*listens)
    yield lambda path, *words: curl("--header", f"@{header}", f"http://127.0.0.1:{path}", *words)
    for process in reversed(started):
        process.terminate()
        process.wait(timeout=30)


def test_ten_requests_wake_a_host_by_real_packets_once(sleeper, ask):
    sleeper.sleep(misses=6)
    with concurrent.futures.ThreadPoolExecutor(10) as clients:
        found = list(clients.map(lambda _: ask("8000/v1/chat/completions", "--data", ASK), range(10)))
    assert [json.loads(text)["choices"][0]["message"]["content"] for text in found] == ["hi"] * 10
    packets = sleeper.heard()
    assert len(packets) > 6
    assert {packet["to"] for packet in packets} >= {DIRECTED, LIMITED}
    figures = ask("8001/metrics")
    assert 'wakes_total{group="sleeper",result="woken"} 1' in figures
