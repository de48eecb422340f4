# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
from __future__ import annotations

import copy
from typing import Any

import pytest

from lab import inventory
from lab.errors import EXIT_INVENTORY, InventoryError
from lab.topology import Cable, End, Topology


def listed(**changes: Any) -> dict[str, Any]:
    """Return what `ansible-inventory --list` prints for three hosts, with changes to variables of single hosts."""
    shared = {"cluster_lan_subnet": "10.66.1.0/24", "thunderbolt_links": [{"olab1": 1, "olab2": 2}]}
    variables = {
        "olab0": {**shared, "ansible_host": "10.66.1.10"},
        "olab1": {**shared, "ansible_host": "10.66.1.11", "lab_memory_gigabytes": 32},
        "olab2": {**shared, "ansible_host": "10.66.1.12", "lab_model": "Mac16,11", "lab_macos": 15.7},
    }
    variables = copy.deepcopy(variables)
    for host, change in changes.items():
        for name in variables if host == "everyone" else [host]:
            variables[name].update(change)
    return {
        "_meta": {"hostvars": variables},
        "macos": {"children": ["workers"], "hosts": ["olab1"]},
        "workers": {"hosts": ["olab2"]},
        "linux": {"hosts": ["olab0"]},
    }


def test_topology_of_an_inventory() -> None:
    topology = inventory.parse(listed())
    assert [host.name for host in topology.hosts] == ["olab0", "olab1", "olab2"]
    assert topology.host("olab1").memory_gigabytes == 32
    assert (topology.host("olab2").model, topology.host("olab2").release) == ("Mac16,11", "15.7")
    assert topology.cables == (Cable.between(End("olab1", 1), End("olab2", 2)),)
    assert (topology.gateway, topology.artifact_address) == ("10.66.1.1", "10.66.1.2")
    assert Topology.from_json(topology.to_json()) == topology


def test_a_mac_in_the_lan_over_wifi() -> None:
    topology = inventory.parse(listed(olab1={"lab_lan_port": "wifi", "mac_address": "1c:f6:4c:00:00:07"}))
    lan, other, *_ = topology.host("olab1").interfaces
    assert (lan.device, lan.port, lan.address) == ("en1", "Wi-Fi", "1c:f6:4c:00:00:07")
    assert (other.device, other.port) == ("en0", "Ethernet")
    assert topology.host("olab2").interfaces[0].device == "en0"
    assert Topology.from_json(topology.to_json()) == topology


def with_gpu(**variables: Any) -> dict[str, Any]:
    """Return an inventory whose Linux machine is in the group gpu."""
    return {**listed(olab0=variables), "gpu": {"hosts": ["olab0"]}}


@pytest.mark.parametrize(
    ("variables", "gpus"),
    [({}, "0x2702"), ({"lab_gpus": ["0x1db4", "0x1db4"]}, "0x1db4,0x1db4"), ({"lab_gpus": []}, "")],
)
def test_the_gpus_of_a_host(variables: dict[str, Any], gpus: str) -> None:
    topology = inventory.parse(with_gpu(**variables))
    assert (topology.host("olab0").has_gpu, topology.host("olab0").gpus) == (True, gpus)
    assert Topology.from_json(topology.to_json()) == topology


@pytest.mark.parametrize("wrong", ["0x1db4", ["V100"], [0x1DB4]])
def test_gpus_are_pci_devices(wrong: Any) -> None:
    with pytest.raises(InventoryError, match=r"lab_gpus of olab0 is .*: write a list of PCI devices"):
        inventory.parse(with_gpu(lab_gpus=wrong))


def test_of_several_networks_the_one_that_has_the_hosts() -> None:
    topology = inventory.parse(listed(everyone={"cluster_lan_subnet": ["192.0.2.0/24", "10.66.1.0/24"]}))
    assert topology.subnet == "10.66.1.0/24"


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        pytest.param(
            {"olab1": {"lab_lan_port": "en1"}},
            "lab_lan_port of olab1 is 'en1': write ethernet or wifi.",
            id="port of the LAN",
        ),
        pytest.param(
            {"olab0": {"ansible_host": "olab0.local"}},
            "The host olab0 needs an IPv4 address in ansible_host, for example 10.66.1.11.",
            id="name instead of address",
        ),
        pytest.param(
            {"olab0": {"ansible_host": "10.66.2.10"}},
            "The address 10.66.2.10 of olab0 is outside cluster_lan_subnet 10.66.1.0/24.",
            id="foreign address",
        ),
        pytest.param(
            {"olab2": {"ansible_host": "10.66.1.11"}},
            "The address 10.66.1.11 of olab2 is already that of olab1.",
            id="address used twice",
        ),
        pytest.param(
            {"olab0": {"ansible_host": "10.66.1.1"}},
            "The address 10.66.1.1 of olab0 is already that of the lab's gateway.",
            id="gateway's address",
        ),
        pytest.param(
            {"everyone": {"cluster_lan_subnet": None}},
            "The inventory needs cluster_lan_subnet, for example 10.66.1.0/24.",
            id="no subnet",
        ),
        pytest.param(
            {"everyone": {"cluster_lan_subnet": []}},
            "The inventory needs cluster_lan_subnet, for example 10.66.1.0/24.",
            id="no subnets",
        ),
        pytest.param(
            {
                "everyone": {"cluster_lan_subnet": ["10.66.1.0/24", "10.66.2.0/24"]},
                "olab0": {"ansible_host": "10.66.2.9"},
            },
            "The address 10.66.2.9 of olab0 is outside cluster_lan_subnet 10.66.1.0/24.",
            id="hosts in several subnets",
        ),
        pytest.param(
            {"everyone": {"thunderbolt_links": [{"olab1": 1}]}},
            "The entry {'olab1': 1} of thunderbolt_links is not a cable: write {olab1: 1, olab2: 1}, "
            "two hosts and the port number at each.",
            id="cable with one end",
        ),
        pytest.param(
            {"everyone": {"thunderbolt_links": [{"olab1": 1, "olab9": 1}]}},
            "A cable goes to olab9, which is not a host of the lab; it has olab0, olab1, olab2.",
            id="cable to nowhere",
        ),
        pytest.param(
            {"everyone": {"thunderbolt_links": [{"olab1": 1, "olab2": 4}]}},
            "The host olab2 has no Thunderbolt port 4.",
            id="port that is not there",
        ),
        pytest.param(
            {"everyone": {"thunderbolt_links": [{"olab1": 1, "olab0": 1}]}},
            "The host olab0 has no Thunderbolt port 1.",
            id="cable to a Linux host",
        ),
        pytest.param(
            {"everyone": {"thunderbolt_links": [{"olab1": 1, "olab2": 1}, {"olab1": 1, "olab2": 2}]}},
            "Two cables of thunderbolt_links are in port 1 of olab1.",
            id="port used twice",
        ),
    ],
)
def test_broken_inventory_is_one_sentence(changes: dict[str, Any], sentence: str) -> None:
    with pytest.raises(InventoryError) as caught:
        inventory.parse(listed(**changes))
    assert str(caught.value) == sentence
    assert caught.value.exit_code == EXIT_INVENTORY


def test_a_machine_outside_of_the_inventory_is_not_in_the_lab() -> None:
    links = [{"olab1": 1, "olab2": 2}, {"olab1": 2, "external": "laptop"}]
    assert inventory.parse(listed(everyone={"thunderbolt_links": links})) == inventory.parse(listed())


def test_inventory_without_hosts() -> None:
    with pytest.raises(InventoryError, match="has no host in the groups macos and linux"):
        inventory.parse({"_meta": {"hostvars": {}}})
