# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Who may reach what, as data: the rules of a host from table, inventory and cables."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._firewall.rule import FirewallRulesError, addresses
from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._firewall_rules import (
    Cluster,
    exo_paths,
    firewall_rules,
)
from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._service_table import service_table
from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._topology import plan_topology

HOSTS = ["m", "a", "b", "c", "g"]
GROUPS = {"all": HOSTS, "management": ["m"], "exo": ["a", "b", "c"], "gpu": ["g"]}
LAN = {name: f"10.0.0.{number}" for number, name in enumerate(HOSTS, start=1)}
CHAIN = [{"a": 1, "b": 1}, {"b": 2, "c": 1}]
RING = [*CHAIN, {"c": 2, "a": 2}]
TWICE = [{"a": 1, "b": 1}, {"a": 2, "b": 2}]

OPEN = [{"action": "pass", "interface": "loopback"}, {"action": "pass", "protocol": "tcp", "port": 22}]
SSH = {"group": "all", "port": 22, "from": ["anywhere"]}
EXO = {"group": "exo", "port": 52415, "from": ["cluster"]}


def rules_of(
    host: str,
    services: dict[str, Any],
    links: list[dict[str, int]] | None = None,
    mode: str = "auto",
    **options: Any,
) -> dict[str, Any]:
    table = service_table({name: {"description": name, **entry} for name, entry in services.items()})
    plans = plan_topology(links or [], "10.9.0.0/24", HOSTS, mode)
    cluster = Cluster(table, GROUPS, LAN, plans, ["10.0.0.0/24"], options.pop("trusted", ()))
    return firewall_rules(cluster, host, **options)


def port(number: int, source: str = "", action: str = "pass", protocol: str = "tcp") -> dict[str, Any]:
    rule = {"action": action, "protocol": protocol, "port": number, "source": source}
    return {key: value for key, value in rule.items() if value}


EVERYBODY = ["10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.4", "10.0.0.5"]

SOURCES = [
    pytest.param(["cluster"], EVERYBODY, id="cluster"),
    pytest.param(["management"], ["10.0.0.1"], id="management"),
    pytest.param(["peers"], ["10.0.0.3", "10.0.0.4"], id="peers are the others of the group"),
    pytest.param(["management", "peers"], ["10.0.0.1", "10.0.0.3", "10.0.0.4"], id="two sources"),
    pytest.param(["lan"], ["10.0.0.0/24", "fe80::/10"], id="lan, link-local IPv6 too"),
]


@pytest.mark.parametrize(("sources", "expected"), SOURCES)
def test_a_port_is_open_to_its_sources_and_closed_to_the_rest(sources: list[str], expected: list[str]) -> None:
    found = rules_of("a", {"ssh": SSH, "meter": {"group": "exo", "port": 9100, "from": sources}})
    assert found == {
        "tables": {"meter": expected},
        "rules": [*OPEN, port(9100, "meter"), port(9100, action="reset")],
    }


def test_what_is_for_a_management_node_alone_is_closed_where_there_is_none() -> None:
    services = {"ssh": SSH, "meter": {"group": "exo", "port": 9100, "from": ["management"]}}
    table = service_table({name: {"description": name, **entry} for name, entry in services.items()})
    groups = {name: members for name, members in GROUPS.items() if name != "management"}
    found = firewall_rules(Cluster(table, groups, LAN, {}, ["10.0.0.0/24"]), "a")
    assert found == {"tables": {}, "rules": [*OPEN, port(9100, action="reset")]}


NO_RULE = [
    pytest.param({"group": "gpu", "port": 9100}, id="service of another group"),
    pytest.param({"group": "exo", "port": 80, "from": ["anywhere"]}, id="from anywhere"),
    pytest.param({"group": "exo", "port": 5353, "protocol": "udp", "shared": True}, id="shared with the system's own"),
    pytest.param({"group": "exo", "port": 22, "from": ["management"]}, id="remote login, whatever the table says"),
]


