# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The table's model answers under its public name on every node, over as many nodes as the table wants."""

from __future__ import annotations

import json
import time

from tests.lab_hosts import lab_hosts

testinfra_hosts = lab_hosts("olab1", "olab2")
API = "http://127.0.0.1:52500"
ADDRESSES = {"olab1": "10.66.1.11", "olab2": "10.66.1.12"}
NAME = "org/small:1"


def status(host) -> dict:
    return json.loads(host.check_output("curl -s http://%s:9209/status", ADDRESSES[host.backend.host.name]))


def answer(host) -> dict:
    body = json.dumps({"model": NAME, "messages": [{"role": "user", "content": "hi"}], "max_tokens": 4})
    return json.loads(
        host.check_output("curl -s -H 'Content-Type: application/json' -d %s %s/v1/chat/completions", body, API)
    )


def test_it_answers_under_its_public_name(host):
    said = answer(host)
    assert (said["model"], said["usage"]["completion_tokens"]) == (NAME, 4)


def test_it_is_on_as_many_nodes_as_the_table_wants(host):
    (model,) = status(host)["models"]
    assert (model["state"], model["nodes"], model["download"]) == ("ready", ["olab1", "olab2"], "DownloadCompleted")
    assert model["why"].startswith("the table wants 2")


def test_one_keeper_leads(host):
    found = status(host)
    assert found["leader"] == "olab1"
    assert found["leads"] == (host.backend.host.name == "olab1")


def test_the_keeper_is_the_user_of_exo_and_its_files_are_root_s(host):
    processes = host.check_output("ps ax -o user= -o command= | grep '[e]xo_keeper --listen'").splitlines()
    assert {line.split()[0] for line in processes} == {"_exo"}
    assert host.file("/opt/hybrid-ai/exo-models/etc/keeper.json").user == "root"


def test_the_files_lie_once(host):
    served = host.file("/opt/hybrid-ai/exo-models/served/org--small:1/model.safetensors")
    assert served.linked_to == "/opt/models/all/org--small--1/model.safetensors"
    index = json.loads(
        host.file("/opt/hybrid-ai/exo-models/served/org--small:1/model.safetensors.index.json").content_string
    )
    assert set(index["weight_map"].values()) == {"model.safetensors"}


def test_a_placement_that_somebody_ends_is_made_again(host):
    if host.backend.host.name != "olab1":
        return
    (identity,) = json.loads(host.check_output("curl -s %s/state/instances", API))
    host.check_output("curl -s -X DELETE %s/instance/%s", API, identity)
    deadline = time.monotonic() + 120
    while identity in (found := json.loads(host.check_output("curl -s %s/state/instances", API))) or not found:
        assert time.monotonic() < deadline, status(host)
        time.sleep(1)
    while status(host)["models"][0]["state"] != "ready":
        assert time.monotonic() < deadline, status(host)
        time.sleep(1)
    assert answer(host)["model"] == NAME


def test_its_figures_are_metrics(host):
    page = host.check_output("curl -s http://%s:9209/metrics", ADDRESSES[host.backend.host.name])
    assert f'exo_keeper_model_ready{{model="{NAME}"}} 1.0' in page


def test_nothing_was_compiled(host):
    """On a simulated Mac each call of xcrun is noted."""
    assert not host.file("/private/var/db/simulator/state/xcrun.json").exists
