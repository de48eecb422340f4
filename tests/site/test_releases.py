# Copyright: (c) 2026, the hybrid_ai.cluster contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The site on Macs of three releases and two models, cabled as a chain: what each words otherwise, and the bridge."""

from __future__ import annotations

import shutil

import pytest
import yaml

from tests import states
from tests.site.cluster import ROOT, Cluster

MACS = {
    "olab1": {"lab_macos": "15.7", "lab_model": "Mac16,10"},
    "olab2": {"lab_macos": "26.5", "lab_model": "Mac16,11"},
    # It keeps an address, that which olab2 would have by its cable.
    "olab3": {"lab_macos": "27.0", "lab_model": "Mac16,10", "thunderbolt_address": "10.66.64.2"},
}
# What differs between releases of macOS: all that configures the system itself.
PART = ("--tags", "release_store,macos_headless,thunderbolt,adguard_home,dns_client,firewall,exo")


@pytest.fixture(scope="module")
def mixed(tmp_path_factory):
    """Return a lab of three releases, from the lab's inventory with a cable less and a network more."""
    inventory = tmp_path_factory.mktemp("inventories") / "mixed"
    shutil.copytree(ROOT / "inventories/lab", inventory)
    hosts = yaml.safe_load((inventory / "hosts.yml").read_text())
    for name, variables in MACS.items():
        hosts["all"]["children"]["macos"]["hosts"][name].update(variables)
    (inventory / "hosts.yml").write_text(yaml.safe_dump(hosts))
    values = yaml.safe_load((inventory / "group_vars/all.yml").read_text())
    values["thunderbolt_links"] = values["thunderbolt_links"][:2]
    values["cluster_lan_subnet"] = ["192.0.2.0/24", values["cluster_lan_subnet"]]
    (inventory / "group_vars/all.yml").write_text(yaml.safe_dump(values))
    cluster = Cluster(states.lab_name(), str(inventory))
    cluster.lab("down")
    cluster.lab("up", "--inventory", str(inventory))
    cluster.bootstrap()
    yield cluster
    cluster.lab("down")


def test_it_converges_and_stays(mixed):
    predicted = mixed.play("site.yml", *PART, "--check").succeeded()
    first = mixed.play("site.yml", *PART).succeeded()
    assert predicted.changed == first.changed
    assert mixed.play("site.yml", *PART).succeeded().changed == set()


def test_a_chain_keeps_the_bridge_and_both_ends_reach_each_other(mixed):
    assert "member: en3" in mixed.execute("olab2", "ifconfig", "bridge0")
    assert "(10.66.64.2)" in mixed.execute("olab1", "ping", "-c", "1", "-t", "5", "olab3.tb")
    assert "inet 10.66.64.3 " in mixed.execute("olab2", "ifconfig", "bridge0")
