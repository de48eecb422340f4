# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""`cluster topology`: cables as the inventory has them, and as they are measured."""

from __future__ import annotations

import pytest

from hybrid_cluster.command import exits
from tests.unit.command.conftest import measure


def test_for_programs(cluster, site, metrics):
    measure(metrics)
    document = cluster("topology", "--json", "-i", site, "--prometheus", metrics.url).json
    (network,) = document["networks"]
    assert (network["mode"], network["loop"], network["hosts"]) == ("subnets", [1, 2, 3], ["mini1", "mini2", "mini3"])
    first, second, third = network["cables"]
    assert (first["state"], first["bits_per_second"], first["rdma_possible"]) == ("linked", 40e9, False)
    assert first["bytes_per_second"] == {"there": 12e6, "back": 3e6}
    assert [end["address"] for end in first["ends"]] == ["10.66.64.1", "10.66.64.2"]
    # The Mac at one end sees no cable.
    assert (second["state"], second["bits_per_second"]) == ("no link", None)
    assert third["bytes_per_second"] == {"there": None, "back": None}
    assert document["rdma_wanted"] is False


def test_on_a_terminal(terminal, site, metrics):
    measure(metrics)
    said = terminal("topology", "-i", site, "--prometheus", metrics.url)
    assert said.code == exits.OK
    assert max(map(len, said.lines)) <= 80
    assert said.lines[0] == "mini1-3: a network for each cable; cables 1, 2, 3 form a loop"
    assert said.lines[1].startswith("  1  mini1 1 ━")
    assert " 40 Gbit/s " in said.lines[1]
    assert said.lines[1].endswith("→ 12.0 MB/s ← 3.0 MB/s")
    assert said.lines[2].endswith("nothing at mini3:1")


def test_where_the_terminal_has_no_lines_it_draws_hyphens(cluster, site):
    said = cluster("topology", "-i", site, PYTHONIOENCODING="ascii")
    assert said.code == exits.OK
    assert said.out.isascii()
    assert "...... unknown ......" in said.lines[1]


def test_cables_that_cannot_be_as_they_are_written(cluster, inventory):
    hosts = {"macos": {"hosts": {"mini1": None, "mini2": None}}}
    folder = inventory(hosts, thunderbolt_links=[{"mini1": 1, "mini9": 1}], thunderbolt_subnet="10.66.64.0/24")
    said = cluster("topology", "-i", folder)
    assert said.code == exits.INVENTORY
    assert "cable 1 of thunderbolt_links ends at mini9" in said.err


def test_no_cable_is_no_failure(cluster, inventory):
    said = cluster("topology", "-i", inventory({"macos": {"hosts": {"mini1": None, "mini2": None}}}))
    assert (said.code, said.err) == (exits.OK, "")
    assert said.lines == ["thunderbolt_links has no cable.", "Without a cable: mini1-2"]


OUT = [{"mini1": 1, "mini2": 1}, {"mini1": 2, "external": "laptop"}, {"mini3": 1, "external": "desk"}]


@pytest.fixture
def outside(inventory):
    return inventory(
        {"macos": {"hosts": {"mini1": None, "mini2": None, "mini3": None}}},
        thunderbolt_links=OUT,
        thunderbolt_subnet="10.66.64.0/24",
    )


def test_cables_to_machines_outside_for_programs(cluster, outside, metrics):
    metrics.add("mac_thunderbolt_connected", 0, instance="mini3", receptacle="1")
    document = cluster("topology", "--json", "-i", outside, "--prometheus", metrics.url).json
    assert [(one["hosts"], one["external"], one["mode"]) for one in document["networks"]] == [
        (["mini1", "mini2"], ["laptop"], "bridge"),
        (["mini3"], ["desk"], "none"),
    ]
    first, second = document["networks"][0]["cables"]
    assert (first["external"], second["external"]) == (False, True)
    assert [(end["host"], end["port"], end["address"], end["external"]) for end in second["ends"]] == [
        ("mini1", 2, None, False),
        ("laptop", None, None, True),
    ]
    (third,) = document["networks"][1]["cables"]
    assert third["state"] == "no link"


def test_cables_to_machines_outside_on_a_terminal(terminal, outside, metrics):
    metrics.add("mac_thunderbolt_connected", 1, instance="mini1", receptacle="2")
    metrics.add("mac_thunderbolt_link_bits_per_second", 40e9, instance="mini1", receptacle="2")
    metrics.add("mac_thunderbolt_connected", 0, instance="mini3", receptacle="1")
    said = terminal("topology", "-i", outside, "--prometheus", metrics.url)
    assert said.lines[0] == "mini1-2 and, outside of the inventory, laptop: one bridge"
    assert said.lines[2].startswith("  2   mini1 2 ━")
    assert " 40 Gbit/s " in said.lines[2]
    assert said.lines[2].rstrip().endswith("laptop")
    assert "mini3 and, outside of the inventory, desk: no addresses" in said.lines
    # A machine outside may be carried away.
    assert "nothing at" not in said.out
    assert "0 of 1 cables have the speed of Thunderbolt 5, 1 is unknown" in " ".join(said.lines)
