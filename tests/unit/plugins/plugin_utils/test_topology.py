# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._topology import (
    TopologyError,
    plan_topology,
    topology_problems,
)

SUBNET = "10.66.64.0/24"
HOSTS = ["a", "b", "c", "d", "e"]
CHAIN = [{"a": 1, "b": 1}, {"b": 2, "c": 1}]
RING = [*CHAIN, {"c": 2, "a": 2}]
STAR = [{"a": 1, "b": 1}, {"a": 2, "c": 1}, {"a": 3, "d": 1}]
PAIR = [{"a": 1, "b": 1}, {"a": 2, "b": 2}]


def out(host: str, port: int = 3, name: str = "laptop") -> dict[str, Any]:
    return {host: port, "external": name}


@pytest.mark.parametrize(
    ("links", "mode", "expected"),
    [
        pytest.param(None, "auto", ["none"] * 5, id="cables-unset"),
        pytest.param([], "auto", ["none"] * 5, id="no-cables"),
        pytest.param(CHAIN[:1], "auto", ["bridge", "bridge", "none", "none", "none"], id="one-cable"),
        pytest.param(CHAIN, "auto", ["bridge"] * 3 + ["none"] * 2, id="chain"),
        pytest.param(STAR, "auto", ["bridge"] * 4 + ["none"], id="star"),
        pytest.param(RING, "auto", ["subnets"] * 3 + ["none"] * 2, id="ring"),
        pytest.param(PAIR, "auto", ["subnets"] * 2 + ["none"] * 3, id="parallel-cables"),
        pytest.param([*RING, {"a": 3, "d": 1}], "auto", ["subnets"] * 4 + ["none"], id="ring-with-a-tail"),
        pytest.param([*RING, {"d": 1, "e": 1}], "auto", ["subnets"] * 3 + ["bridge"] * 2, id="ring-beside-a-pair"),
        pytest.param([*STAR, {"c": 2, "d": 2}], "auto", ["subnets"] * 4 + ["none"], id="star-closed-to-a-loop"),
        pytest.param(CHAIN, "bridge", ["bridge"] * 3 + ["none"] * 2, id="chain-bridge-wanted"),
        pytest.param(CHAIN, "subnets", ["subnets"] * 3 + ["none"] * 2, id="chain-subnets-wanted"),
        pytest.param(RING, "subnets", ["subnets"] * 3 + ["none"] * 2, id="ring-subnets-wanted"),
        pytest.param([out("a")], "auto", ["none"] * 5, id="one-cable-outside"),
        pytest.param([out("a")], "subnets", ["none"] * 5, id="one-cable-outside-subnets-wanted"),
        pytest.param([out("a", 1), out("a", 2)], "auto", ["subnets"] + ["none"] * 4, id="parallel-cables-outside"),
        pytest.param([out("a"), out("b")], "auto", ["none"] * 5, id="two-hosts-at-one-machine-outside"),
        pytest.param([out("a"), *CHAIN], "auto", ["bridge"] * 3 + ["none"] * 2, id="chain-with-a-tail-outside"),
        pytest.param(
            [*CHAIN, out("a"), out("c", 3, "desk")], "auto", ["bridge"] * 3 + ["none"] * 2, id="two-machines-outside"
        ),
        pytest.param([*CHAIN, out("a"), out("c")], "auto", ["subnets"] * 3 + ["none"] * 2, id="chain-closed-outside"),
        pytest.param(
            [*CHAIN, out("a"), out("c"), out("d"), {"e": 1, "external": "desk"}],
            "auto",
            ["subnets"] * 3 + ["none"] * 2,
            id="beside-a-loop-outside",
        ),
        pytest.param(
            [{"a": 1, "b": 1}, {"c": 1, "d": 1}, out("b"), out("c")],
            "auto",
            ["bridge"] * 4 + ["none"],
            id="two-pairs-joined-outside",
        ),
    ],
)
def test_mode_follows_from_the_cables(links: Any, mode: str, expected: list[str]) -> None:
    plan = plan_topology(links, SUBNET, HOSTS, mode)
    assert [plan[host]["mode"] for host in HOSTS] == expected


@pytest.mark.parametrize("mode", ["auto", "subnets"])
@pytest.mark.parametrize("links", [CHAIN[:1], CHAIN, STAR, RING, PAIR, [*RING, {"d": 1, "e": 1}]])
def test_rdma_leaves_no_bridge(links: Any, mode: str) -> None:
    assert plan_topology(links, SUBNET, HOSTS, mode, rdma=True) == plan_topology(links, SUBNET, HOSTS, "subnets")


