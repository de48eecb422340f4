# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Three Macs in a chain with a network for each cable: no bridge, and names that lead over the cables."""

from __future__ import annotations

import pytest

from tests.lab_hosts import lab_hosts

testinfra_hosts = lab_hosts("olab1", "olab2", "olab3")
NEIGHBOURS = {"olab1": {"olab2"}, "olab2": {"olab1", "olab3"}, "olab3": {"olab2"}}
PORTS = {"olab1": ["Thunderbolt 1"], "olab2": ["Thunderbolt 1", "Thunderbolt 2"], "olab3": ["Thunderbolt 1"]}


@pytest.fixture
def name(host):
    return host.backend.host.name


def test_the_bridge_is_gone(host):
    bridge = host.run("ifconfig bridge0")
    assert bridge.rc == 1
    assert "does not exist" in bridge.stderr
    assert "bridge0" not in host.check_output("networksetup -listallhardwareports")


def test_every_neighbour_answers_over_its_cable(host, name):
    for neighbour in NEIGHBOURS[name]:
        said = host.run(f"ping -c 1 -t 5 {neighbour}.tb")
        assert said.rc == 0
        assert "(10.77.0." in said.stdout


def test_who_is_no_neighbour_has_no_name(host, name):
    for other in set(NEIGHBOURS) - NEIGHBOURS[name] - {name}:
        assert host.run(f"ping -c 1 -t 5 {other}.tb").rc != 0


def test_the_services_survive_a_restart_as_manual_ones(host, name):
    for service in PORTS[name]:
        said = host.check_output(f"networksetup -getinfo '{service}'")
        assert said.startswith("Manual Configuration")
        assert "IP address: 10.77.0." in said


def test_a_port_without_a_cable_in_the_inventory_is_nobody_s(host, name):
    for service in {"Thunderbolt 1", "Thunderbolt 2"} - set(PORTS[name]):
        assert "10.77.0." not in host.run(f"networksetup -getinfo '{service}'").stdout


def test_a_port_without_a_cable_has_a_service_that_is_off(host, name):
    # A port without any would be made a bridge of, when somebody logs in at the screen.
    for service in {"Thunderbolt 1", "Thunderbolt 2", "Thunderbolt 3"} - set(PORTS[name]):
        assert host.check_output(f"networksetup -getnetworkserviceenabled '{service}'") == "Disabled"
