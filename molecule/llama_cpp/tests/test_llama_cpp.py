# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Two models answer at the port they are given, by each of their names, with the key and without it not at all."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tests.lab_hosts import lab_hosts

testinfra_hosts = lab_hosts("gpu1")
URL = "http://10.66.1.20:8180"


def key() -> str:
    place = Path("/run/hybrid-lab") / os.environ["LAB_NAME"] / ".secrets/model_api_key"
    return place.read_text(encoding="utf-8").strip()


def ask(host, path: str, body: dict | None = None) -> dict:
    data = f"--json '{json.dumps(body)}'" if body else ""
    return json.loads(host.check_output(f"curl -s -H 'Authorization: Bearer {key()}' {data} '{URL}{path}'"))


@pytest.mark.parametrize("name", ["tiny:a", "small", "tiny-b"])
def test_a_model_answers_by_each_of_its_names(host, name):
    question = {"model": name, "messages": [{"role": "user", "content": "Hello"}], "max_tokens": 3}
    assert ask(host, "/v1/chat/completions", question)["usage"]["completion_tokens"] >= 1


def test_both_are_loaded_and_bear_their_revision(host):
    models = {model["id"]: model for model in ask(host, "/v1/models")["data"]}
    assert {name: model["status"]["value"] for name, model in models.items()} == {
        "tiny--a": "loaded",
        "tiny-b": "loaded",
    }
    manifest = json.loads(host.file("/opt/models/.manifests/tiny-b.json").content_string)
    assert manifest["revision"] in models["tiny-b"]["tags"]


@pytest.mark.parametrize("path", ["/v1/models", "/metrics?model=tiny-b", "/props"])
def test_nobody_gets_in_without_the_key(host, path):
    assert host.check_output(f"curl -s -o /dev/null -w '%{{http_code}}' '{URL}{path}'") == "401"


def test_not_even_on_the_host_itself(host):
    """The router's programs for each model listen on the loopback."""
    ports = host.check_output(
        "ss -Htlnp | grep llama-server | grep -v :8180 | sed 's/.*127.0.0.1:\\([0-9]*\\) .*/\\1/'"
    ).split()
    assert len(ports) == 2
    for port in ports:
        said = host.check_output(f"curl -s -o /dev/null -w '%{{http_code}}' http://127.0.0.1:{port}/v1/models")
        assert said == "401"


def test_it_runs_as_its_own_user_who_cannot_change_models(host):
    assert host.check_output("ps -o user= -C llama-server | sort -u") == "_llamacpp"
    assert host.file("/opt/cluster/llama-cpp").user == "_llamacpp"
    assert host.run("runuser -u _llamacpp -- test -w /opt/models/tiny-b").rc == 1


def test_the_key_is_in_no_file_that_others_read(host):
    assert host.run(f"grep -rl {key()} /etc/systemd /opt/cluster").rc == 1
    assert key() not in host.check_output("ps -eo args")


def test_pages_of_other_sites_are_not_let_in(host):
    headers = host.check_output(f"curl -si -H 'Origin: http://evil.example' {URL}/health").lower()
    assert "access-control-allow-origin: http://chat.example" in headers
    assert "evil.example" not in headers


def test_slots_and_pages_are_not_there(host):
    for path in ("/slots?model=tiny-b", "/"):
        said = host.check_output(
            f"curl -s -o /dev/null -w '%{{http_code}}' -H 'Authorization: Bearer {key()}' '{URL}{path}'"
        )
        assert said in {"400", "404", "501"}