def test_rdma_without_a_cable_is_nothing_to_plan() -> None:
    assert {plan["mode"] for plan in plan_topology([], SUBNET, HOSTS, rdma=True).values()} == {"none"}


@pytest.mark.parametrize("links", [[], CHAIN, RING])
def test_rdma_on_a_bridge_is_refused(links: Any) -> None:
    (problem,) = topology_problems(links, SUBNET, HOSTS, "bridge", rdma=True)
    assert problem.sentence == (
        "inventory: thunderbolt_rdma is true, but thunderbolt_mode is bridge, which excludes RDMA; write auto or "
        "subnets."
    )
    with pytest.raises(TopologyError, match="which excludes RDMA"):
        plan_topology(links, SUBNET, HOSTS, "bridge", rdma=True)


def test_a_host_of_a_ring_in_full() -> None:
    assert plan_topology(RING, SUBNET, HOSTS)["b"] == {
        "mode": "subnets",
        "ports": [
            {
                "cable": 1,
                "receptacle": 1,
                "address": "10.66.64.2",
                "netmask": "255.255.255.252",
                "prefix": 30,
                "peer": "a",
                "peer_address": "10.66.64.1",
                "peer_receptacle": 1,
                "external": False,
            },
            {
                "cable": 2,
                "receptacle": 2,
                "address": "10.66.64.5",
                "netmask": "255.255.255.252",
                "prefix": 30,
                "peer": "c",
                "peer_address": "10.66.64.6",
                "peer_receptacle": 1,
                "external": False,
            },
        ],
        "bridge": None,
        "neighbours": [
            {"name": "a.tb", "host": "a", "address": "10.66.64.1", "cable": 1, "receptacle": 1},
            {"name": "c.tb", "host": "c", "address": "10.66.64.6", "cable": 2, "receptacle": 2},
        ],
        "hosts_entries": [{"name": "a.tb", "address": "10.66.64.1"}, {"name": "c.tb", "address": "10.66.64.6"}],
    }


def test_a_host_of_a_chain_in_full() -> None:
    assert plan_topology(CHAIN, SUBNET, HOSTS)["c"] == {
        "mode": "bridge",
        "ports": [
            {
                "cable": 2,
                "receptacle": 1,
                "address": None,
                "netmask": None,
                "prefix": None,
                "peer": "b",
                "peer_address": None,
                "peer_receptacle": 2,
                "external": False,
            }
        ],
        "bridge": {"address": "10.66.64.6", "netmask": "255.255.255.0", "prefix": 24},
        "neighbours": [
            {"name": "a.tb", "host": "a", "address": "10.66.64.1", "cable": None, "receptacle": None},
            {"name": "b.tb", "host": "b", "address": "10.66.64.2", "cable": None, "receptacle": None},
        ],
        "hosts_entries": [{"name": "a.tb", "address": "10.66.64.1"}, {"name": "b.tb", "address": "10.66.64.2"}],
    }


@pytest.mark.parametrize("links", [[out("c", 2)], [*CHAIN, out("c", 2)], [*RING[:1], out("c", 2)]])
def test_a_port_whose_cable_leads_outside_has_no_address(links: list[Any]) -> None:
    plan = plan_topology(links, SUBNET, HOSTS, "subnets")["c"]
    assert plan["ports"][-1] == {
        "cable": len(links),
        "receptacle": 2,
        "address": None,
        "netmask": None,
        "prefix": None,
        "peer": "laptop",
        "peer_address": None,
        "peer_receptacle": None,
        "external": True,
    }
    assert "laptop" not in str([plan["neighbours"], plan["hosts_entries"], plan["bridge"]])


def test_hosts_that_only_a_machine_outside_joins_are_no_neighbours() -> None:
    plans = plan_topology([{"a": 1, "b": 1}, {"c": 1, "d": 1}, out("b"), out("c")], SUBNET, HOSTS)
    assert {host: [one["host"] for one in plans[host]["neighbours"]] for host in "abcd"} == {
        "a": ["b"],
        "b": ["a"],
        "c": ["d"],
        "d": ["c"],
    }
    assert len({plans[host]["bridge"]["address"] for host in "abcd"}) == 4


def test_cables_outside_need_no_network() -> None:
    assert topology_problems([out("a"), out("b")], None, HOSTS, "auto") == []
    assert plan_topology([out("a")], None, HOSTS)["a"]["mode"] == "none"
    # But they have a number like any other.
    (problem,) = topology_problems([out("a"), {"a": 1, "b": 1}], "10.66.64.0/30", HOSTS, "auto")
    assert "has room for 1 cable," in problem.sentence


