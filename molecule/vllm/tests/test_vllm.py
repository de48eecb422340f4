# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The model answers at the port it is given by both of its names, with the key and without it not at all."""

from __future__ import annotations

import json

import pytest

from tests.lab_hosts import lab_hosts

testinfra_hosts = lab_hosts("gpu1")
URL = "http://10.66.1.20:8100"
KEY = "a key of the scenario"


@pytest.mark.parametrize("name", ["tiny", "small"])
def test_it_answers_by_each_of_its_names(host, name):
    question = json.dumps({"model": name, "messages": [{"role": "user", "content": "Hello"}], "max_tokens": 3})
    said = host.check_output(f"curl -s -H 'Authorization: Bearer {KEY}' --json '{question}' {URL}/v1/chat/completions")
    assert json.loads(said)["usage"]["completion_tokens"] == 3


def test_nobody_gets_in_without_the_key(host):
    assert host.check_output(f"curl -s -o /dev/null -w '%{{http_code}}' {URL}/v1/models") == "401"


def test_the_key_is_in_no_list_of_processes(host):
    assert KEY not in host.check_output("ps -eww -o args=")


def test_it_has_the_context_of_the_table(host):
    said = host.check_output(f"curl -s -H 'Authorization: Bearer {KEY}' {URL}/v1/models")
    assert {model["max_model_len"] for model in json.loads(said)["data"]} == {512}


def test_it_runs_as_its_own_user(host):
    assert host.file("/opt/cluster/vllm").user == "_vllm"
