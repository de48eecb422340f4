# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The model answers at the port it is given, to whoever has the key, and keeps what it was told."""

from __future__ import annotations

import json

import pytest

from tests.lab_hosts import lab_hosts

testinfra_hosts = lab_hosts("olab2", "gpu1")
KEY = "a key of the scenario"
ADDRESSES = {"olab2": "10.66.1.12", "gpu1": "10.66.1.20"}


@pytest.fixture
def ask(host):
    """Ask the service from the host itself."""
    address = ADDRESSES[host.check_output("hostname -s")]

    def call(path, body=None, key=KEY):
        words = ["-H", f"Authorization: Bearer {key}", *(["-d", json.dumps(body)] if body else [])]
        command = f"curl --silent --max-time 60 {' '.join(['%s'] * len(words))} %s"
        return json.loads(host.check_output(command, *words, f"http://{address}:8190{path}"))

    return call


def test_it_answers_under_its_public_name(ask):
    answer = ask("/v1/chat/completions", {"model": "small", "messages": [{"role": "user", "content": "hi"}]})
    assert answer["model"] == "tiny"
    assert answer["usage"]["completion_tokens"] == 7
    assert [one["id"] for one in ask("/v1/models")["data"]] == ["tiny", "small"]


def test_it_answers_nobody_else(ask):
    assert ask("/v1/models", key="wrong")["error"]["code"] == "invalid_api_key"
    messages = [{"role": "user", "content": "a" * 600}]
    assert ask("/v1/chat/completions", {"model": "tiny", "messages": messages})["error"]["code"] == (
        "context_length_exceeded"
    )


def test_its_health_names_the_revision(ask):
    told = ask("/health")
    assert (told["status"], told["revision"], told["metal"]) == ("ok", "f" * 40, False)


def test_its_key_is_nobody_elses(host):
    file = host.file("/opt/cluster/etc/mlx-lm/api_key")
    assert (file.user, file.group, file.mode) == ("root", "_mlxlm", 0o640)
    assert KEY not in host.check_output("ps axww -o args")


def test_nothing_was_compiled(host):
    """On a simulated Mac each call of xcrun is noted."""
    assert not host.file("/private/var/db/simulator/state/xcrun.json").exists