@pytest.mark.parametrize("service", NO_RULE)
def test_what_needs_no_rule_has_none(service: dict[str, Any]) -> None:
    assert rules_of("a", {"ssh": SSH, "meter": service}) == {"tables": {}, "rules": OPEN}


def test_every_port_of_remote_login_is_open_to_all() -> None:
    found = rules_of("a", {"meter": {"group": "exo", "port": 2222, "from": ["management"]}}, ssh_ports=[2222])
    assert found == {"tables": {}, "rules": [*OPEN, port(2222)]}


def test_the_only_host_of_a_group_has_no_peers_and_no_empty_table() -> None:
    found = rules_of("g", {"ring": {"group": "gpu", "port": 7000, "from": ["peers"]}})
    assert found == {"tables": {}, "rules": [*OPEN, port(7000, action="reset")]}


def test_two_services_that_take_turns_on_a_port_are_both_open_before_it_is_closed() -> None:
    services = {
        "one": {"group": "exo", "port": 8000, "from": ["management"]},
        "two": {"group": "exo", "port": 8000, "from": ["peers"]},
    }
    assert rules_of("a", services)["rules"] == [
        *OPEN,
        port(8000, "one"),
        port(8000, "two"),
        port(8000, action="reset"),
    ]


def test_ports_are_closed_by_protocol() -> None:
    services = {
        "dns": {"group": "management", "port": 53, "protocol": "udp", "from": ["management"]},
        "dns_tcp": {"group": "management", "port": 53, "from": ["management"]},
    }
    assert rules_of("m", services)["rules"] == [
        *OPEN,
        port(53, "dns", protocol="udp"),
        port(53, "dns_tcp"),
        port(53, action="reset", protocol="udp"),
        port(53, action="reset"),
    ]


def test_trusted_addresses_count_as_the_cluster_but_not_as_the_management() -> None:
    services = {
        "exo": EXO,
        "admin": {"group": "exo", "port": 9000, "from": ["management"]},
    }
    tables = rules_of("a", services, trusted=["192.168.7.0/24", "2001:db8::7"])["tables"]
    assert tables == {"exo": [*EVERYBODY, "192.168.7.0/24", "2001:db8::7"], "admin": ["10.0.0.1"]}


JOINED = [
    pytest.param(RING, "auto", {"a": "bc", "b": "ac", "c": "ab"}, id="ring, a network per cable"),
    pytest.param(CHAIN, "subnets", {"a": "b", "b": "ac", "c": "b"}, id="chain, a network per cable"),
    pytest.param(CHAIN, "bridge", {"a": "bc", "b": "ac", "c": "ab"}, id="chain, one bridge"),
    pytest.param(TWICE, "auto", {"a": "b", "b": "a", "c": ""}, id="two cables between two, one without"),
    pytest.param([{"a": 1, "m": 1}], "auto", {"a": "", "m": ""}, id="a cable to the management node joins no workers"),
    pytest.param([], "auto", {"a": "", "b": "", "c": ""}, id="no cables"),
]


@pytest.mark.parametrize(("links", "mode", "expected"), JOINED)
def test_exo_resets_the_lan_of_joined_workers_only(
    links: list[dict[str, int]], mode: str, expected: dict[str, str]
) -> None:
    for host, joined in expected.items():
        found = rules_of(host, {"exo": EXO}, links, mode)
        assert found["tables"].get("exo_thunderbolt", []) == (
            [*(LAN[name] for name in joined), "fe80::/10"] if joined else []
        )
        resets = [rule for rule in found["rules"] if rule.get("source") == "exo_thunderbolt"]
        assert resets == ([port(52415, "exo_thunderbolt", action="reset")] if joined else [])


def test_the_rules_of_a_worker_in_a_ring() -> None:
    assert rules_of("a", {"ssh": SSH, "exo": EXO}, RING) == {
        "tables": {
            "exo_thunderbolt": ["10.0.0.3", "10.0.0.4", "fe80::/10"],
            "exo": [*EVERYBODY, "10.9.0.1", "10.9.0.2", "10.9.0.5", "10.9.0.6", "10.9.0.9", "10.9.0.10"],
        },
        "rules": [
            *OPEN,
            port(52415, "exo_thunderbolt", action="reset"),
            port(52415, "exo"),
            port(52415, action="reset"),
        ],
    }