def test_further_cables_to_a_peer_have_names_of_their_own() -> None:
    assert plan_topology(PAIR, SUBNET, HOSTS)["a"]["hosts_entries"] == [
        {"name": "b.tb", "address": "10.66.64.2"},
        {"name": "b-2.tb", "address": "10.66.64.6"},
    ]


def _addresses(plan: dict[str, dict[str, Any]]) -> dict[Any, str]:
    found = {(host, port["cable"]): port["address"] for host in plan for port in plan[host]["ports"] if port["address"]}
    return found | {(host, "bridge"): plan[host]["bridge"]["address"] for host in plan if plan[host]["bridge"]}


@pytest.mark.parametrize(
    ("links", "cable"),
    [
        pytest.param(CHAIN, {"d": 1, "e": 1}, id="beside-a-bridge"),
        pytest.param(CHAIN, {"d": 1, "a": 2}, id="lengthens-a-bridge"),
        pytest.param([*CHAIN, {"d": 1, "e": 1}], {"a": 2, "d": 2}, id="joins-two-bridges"),
        pytest.param(RING, {"a": 3, "b": 3}, id="within-a-ring"),
        pytest.param(RING, {"d": 1, "e": 1}, id="beside-a-ring"),
        pytest.param(PAIR, {"a": 3, "b": 3}, id="third-parallel"),
        pytest.param(CHAIN, out("a"), id="outside"),
        pytest.param(RING, out("a"), id="outside-of-a-ring"),
        pytest.param([out("a"), *CHAIN], {"d": 1, "a": 2}, id="after-one-outside"),
    ],
)
def test_an_appended_cable_changes_no_address(links: list[Any], cable: dict[str, int]) -> None:
    before = _addresses(plan_topology(links, SUBNET, HOSTS))
    after = _addresses(plan_topology([*links, cable], SUBNET, HOSTS))
    assert before.items() <= after.items()
    assert len(set(after.values())) == len(after)


def test_the_order_within_a_cable_does_not_matter() -> None:
    turned = [dict(reversed(link.items())) for link in RING]
    assert plan_topology(turned, SUBNET, HOSTS) == plan_topology(RING, SUBNET, HOSTS)


def test_a_host_keeps_the_address_of_its_first_cable_when_the_bridge_becomes_a_ring() -> None:
    bridge, ring = plan_topology(CHAIN, SUBNET, HOSTS), plan_topology(RING, SUBNET, HOSTS)
    assert bridge["a"]["bridge"]["address"] == ring["a"]["ports"][0]["address"]


@pytest.mark.parametrize(
    ("links", "subnet", "mode", "expected"),
    [
        pytest.param(
            RING,
            SUBNET,
            "bridge",
            "inventory: thunderbolt_mode is bridge, but cables 1, 2 and 3 form a loop between a, b and c, and macOS "
            "does not stop packets from circling in it; write auto or subnets, or unplug one of these cables.",
            id="bridge-over-a-ring",
        ),
        pytest.param(
            [*CHAIN, {"d": 1, "e": 1}, {"d": 2, "e": 2}],
            SUBNET,
            "bridge",
            "inventory: thunderbolt_mode is bridge, but cables 3 and 4 form a loop between d and e, and macOS does not "
            "stop packets from circling in it; write auto or subnets, or unplug one of these cables.",
            id="bridge-over-parallel-cables",
        ),
        pytest.param(
            CHAIN,
            SUBNET,
            "both",
            "inventory: thunderbolt_mode is 'both'; write one of auto, bridge and subnets.",
            id="mode",
        ),
        pytest.param(
            RING,
            "10.66.64.0/29",
            "auto",
            "inventory: thunderbolt_subnet 10.66.64.0/29 has room for 2 cables, but thunderbolt_links has 3; write a "
            "network of /28 or larger.",
            id="small-subnet",
        ),
        pytest.param(
            CHAIN,
            "10.66.64.0/31",
            "auto",
            "inventory: thunderbolt_subnet 10.66.64.0/31 has room for 0 cables, but thunderbolt_links has 2; write a "
            "network of /29 or larger.",
            id="tiny-subnet",
        ),
    ],
)
def test_what_cannot_work_is_refused_with_the_reason(links: Any, subnet: str, mode: str, expected: str) -> None:
    assert [problem.sentence for problem in topology_problems(links, subnet, HOSTS, mode)] == [expected]
    with pytest.raises(TopologyError) as caught:
        plan_topology(links, subnet, HOSTS, mode)
    assert str(caught.value) == expected


def test_a_full_subnet_is_used_to_its_end() -> None:
    links = [{"a": number, "b": number} for number in range(1, 5)]
    plan = plan_topology(links, "10.66.64.0/28", HOSTS)
    assert plan["a"]["ports"][-1]["address"] == "10.66.64.13"
