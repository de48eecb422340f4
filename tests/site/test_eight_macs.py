# Copyright: (c) 2026, the hybrid_ai.cluster contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Eight simulated Macs form one cluster of exo, place a model, lose two and regain them. It ends the lab it finds."""

from __future__ import annotations

import json
import shutil

import pytest
import yaml

from tests import states
from tests.site import exo_models
from tests.site.cluster import ROOT, Cluster
from tests.site.exo_models import address, answers, model, serve, status, wait

MACS = tuple(f"olab{number}" for number in range(1, 9))


@pytest.fixture(scope="module")
def eight(tmp_path_factory):
    """Return a lab of eight Macs without cables, and a machine to manage them."""
    inventory = tmp_path_factory.mktemp("inventories") / "eight"
    shutil.copytree(ROOT / "inventories/lab", inventory)
    hosts = yaml.safe_load((inventory / "hosts.yml").read_text())
    groups = hosts["all"]["children"]
    groups["macos"]["hosts"] = {host: {"ansible_host": address(host)} for host in MACS}
    groups["exo"]["hosts"] = dict.fromkeys(MACS)
    del groups["gpu"], groups["llama_cpp"], groups["mlx_lm"], groups["linux"]["hosts"]["gpu1"]
    hosts["all"]["vars"]["cluster_models"] = []
    (inventory / "hosts.yml").write_text(yaml.safe_dump(hosts))
    values = yaml.safe_load((inventory / "group_vars/all.yml").read_text())
    values["thunderbolt_links"] = []
    (inventory / "group_vars/all.yml").write_text(yaml.safe_dump(values))
    states.lab("down")
    states.lab("up", "--inventory", str(inventory))
    cluster = Cluster(states.lab_name(), str(inventory))
    cluster.bootstrap()
    yield cluster
    states.lab("down")


def nodes(cluster: Cluster, host: str) -> int:
    return len(json.loads(cluster.execute(host, "curl", "-s", "http://127.0.0.1:52415/state/topology"))["nodes"])


def test_they_form_and_place(eight):
    exo_models.bring(eight, *MACS)
    serve(eight, *MACS, min_nodes=3)
    assert {nodes(eight, host) for host in MACS} == {8}
    assert all(answers(eight, host) for host in MACS)
    assert len(model(eight, "olab1")["nodes"]) == 3
    assert [status(eight, host)["leads"] for host in MACS] == [True, *([False] * 7)]


def test_they_lose_two_and_regain_them(eight):
    inside = model(eight, "olab1")["nodes"][-1]
    lost = [inside, next(host for host in reversed(MACS) if host not in model(eight, "olab1")["nodes"])]
    left = next(host for host in MACS if host not in lost)
    for host in lost:
        eight.lab("power", "off", host)
    wait(lambda: nodes(eight, left) == 6, 180, lambda: status(eight, left))
    wait(lambda: inside not in model(eight, left)["nodes"] and answers(eight, left), 300, lambda: status(eight, left))
    for host in lost:
        eight.lab("power", "on", host)
    for host in lost:
        eight.wait_for(host, "running", 120)
    wait(lambda: nodes(eight, left) == 8, 240, lambda: status(eight, left))
    wait(lambda: answers(eight, inside), 240, lambda: status(eight, inside))
