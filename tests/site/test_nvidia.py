# Copyright: (c) 2026, the hybrid_ai.cluster contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hosts with other cards than the site's: four V100, a Blackwell card, none, and what may go wrong with them.

It ends the lab it finds. What a table decides without a host stands in tests/unit: every generation, flavour, Secure
Boot and failure.
"""

from __future__ import annotations

import json
import shutil

import pytest
import yaml

from tests import states
from tests.site.cluster import ROOT, Cluster

ADDRESSES = {"volta": "10.66.1.20", "blackwell": "10.66.1.21", "mixed": "10.66.1.22"}
CARDS = {"volta": ["0x1db4"] * 4, "blackwell": ["0x2b85"], "mixed": ["0x1db4", "0x2b85"]}
STATE = "/run/hybrid-lab-nvidia.json"


@pytest.fixture(scope="module")
def gpus(tmp_path_factory):
    """Return a lab of GPU hosts alone, under management."""
    inventory = tmp_path_factory.mktemp("inventories") / "gpus"
    shutil.copytree(ROOT / "inventories/lab", inventory)
    hosts = {name: {"ansible_host": address, "lab_gpus": CARDS[name]} for name, address in ADDRESSES.items()}
    groups = {"linux": {"hosts": hosts}, "gpu": {"hosts": dict.fromkeys(hosts)}}
    (inventory / "hosts.yml").write_text(yaml.safe_dump({"all": {"children": groups}}))
    values = yaml.safe_load((inventory / "group_vars/all.yml").read_text())
    # The cards decide here.
    del values["nvidia_driver_branch"]
    values["thunderbolt_links"] = []
    (inventory / "group_vars/all.yml").write_text(yaml.safe_dump(values))
    states.lab("down")
    states.lab("up", "--inventory", str(inventory))
    cluster = Cluster(states.lab_name(), str(inventory))
    cluster.bootstrap()
    yield cluster
    states.lab("down")


def loaded(cluster: Cluster, host: str) -> str:
    return cluster.execute(host, "cat", "/proc/driver/nvidia/version")


def listed(cluster: Cluster, host: str) -> list[str]:
    return cluster.execute(host, "nvidia-smi", "-L").splitlines()


def verified(cluster: Cluster, host: str) -> list[dict]:
    """Return the lines of the report about a host's driver and cards."""
    run = cluster.play("playbooks/verify.yml", "--limit", host, "--tags", "nvidia,node_exporter")
    lines = [line for task, _, result in run.tasks if task.endswith("Measure") for line in result.get("lines", [])]
    return [line for line in lines if line["capability"] == "nvidia_driver" or line["title"].startswith("CUDA")]


def test_each_host_gets_the_driver_of_its_cards(gpus):
    run = gpus.play("playbooks/nvidia.yml", "--limit", "volta,blackwell").succeeded()
    assert {host for host, _ in run.changed} == {"volta", "blackwell"}
    assert " 580." in loaded(gpus, "volta")
    assert "Open" not in loaded(gpus, "volta")
    assert "Open Kernel Module" in loaded(gpus, "blackwell")
    assert len(listed(gpus, "volta")) == 4
    assert gpus.play("playbooks/nvidia.yml", "--limit", "volta,blackwell").succeeded().changed == set()


def test_cards_without_a_common_driver_are_refused_before_anything_is_installed(gpus):
    run = gpus.play("playbooks/nvidia.yml", "--limit", "mixed")
    assert run.rc != 0
    assert "No driver serves all cards of this host" in run.output
    assert run.changed == set()


def test_an_upgrade_is_the_same_path_and_so_is_the_way_back(gpus):
    for branch in (620, 580):
        run = gpus.play("playbooks/nvidia.yml", "--limit", "blackwell", "-e", f'{{"nvidia_driver_branch": {branch}}}')
        assert run.succeeded().changed
        assert f" {branch}." in loaded(gpus, "blackwell")


def test_a_branch_that_has_no_driver_for_the_cards_is_refused(gpus):
    run = gpus.play("playbooks/nvidia.yml", "--limit", "volta", "-e", '{"nvidia_driver_branch": 620}')
    assert run.rc != 0
    assert run.changed == set()
    assert " 580." in loaded(gpus, "volta")


def test_a_lost_card_is_named_and_the_others_go_on(gpus):
    state = json.loads(gpus.execute("volta", "cat", STATE))
    state["cards"][2]["state"] = "lost"
    gpus.execute("volta", "sh", "-c", f"cp {STATE} {STATE}.kept; cat > {STATE}", stdin=json.dumps(state))
    false = [line for line in verified(gpus, "volta") if not line["ok"]]
    assert any("0000:03:00.0" in json.dumps(line) for line in false), false
    gpus.execute("volta", "mv", f"{STATE}.kept", STATE)
    assert [line for line in verified(gpus, "volta") if not line["ok"]] == []


def test_removed_it_leaves_a_host_that_boots(gpus):
    gpus.play("playbooks/nvidia.yml", "--limit", "blackwell", "-e", "nvidia_driver_state=absent").succeeded()
    gpus.lab("power", "off", "blackwell")
    gpus.lab("power", "on", "blackwell")
    gpus.wait_for("blackwell", "running", 120)
    kept = "test -s /boot/initrd.img-$(uname -r) && ! dpkg-query --status nvidia-smi 2>/dev/null | grep 'ok installed'"
    gpus.execute("blackwell", "sh", "-c", kept)
