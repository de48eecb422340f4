# Copyright: (c) 2026, the hybrid_ai.cluster contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Three Macs in a ring: one network per cable, no bridge, and names that lead over the cables."""

from __future__ import annotations

import pytest

from tests.lab_hosts import lab_hosts

testinfra_hosts = lab_hosts("olab1", "olab2", "olab3")
MACS = {"olab1", "olab2", "olab3"}


@pytest.fixture
def name(host):
    return host.backend.host.name


def test_the_bridge_is_gone(host):
    bridge = host.run("ifconfig bridge0")
    assert bridge.rc == 1
    assert "does not exist" in bridge.stderr
    assert "bridge0" not in host.check_output("networksetup -listallhardwareports")


def test_every_neighbour_answers_over_its_cable(host, name):
    for neighbour in MACS - {name}:
        assert host.run(f"ping -c 1 -t 5 {neighbour}.tb").rc == 0


def test_the_services_survive_a_restart_as_manual_ones(host):
    for service in ("Thunderbolt 1", "Thunderbolt 2"):
        assert host.check_output(f"networksetup -getinfo '{service}'").startswith("Manual Configuration")
