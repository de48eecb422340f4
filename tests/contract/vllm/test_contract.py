# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What role, report and dashboards rely on; VLLM_PROGRAM and VLLM_MODEL name a real program and its model."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time

import pytest
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._models import answer

from lab.standins import vllm

REAL, MODEL = os.environ.get("VLLM_PROGRAM"), os.environ.get("VLLM_MODEL")
START_SECONDS = 1800.0 if REAL else 30.0
KEY = "the key of the contract"
NAMES = ["tiny", "small"]


class Vllm:
    """A server with one model."""

    def __init__(self, home, command, model):
        self.home, self.command, self.model = home, command, model
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.process = None

    def start(self, *arguments, **environment):
        known = {"PATH": os.environ["PATH"], "HOME": str(self.home), "VLLM_API_KEY": KEY, "VLLM_STANDIN_CARDS": "1"}
        words = [
            "serve",
            str(self.model),
            "--host",
            "127.0.0.1",
            "--port",
            str(self.port),
            "--served-model-name",
            *NAMES,
        ]
        words += ["--dtype", "auto", "--gpu-memory-utilization", "0.5", "--tensor-parallel-size", "1"]
        words += ["--max-num-seqs", "2", "--max-model-len", "256", *arguments]
        with (self.home / "output").open("ab") as output:
            self.process = subprocess.Popen(
                [*self.command, *words], env={**known, **environment}, stdout=output, stderr=output
            )
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                if self.ask("GET", "/health")[0] == 200:
                    return
            except OSError:
                time.sleep(0.1)

    def ask(self, method, path, body=None, key=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
        headers = {"Content-Type": "application/json", **({"Authorization": f"Bearer {key}"} if key else {})}
        try:
            connection.request(method, path, None if body is None else json.dumps(body), headers)
            reply = connection.getresponse()
            return reply.status, reply.read().decode()
        finally:
            connection.close()


@pytest.fixture
def server(tmp_path):
    command, model = [REAL], MODEL
    if not REAL:
        program = tmp_path / "vllm"
        program.write_bytes(vllm.program())
        command, model = [sys.executable, str(program)], tmp_path / "model"
        model.mkdir()
        (model / "config.json").write_text('{"max_position_embeddings": 2048}')
    made = Vllm(tmp_path, command, model)
    yield made
    if made.process and made.process.poll() is None:
        made.process.kill()
        made.process.wait(60)


@pytest.fixture
def running(server):
    server.start()
    assert server.process.poll() is None, (server.home / "output").read_text()[-2000:]
    return server


def test_health_needs_no_key_and_has_no_body(running):
    assert running.ask("GET", "/health") == (200, "")


@pytest.mark.parametrize("key", [None, "wrong"])
def test_models_and_answers_need_the_key(running, key):
    assert running.ask("GET", "/v1/models", key=key)[0] == 401
    question = {"model": "tiny", "messages": [{"role": "user", "content": "Hi"}]}
    assert running.ask("POST", "/v1/chat/completions", question, key=key)[0] == 401


def test_every_name_is_listed(running):
    status, text = running.ask("GET", "/v1/models", key=KEY)
    assert (status, [model["id"] for model in json.loads(text)["data"]]) == (200, NAMES)
    assert {model["max_model_len"] for model in json.loads(text)["data"]} == {256}


@pytest.mark.parametrize("name", NAMES)
def test_the_model_answers_by_each_name(running, name):
    asked = answer.ask(f"http://127.0.0.1:{running.port}", name, KEY, timeout=120)
    assert asked.answered, asked.sentence


def test_another_model_is_unknown(running):
    asked = answer.ask(f"http://127.0.0.1:{running.port}", "nobody", KEY, timeout=30)
    assert "is not served there (status 404: The model `nobody` does not exist." in asked.sentence


@pytest.mark.parametrize("path", ["/sleep?level=1", "/wake_up", "/reset_prefix_cache", "/collective_rpc"])
def test_what_is_for_development_is_not_there(running, path):
    assert running.ask("POST", path, {}, key=KEY)[0] == 404


def test_figures_that_the_dashboard_shows(running):
    answer.ask(f"http://127.0.0.1:{running.port}", "tiny", KEY, timeout=120)
    status, text = running.ask("GET", "/metrics")
    assert status == 200
    samples = {line.partition("{")[0] for line in text.splitlines() if line.startswith("vllm:")}
    assert samples >= {
        "vllm:num_requests_running",
        "vllm:num_requests_waiting",
        "vllm:kv_cache_usage_perc",
        "vllm:prompt_tokens_total",
        "vllm:generation_tokens_total",
        "vllm:request_success_total",
    }


def test_it_ends_when_it_is_told_to(running):
    running.process.send_signal(signal.SIGTERM)
    assert running.process.wait(90) in {0, -signal.SIGTERM}


def test_the_key_is_in_no_argument(running):
    words = subprocess.run(
        ["ps", "-ww", "-o", "args=", "-p", str(running.process.pid)], capture_output=True, check=True
    )
    assert KEY not in words.stdout.decode()


@pytest.mark.parametrize(
    ("arguments", "environment"),
    [
        ([], {"VLLM_STANDIN_CARDS": "0", "CUDA_VISIBLE_DEVICES": ""}),
        (["--no-such-argument"], {}),
        (["--tensor-parallel-size", "64"], {}),
    ],
    ids=["without a card", "an unknown argument", "over more cards than there are"],
)
def test_it_ends_where_it_cannot_serve(server, arguments, environment):
    server.start(*arguments, **environment)
    assert server.process.poll() not in {None, 0}
