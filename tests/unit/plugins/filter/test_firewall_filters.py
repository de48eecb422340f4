# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The firewall's filters: what a playbook gets of the derived rules and paths."""

from __future__ import annotations

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.hybrid_ai.cluster.plugins.filter.exo_paths import FilterModule as ExoPaths
from ansible_collections.hybrid_ai.cluster.plugins.filter.firewall_report import FilterModule as FirewallReport
from ansible_collections.hybrid_ai.cluster.plugins.filter.firewall_rules import FilterModule as FirewallRules
from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._service_table import service_table
from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._topology import plan_topology

HOSTS = ["a", "b", "c"]
LAN = {"a": "10.0.0.1", "b": "10.0.0.2", "c": "10.0.0.3"}
TABLE = service_table({"exo": {"description": "exo", "group": "exo", "port": 52415}})
PLANS = plan_topology([{"a": 1, "b": 1}, {"b": 2, "c": 1}], "10.9.0.0/24", HOSTS, "subnets")
GROUPS = {"all": HOSTS, "exo": HOSTS}

firewall_rules = FirewallRules().filters()["firewall_rules"]
firewall_report = FirewallReport().filters()["firewall_report"]
exo_paths = ExoPaths().filters()["exo_paths"]


def test_rules_as_the_module_takes_them() -> None:
    found = firewall_rules(TABLE, "a", GROUPS, LAN, PLANS, trusted=["10.7.0.1"], ssh_ports=["2222"])
    assert found["tables"] == {
        "exo_thunderbolt": ["10.0.0.2", "fe80::/10"],
        "exo": ["10.0.0.1", "10.0.0.2", "10.0.0.3", "10.7.0.1", "10.9.0.1", "10.9.0.2", "10.9.0.5", "10.9.0.6"],
    }
    assert [rule.get("port") for rule in found["rules"]] == [None, 22, 2222, 52415, 52415, 52415]


def test_a_mistake_names_the_host() -> None:
    with pytest.raises(
        AnsibleFilterError, match=r"^a: 'desk' is to reach the service exo but is not a valid IP address"
    ):
        firewall_rules(TABLE, "a", GROUPS, LAN, PLANS, trusted=["desk"])


def test_the_proofs_of_a_worker_at_the_end_of_a_chain() -> None:
    checks = firewall_report(exo_paths(HOSTS, LAN, PLANS), "a", LAN, 52415)
    assert {check.pop("capability") for check in checks} == {"firewall"}
    assert [check.pop("needs") for check in checks] == [["exo"]] * 4
    topology = checks.pop()
    assert checks == [
        {
            "check": "tcp_port",
            "title": "exo of b over the LAN",
            "address": "10.0.0.2",
            "port": 52415,
            "expected": "refused",
        },
        {
            "check": "tcp_port",
            "title": "exo of b over Thunderbolt",
            "address": "10.9.0.2",
            "port": 52415,
            "expected": "open",
        },
        {
            "check": "traffic_path",
            "name": "exo of b",
            "url": "http://10.9.0.2:52415/state",
            "address": "10.9.0.1",
            "other": "10.0.0.1",
        },
    ]
    assert topology["members"] == [
        {"name": "a", "address": "127.0.0.1"},
        {"name": "b", "address": "10.9.0.2"},
        {"name": "c", "address": "10.0.0.3"},
    ]
    assert [(path["source"], path["sink"]) for path in topology["paths"]] == [
        ("a", "b"),
        ("b", "a"),
        ("b", "c"),
        ("c", "b"),
    ]


@pytest.mark.parametrize("host", ["a", "elsewhere"])
def test_nothing_to_prove_without_the_restriction(host: str) -> None:
    assert firewall_report(exo_paths(HOSTS, LAN, PLANS, False), host, LAN, 52415) == []
