# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Two models answer at the port they are given by each of their names; their weights are on the disk once."""

from __future__ import annotations

import json

import pytest

from tests.lab_hosts import lab_hosts

testinfra_hosts = lab_hosts("olab2", "gpu1")
STORE = "/opt/models/.ollama"


@pytest.fixture
def url(host) -> str:
    address = "10.66.1.20" if host.file("/etc/debian_version").exists else "10.66.1.12"
    return f"http://{address}:11534"


def ask(host, url: str, body: dict | None = None) -> dict:
    data = f"--json '{json.dumps(body)}'" if body else ""
    return json.loads(host.check_output(f"curl -s {data} '{url}'"))


@pytest.mark.parametrize("name", ["tiny:a", "small", "tiny-b"])
def test_a_model_answers_by_each_of_its_names(host, url, name):
    question = {"model": name, "messages": [{"role": "user", "content": "Hello"}], "max_tokens": 3}
    assert ask(host, f"{url}/v1/chat/completions", question)["usage"]["completion_tokens"] >= 1


def test_both_models_are_on_the_card(host, url):
    """They were asked before, and stay for an hour."""
    loaded = ask(host, f"{url}/api/ps")["models"]
    assert {model["name"] for model in loaded} >= {"tiny:a", "tiny-b:latest"}
    assert all(model["size_vram"] == model["size"] > 0 for model in loaded)


def test_the_weights_are_on_the_disk_once(host):
    names = host.check_output("find /opt/models -samefile /opt/models/tiny-b/tiny-b-F32.gguf").split()
    assert [name.startswith(f"{STORE}/blobs/sha256-") for name in sorted(names)] == [True, False]


def test_nobody_but_root_changes_its_models(host):
    assert host.check_output(f"find {STORE} ! -user root -type d") == ""
    assert host.check_output(f"find {STORE}/manifests ! -user root") == ""


def test_it_has_no_cloud_and_what_the_inventory_adds(host):
    environment = host.check_output("tr '\\0' '\\n' < /proc/$(pgrep -f 'ollama serve' | head -1)/environ")
    assert "OLLAMA_NO_CLOUD=1" in environment
    assert "OLLAMA_MAX_QUEUE=8" in environment
    assert "OLLAMA_KEEP_ALIVE=3600s" in environment


def test_it_runs_as_its_own_user(host):
    assert host.file("/opt/cluster/ollama").user == "_ollama"
