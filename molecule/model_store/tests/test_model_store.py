# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The store has every model whole, where the inventory wants it, fetched past the cache, and its token nowhere else."""

from __future__ import annotations

import json
import time

import pytest

from tests.lab_hosts import lab_hosts

testinfra_hosts = lab_hosts("gpu1")
MODELS = "/srv/models"
FOLDERS = {
    "lab--gated": 7,
    "lab--tiny-llama-gguf": 1,
    "brought--one--latest": 1,
    "pinned": 1,
}
TOKEN = "hf_grantedgrantedgrantedgrantedgranted"
UNIT = "hybrid-ai-model-store.service"
HUB = "http://10.66.1.2:8090"
SECONDS = 60.0


def manifest(host, folder):
    return json.loads(host.check_output("cat %s/.manifests/%s.json", MODELS, folder))


@pytest.mark.parametrize(("folder", "count"), FOLDERS.items())
def test_a_folder_holds_exactly_what_its_manifest_says(host, folder, count):
    files = {one["path"]: one["sha256"] for one in manifest(host, folder)["files"]}
    assert len(files) == count
    lines = host.check_output("cd %s/%s && find . -type f -exec sha256sum {} +", MODELS, folder).splitlines()
    assert {name.removeprefix("./"): digest for digest, name in map(str.split, lines)} == files


def test_they_belong_to_one_user_and_everybody_may_read_them(host):
    found = host.check_output("find %s/lab--gated -printf '%%u %%m\\n' | sort -u", MODELS).splitlines()
    assert found == ["_models 644", "_models 755"]
    assert host.run("sudo -u nobody cat %s/lab--gated/config.json", MODELS).rc == 0


def test_nothing_is_left_of_the_way_there(host):
    assert host.check_output("ls -A %s/.incoming", MODELS) == "lock"
    assert not host.file("/opt/hybrid-ai/model-store-environment").exists


def test_the_token_is_where_only_the_program_and_root_read_it(host):
    secret = host.file("/opt/hybrid-ai/services/model-store/environment")
    assert TOKEN in secret.content_string
    assert secret.mode == 0o600
    places = ["/etc/systemd", "/opt/cluster", "/srv", "/var/lib/hybrid-ai", "/var/log"]
    assert host.run("grep -rlF %s %s", TOKEN, " ".join(places)).stdout == ""
    assert TOKEN not in host.check_output("journalctl --no-pager -u %s", UNIT)


def test_the_hub_was_asked_past_the_cache(host):
    asked = json.loads(host.check_output("curl --silent %s/-/requests", HUB))
    assert {one["client"] for one in asked if "/resolve/" in one["path"] and one["range"]} == {"10.66.1.20"}


def test_a_start_of_the_host_asks_nobody(host):
    before = host.check_output("curl --silent %s/-/requests | wc -c", HUB)
    host.check_output("systemctl start %s", UNIT)
    deadline = time.monotonic() + SECONDS
    while host.check_output("systemctl show -p ActiveState --value %s", UNIT) not in ("inactive", "failed"):
        assert time.monotonic() < deadline
        time.sleep(0.5)
    assert host.check_output("systemctl show -p Result --value %s", UNIT) == "success"
    assert host.check_output("curl --silent %s/-/requests | wc -c", HUB) == before
