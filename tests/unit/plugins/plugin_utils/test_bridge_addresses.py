# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What a host fixes as its address on the bridge, and what the others get beside it."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._topology import (
    TopologyError,
    plan_topology,
    topology_problems,
)

SUBNET = "172.31.0.0/24"
HOSTS = ["a", "b", "c", "d", "e"]
PAIR = [{"a": 1, "b": 1}]
CHAIN = [*PAIR, {"b": 2, "c": 1}]
RING = [*CHAIN, {"c": 2, "a": 2}]


def bridged(links: list[dict[str, int]], fixed: dict[str, Any], subnet: str = SUBNET) -> dict[str, str]:
    """Return the address of every host that is on a bridge."""
    plans = plan_topology(links, subnet, HOSTS, addresses=fixed)
    found = {host: plan["bridge"]["address"] for host, plan in plans.items() if plan["bridge"]}
    for plan in plans.values():
        assert all(found[one["host"]] == one["address"] for one in plan["neighbours"] if plan["bridge"])
        assert plan["hosts_entries"] == [{"name": n["name"], "address": n["address"]} for n in plan["neighbours"]]
    return found


@pytest.mark.parametrize(
    ("links", "fixed", "expected"),
    [
        pytest.param(CHAIN, {}, ["1", "2", "6"], id="none"),
        pytest.param(CHAIN, {"a": None, "b": ""}, ["1", "2", "6"], id="unset"),
        pytest.param(CHAIN, {"a": "172.31.0.1", "b": "172.31.0.2", "c": "172.31.0.3"}, ["1", "2", "3"], id="all"),
        pytest.param(CHAIN, {"c": "172.31.0.200"}, ["1", "2", "200"], id="one-that-no-cable-gives"),
        pytest.param(CHAIN, {"c": "172.31.0.2"}, ["1", "3", "2"], id="that-of-another"),
        pytest.param(CHAIN, {"a": "172.31.0.2"}, ["2", "3", "6"], id="that-of-the-far-end"),
        pytest.param(
            CHAIN, {"b": "172.31.0.1", "c": "172.31.0.3"}, ["254", "1", "3"], id="every-address-of-the-first-cable"
        ),
        pytest.param([*CHAIN, {"d": 1, "e": 1}], {"a": "172.31.0.9"}, ["9", "2", "6", "11", "10"], id="other-bridge"),
        pytest.param([{"d": 1, "e": 1}, *PAIR], {"a": "172.31.0.1"}, ["1", "6", "3", "2"], id="an-earlier-cable"),
    ],
)
def test_addresses(links: list[dict[str, int]], fixed: dict[str, Any], expected: list[str]) -> None:
    found = bridged(links, fixed)
    assert found == {host: f"172.31.0.{end}" for host, end in zip(found, expected, strict=True)}


def test_the_smallest_network_has_room_for_both_ends() -> None:
    assert bridged(PAIR, {"a": "172.31.0.2"}, "172.31.0.0/30") == {"a": "172.31.0.2", "b": "172.31.0.1"}


@pytest.mark.parametrize(
    "fixed",
    [
        pytest.param({"a": "172.31.0.2"}, id="that-of-another"),
        pytest.param({"b": "172.31.0.1", "c": "172.31.0.3"}, id="every-address-of-the-first-cable"),
    ],
)
@pytest.mark.parametrize(
    ("cable", "also"),
    [
        pytest.param({"d": 1, "e": 1}, {}, id="beside"),
        pytest.param({"d": 1, "a": 2}, {}, id="longer"),
        pytest.param({"d": 1, "a": 2}, {"d": "172.31.0.77"}, id="fixed"),
    ],
)
def test_a_host_that_is_added_moves_nobody(fixed: dict[str, str], cable: dict[str, int], also: dict[str, str]) -> None:
    before, after = bridged(CHAIN, fixed), bridged([*CHAIN, cable], {**fixed, **also})
    assert before.items() <= after.items()
    assert len(set(after.values())) == len(after)


def test_nobody_is_given_an_address_in_the_network_of_a_cable() -> None:
    # 16 cables fill the network, 14 of them in loops.
    loops = [
        {one: number, other: number} for one, other, count in ("de8", "fg6") for number in range(1, int(count) + 1)
    ]
    fixed = {"b": "172.31.0.1", "c": "172.31.0.3"}
    plans = plan_topology([*CHAIN, *loops], "172.31.0.0/26", [*HOSTS, "f", "g"], addresses=fixed)
    assert plans["f"]["ports"][-1]["address"] == "172.31.0.61"
    assert plans["a"]["bridge"]["address"] == "172.31.0.7"