def test_exo_may_take_every_way() -> None:
    found = rules_of("a", {"exo": EXO}, RING, exo_over_thunderbolt=False)
    assert found["rules"] == [*OPEN, port(52415, "exo"), port(52415, action="reset")]


def test_exo_that_is_open_to_all_is_still_kept_to_thunderbolt() -> None:
    found = rules_of("a", {"exo": {**EXO, "from": ["anywhere"]}}, RING)
    assert found["rules"] == [*OPEN, port(52415, "exo_thunderbolt", action="reset")]


def test_the_longest_name_of_a_table() -> None:
    name = "a_service_with_a_name_that_is_too_long"
    with pytest.raises(FirewallRulesError, match=f"the service {name} has a name of more than 31 letters"):
        rules_of("a", {name: {"group": "exo", "port": 9100}})


def test_names_are_not_resolved() -> None:
    with pytest.raises(
        FirewallRulesError, match=r"'desk\.lan' is to reach the service exo but is not a valid IP address"
    ):
        rules_of("a", {"exo": EXO}, trusted=["desk.lan"])


SPELLINGS = [
    pytest.param(["10.0.0.2", "10.0.0.1", "10.0.0.1"], ["10.0.0.1", "10.0.0.2"], id="sorted, once"),
    pytest.param(["10.0.0.10", "10.0.0.9"], ["10.0.0.9", "10.0.0.10"], id="by number"),
    pytest.param(["10.0.0.5/24", "10.0.0.1"], ["10.0.0.0/24"], id="inside a network"),
    pytest.param(["fe80::1", "10.0.0.1/32"], ["10.0.0.1", "fe80::1"], id="both versions, no /32"),
    pytest.param([], [], id="none"),
]


@pytest.mark.parametrize(("given", "expected"), SPELLINGS)
def test_addresses_have_one_spelling(given: list[str], expected: list[str]) -> None:
    assert addresses(given, "x") == expected


def path(source: str, sink: str, over: bool, addresses: list[str], own: str) -> dict[str, Any]:
    return {"source": source, "sink": sink, "thunderbolt": over, "addresses": addresses, "own": own}


PATHS = [
    pytest.param(
        CHAIN,
        "subnets",
        [
            path("a", "b", True, ["10.9.0.2"], "10.9.0.1"),
            path("a", "c", False, ["10.0.0.4"], "10.0.0.2"),
        ],
        id="chain, a network per cable",
    ),
    pytest.param(
        CHAIN,
        "bridge",
        [path("a", "b", True, ["10.9.0.2"], "10.9.0.1"), path("a", "c", True, ["10.9.0.6"], "10.9.0.1")],
        id="chain, one bridge",
    ),
    pytest.param(
        TWICE,
        "auto",
        [
            path("a", "b", True, ["10.9.0.2", "10.9.0.6"], "10.9.0.1"),
            path("a", "c", False, ["10.0.0.4"], "10.0.0.2"),
        ],
        id="two cables",
    ),
]


@pytest.mark.parametrize(("links", "mode", "expected"), PATHS)
def test_where_a_worker_finds_the_others(
    links: list[dict[str, int]], mode: str, expected: list[dict[str, Any]]
) -> None:
    plans = plan_topology(links, "10.9.0.0/24", HOSTS, mode)
    assert [one for one in exo_paths(GROUPS["exo"], LAN, plans) if one["source"] == "a"] == expected


def test_without_the_restriction_they_are_found_on_the_lan() -> None:
    plans = plan_topology(RING, "10.9.0.0/24", HOSTS)
    found = exo_paths(["a", "b"], LAN, plans, exo_over_thunderbolt=False)
    assert found == [
        path("a", "b", False, ["10.0.0.3"], "10.0.0.2"),
        path("b", "a", False, ["10.0.0.2"], "10.0.0.3"),
    ]
