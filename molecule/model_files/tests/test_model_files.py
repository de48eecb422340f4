# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Each host that serves a model has what the store has, and nothing of the way there is left."""

from __future__ import annotations

import json

import pytest

from tests.lab_hosts import lab_hosts

testinfra_hosts = lab_hosts("olab1", "olab2", "olab3")
MODELS = "/opt/models"


@pytest.fixture
def manifest(host):
    return json.loads(host.check_output("cat %s/.manifests/brought.json", MODELS))


def test_the_folder_holds_exactly_what_its_manifest_says(host, manifest):
    files = {one["path"]: one["sha256"] for one in manifest["files"]}
    lines = host.check_output("cd %s/brought && find . -type f -exec shasum -a 256 {} +", MODELS).splitlines()
    assert {name.removeprefix("./"): digest for digest, name in map(str.split, lines)} == files
    assert list(files) == ["model.gguf"]


def test_models_belong_to_one_user_and_everybody_may_read_them(host):
    assert host.check_output("id -u _models") == "481"
    assert host.check_output("find %s/brought -not -user _models", MODELS) == ""
    assert host.file(f"{MODELS}/brought/model.gguf").mode == 0o644
    assert host.file(MODELS).mode == 0o755


def test_no_service_is_left_and_no_port_open(host):
    assert host.run("launchctl print system/hybrid-ai.model-files").rc == 113
    assert not host.file("/Library/LaunchDaemons/hybrid-ai.model-files.plist").exists
    assert host.run("curl -s --max-time 2 http://127.0.0.1:8199/").rc == 7


def test_nothing_is_left_of_the_way_there(host):
    assert host.check_output("ls -A %s/.incoming", MODELS).split() == ["lock"]


def test_the_program_is_there_for_the_next_time_and_nobody_runs_it(host):
    assert host.file("/opt/cluster/lib/model-files/model_transfer/__main__.py").exists
    assert host.run("ps ax -o command= | grep '[m]odel_transfer'").rc == 1