IS_SET = "thunderbolt_address is set, but"
NO_CABLE = (
    f"{IS_SET} no cable of thunderbolt_links joins this host with another one of the inventory; add the cable or "
    "remove thunderbolt_address."
)
FOLLOWS = (
    "so each of its cables is a network of its own, whose addresses follow from the cable; remove thunderbolt_address."
)
ANOTHER = "write an address of its own for this host."


@pytest.mark.parametrize(
    ("links", "mode", "fixed", "expected"),
    [
        pytest.param(
            [],
            "auto",
            {"a": "172.31.0.1"},
            f"a: {NO_CABLE}",
            id="no-cables",
        ),
        pytest.param(
            PAIR,
            "auto",
            {"c": "172.31.0.1"},
            f"c: {NO_CABLE}",
            id="no-cable-there",
        ),
        pytest.param(
            RING,
            "auto",
            {"b": "172.31.0.1"},
            f"b: {IS_SET} cables 1, 2 and 3 form a loop between a, b and c, {FOLLOWS}",
            id="loop",
        ),
        pytest.param(
            CHAIN, "subnets", {"b": "172.31.0.1"}, f"b: {IS_SET} thunderbolt_mode is subnets, {FOLLOWS}", id="subnets"
        ),
        pytest.param(
            PAIR,
            "auto",
            {"a": "mini1.tb"},
            "a: thunderbolt_address is 'mini1.tb', which is not an IPv4 address; write one in thunderbolt_subnet "
            "172.31.0.0/24.",
            id="name",
        ),
        pytest.param(
            PAIR,
            "auto",
            {"a": "fe80::1"},
            "a: thunderbolt_address is 'fe80::1', which is not an IPv4 address; write one in thunderbolt_subnet "
            "172.31.0.0/24.",
            id="ipv6",
        ),
        pytest.param(
            PAIR,
            "bridge",
            {"a": "172.31.0.3/24"},
            "a: thunderbolt_address is '172.31.0.3/24', which is not an IPv4 address; write one in thunderbolt_subnet "
            "172.31.0.0/24.",
            id="with-a-prefix",
        ),
        pytest.param(
            PAIR,
            "auto",
            {"a": "10.0.0.1"},
            "a: thunderbolt_address 10.0.0.1 is outside thunderbolt_subnet 172.31.0.0/24; write an address in it, or "
            "the network that the address belongs to as thunderbolt_subnet.",
            id="outside",
        ),
        pytest.param(
            PAIR,
            "auto",
            {"a": "172.31.0.0"},
            f"a: thunderbolt_address 172.31.0.0 is the name of the network 172.31.0.0/24 itself; {ANOTHER}",
            id="network",
        ),
        pytest.param(
            PAIR,
            "auto",
            {"a": "172.31.0.255"},
            f"a: thunderbolt_address 172.31.0.255 is the broadcast address of 172.31.0.0/24; {ANOTHER}",
            id="broadcast",
        ),
        pytest.param(
            CHAIN,
            "auto",
            {"a": "172.31.0.9", "c": "172.31.0.9"},
            f"c: thunderbolt_address 172.31.0.9 is also that of a; {ANOTHER}",
            id="taken",
        ),
        pytest.param(
            [*RING, {"d": 1, "e": 1}],
            "auto",
            {"d": "172.31.0.7"},
            "d: thunderbolt_address 172.31.0.7 belongs to cable 2 (b:2 - c:1), which is a network of its own; "
            f"{ANOTHER}",
            id="of-a-cable",
        ),
    ],
)
def test_what_cannot_be_fixed(links: Any, mode: str, fixed: dict[str, Any], expected: str) -> None:
    assert [problem.sentence for problem in topology_problems(links, SUBNET, HOSTS, mode, fixed)] == [expected]
    with pytest.raises(TopologyError) as caught:
        plan_topology(links, SUBNET, HOSTS, mode, fixed)
    assert str(caught.value) == expected


def test_rdma_leaves_no_address_to_fix() -> None:
    (problem,) = topology_problems(PAIR, SUBNET, HOSTS, "auto", {"a": "172.31.0.1"}, rdma=True)
    assert problem.sentence == f"a: {IS_SET} thunderbolt_rdma is true, {FOLLOWS}"


def test_a_mistake_in_the_cables_is_the_only_sentence() -> None:
    (problem,) = topology_problems([{"a": 1, "x": 1}], SUBNET, HOSTS, "auto", {"a": "10.0.0.1"})
    assert "ends at x" in problem.text
