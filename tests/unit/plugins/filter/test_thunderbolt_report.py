# Copyright: (c) 2026, the hybrid_ai.cluster contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""thunderbolt_report: a plan as checks of the node report."""

from __future__ import annotations

import pytest
from ansible_collections.hybrid_ai.cluster.plugins.filter.thunderbolt_plan import thunderbolt_plan
from ansible_collections.hybrid_ai.cluster.plugins.filter.thunderbolt_report import thunderbolt_report

PORTS = {
    host: [{"receptacle": n, "device": f"en{n + 1}", "domain_uuid": f"{host}-{n}"} for n in (1, 2, 3)] for host in "abc"
}
RING = [{"a": 1, "b": 1}, {"b": 2, "c": 1}, {"c": 2, "a": 3}]


def report(links, host, ports=PORTS):
    return thunderbolt_report(thunderbolt_plan(links, "10.9.0.0/24", ["a", "b", "c"])[host], ports, host)


def test_no_cable_is_nothing_to_measure():
    assert report([{"a": 1, "b": 1}], "c") == []


def test_every_cable_address_name_and_round_trip_of_a_ring():
    checks = report(RING, "a")
    assert {check.pop("capability") for check in checks} == {"thunderbolt"}
    assert checks == [
        {"check": "bridge", "device": "bridge0", "expected": "absent"},
        {"check": "thunderbolt_cable", "receptacle": 1, "peer": "b", "peer_domain_uuid": "b-1"},
        {"check": "addresses", "device": "en2", "address": "10.9.0.1", "prefix": 30, "method": "manual"},
        {"check": "thunderbolt_cable", "receptacle": 3, "peer": "c", "peer_domain_uuid": "c-2"},
        {"check": "addresses", "device": "en4", "address": "10.9.0.9", "prefix": 30, "method": "manual"},
        {"check": "resolves", "name": "b.tb", "address": "10.9.0.2"},
        {"check": "link", "name": "b.tb", "host": "b", "address": "10.9.0.2", "cable": 1, "receptacle": 1},
        {"check": "resolves", "name": "c.tb", "address": "10.9.0.10"},
        {"check": "link", "name": "c.tb", "host": "c", "address": "10.9.0.10", "cable": 3, "receptacle": 3},
    ]


def test_a_bridge_may_have_no_more_cables_than_the_inventory():
    checks = report([{"a": 1, "b": 1}], "b")
    assert checks[0]["expected"] == "present"
    assert checks[0]["cables"] == 1
    assert checks[1]["device"] == "bridge0"


def able(*ports: tuple[int | None, int | None]) -> list[dict[str, int | None]]:
    """Ports of a Mac: what each could do, where it has no cable, and what it has agreed on, where it has one."""
    return [
        {"receptacle": n, "capability_gigabits": could, "speed_gigabits": has}
        for n, (could, has) in enumerate(ports, start=1)
    ]


@pytest.mark.parametrize(
    ("here", "there", "minimum"),
    [
        pytest.param(able((None, 40), (120, None)), able((None, 40), (120, None)), 80, id="a slow cable"),
        pytest.param(able((None, 80), (120, None)), able((None, 80), (80, None)), 80, id="Thunderbolt 5"),
        pytest.param(able((None, 40), (120, None)), able((None, 40), (40, None)), 40, id="one of Thunderbolt 4"),
        pytest.param(able((None, 80)), able((None, 80)), 80, id="every port has a cable of Thunderbolt 5"),
        pytest.param(able((None, 40)), able((None, 40), (120, None)), None, id="one has no port without a cable"),
        pytest.param(able((None, 40), (120, None)), [], None, id="the other was not looked at"),
        pytest.param(able((None, 20), (None, None)), able((None, 20)), None, id="nothing is told"),
    ],
)
def test_a_cable_is_to_have_what_both_ends_can_do(here, there, minimum):
    checks = report([{"a": 1, "b": 1}], "a", {"a": here, "b": there})
    cable = next(check for check in checks if check["check"] == "thunderbolt_cable")
    assert cable.get("minimum_gigabits") == minimum


def test_a_cable_outside_only_must_not_lead_to_a_host():
    hosts = {f"{host}-{n}": f"port {n} of {host}" for host in "abc" for n in (1, 2, 3)}
    outside = {"check": "thunderbolt_external", "receptacle": 3, "peer": "laptop", "hosts": hosts}
    checks = report([{"a": 3, "external": "laptop"}], "a")
    assert checks == [{"capability": "thunderbolt", **outside}]
    checks = report([{"a": 1, "b": 1}, {"a": 3, "external": "laptop"}], "a")
    assert checks[-3] == {"capability": "thunderbolt", **outside}
    assert [check["check"] for check in checks[-2:]] == ["resolves", "link"]
    # It is no cable too many on the bridge.
    assert checks[0]["cables"] == 2


def test_hosts_that_were_not_looked_at_are_measured_as_far_as_they_are_known():
    checks = report(RING, "a", {})
    assert [check["check"] for check in checks].count("addresses") == 0
    assert all(check["peer_domain_uuid"] is None for check in checks if check["check"] == "thunderbolt_cable")


def test_rdma_is_looked_at_where_it_is_wanted_and_there_is_a_cable():
    plans = thunderbolt_plan([{"a": 1, "b": 1}], "10.9.0.0/24", ["a", "b", "c"], rdma=True)
    kinds = {
        host: [check["check"] for check in thunderbolt_report(plan, PORTS, host, rdma=True)]
        for host, plan in plans.items()
    }
    cabled = ["bridge", "rdma", "thunderbolt_cable", "addresses", "resolves", "link"]
    assert kinds == {"a": cabled, "b": cabled, "c": []}
    (bridge, *_) = thunderbolt_report(plans["a"], PORTS, "a", rdma=True)
    assert bridge["expected"] == "absent"
    assert "rdma" not in {check["check"] for check in report(RING, "a")}
