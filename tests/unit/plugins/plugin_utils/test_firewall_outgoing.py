# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Where exo may connect to, as data: what the inventory says about it, and what it does not say."""

from __future__ import annotations

import ipaddress
from typing import Any

import pytest
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._firewall.rule import FirewallRulesError
from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._firewall_outgoing import outgoing_rules
from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._firewall_rules import Cluster
from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._service_table import service_table
from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._topology import plan_topology

GROUPS = {"all": ["m", "a", "b"], "management": ["m"], "exo": ["a", "b"]}
LAN = {"m": "10.0.0.1", "a": "10.0.0.2", "b": "10.0.0.3"}
SERVICES: dict[str, dict[str, Any]] = {
    "dns_tcp": {"group": "management", "port": 53},
    "exo": {"group": "exo", "port": 52415},
    "exo_discovery": {"group": "exo", "port": 5353, "protocol": "udp", "shared": True},
}
TO_NODES = [
    {"action": "pass", "direction": "out", "protocol": protocol, "destination": "exo_out_nodes", "user": "451"}
    for protocol in ("tcp", "udp")
]


def limits(  # noqa: PLR0917 - every case changes one of them
    host: str = "a",
    services: dict[str, dict[str, Any]] | None = None,
    groups: dict[str, list[str]] | None = None,
    addresses: dict[str, str] | None = None,
    lan: tuple[str, ...] = ("10.0.0.0/24",),
    links: list[dict[str, int]] | None = None,
    destinations: tuple[str, ...] = (),
) -> dict[str, Any]:
    table = service_table({name: {"description": name, **entry} for name, entry in (services or SERVICES).items()})
    plans = plan_topology(links or [], "192.0.2.0/24", ["m", "a", "b"], "auto")
    cluster = Cluster(table, groups or GROUPS, LAN if addresses is None else addresses, plans, lan)
    return outgoing_rules(cluster, host, "451", destinations)


NODES = [
    pytest.param({}, ["10.0.0.2", "10.0.0.3"], id="on the LAN"),
    pytest.param(
        {"links": [{"a": 1, "b": 1}]}, ["10.0.0.2", "10.0.0.3", "192.0.2.1", "192.0.2.2"], id="and Thunderbolt"
    ),
    pytest.param(
        {"links": [{"a": 1, "b": 1}], "addresses": {"m": "10.0.0.1"}}, ["192.0.2.1", "192.0.2.2"], id="Thunderbolt only"
    ),
    pytest.param({"groups": {**GROUPS, "exo": ["a"]}}, ["10.0.0.2"], id="one node"),
    pytest.param({"addresses": {**LAN, "b": "2001:db8::3"}}, ["10.0.0.2", "2001:db8::3"], id="IPv6"),
    pytest.param(
        {"destinations": ("10.0.0.9", "fd00::/64")}, ["10.0.0.2", "10.0.0.3", "10.0.0.9", "fd00::/64"], id="more"
    ),
]


@pytest.mark.parametrize(("options", "nodes"), NODES)
def test_the_nodes_are_reached_at_all_their_addresses_and_ports(options: dict[str, Any], nodes: list[str]) -> None:
    found = limits(**options)
    assert found["tables"]["exo_out_nodes"] == nodes
    assert found["rules"][:2] == TO_NODES


NONE = [
    pytest.param({"host": "m"}, id="a host without exo"),
    pytest.param({"groups": {**GROUPS, "exo": []}}, id="an empty group"),
    pytest.param({"groups": {"all": ["m", "a", "b"], "management": ["m"]}}, id="no such group"),
    pytest.param({"services": {"dns_tcp": SERVICES["dns_tcp"]}}, id="no such service"),
]


@pytest.mark.parametrize("options", NONE)
def test_nothing_is_limited_without_exo(options: dict[str, Any]) -> None:
    assert limits(**options) == {"tables": {}, "rules": []}


INSIDE = [
    pytest.param({}, "10.0.0.77", id="the LAN"),
    pytest.param({}, "192.168.1.1", id="another private network"),
    pytest.param({}, "172.31.255.255", id="the end of one"),
    pytest.param({}, "100.127.0.1", id="a carrier's"),
    pytest.param({}, "169.254.1.1", id="link-local"),
    pytest.param({}, "224.0.0.251", id="multicast"),
    pytest.param({}, "255.255.255.255", id="broadcast"),
    pytest.param({}, "fd12::1", id="unique local"),
    pytest.param({}, "fe80::1", id="link-local IPv6"),
    pytest.param({}, "::ffff:10.0.0.77", id="mapped"),
    pytest.param({"lan": ("203.0.113.0/25",)}, "203.0.113.77", id="a LAN of public addresses"),
    pytest.param({"lan": (), "addresses": {**LAN, "a": "203.0.113.5"}}, "203.0.113.77", id="a LAN that nobody named"),
    pytest.param({"addresses": {**LAN, "b": "2a00:1:2:3::5"}}, "2a00:1:2:3::77", id="IPv6 around a node"),
    pytest.param({"links": [{"a": 1, "b": 1}]}, "192.0.2.77", id="around the cables"),
]


def lies_in(address: str, networks: list[str]) -> bool:
    return any(ipaddress.ip_address(address) in ipaddress.ip_network(network) for network in networks)


@pytest.mark.parametrize(("options", "address"), INSIDE)
def test_a_stranger_of_this_site_is_refused(options: dict[str, Any], address: str) -> None:
    assert lies_in(address, limits(**options)["tables"]["exo_out_inside"])


@pytest.mark.parametrize(
    "address", ["1.1.1.1", "203.0.113.7", "100.128.0.1", "172.32.0.1", "2a00::1", "64:ff9b::101:101"]
)
def test_the_internet_is_not_this_site(address: str) -> None:
    assert not lies_in(address, limits()["tables"]["exo_out_inside"])


def test_the_order_ends_with_a_refusal_of_the_rest() -> None:
    def said(rule: dict[str, Any]) -> str:
        words = (
            rule["action"],
            rule["protocol"],
            rule.get("port", ""),
            rule.get("destination", "").removeprefix("exo_out_"),
        )
        return " ".join(str(word) for word in words if word)

    assert [said(rule) for rule in limits()["rules"]] == [
        "pass tcp nodes",
        "pass udp nodes",
        "pass udp 53",
        "pass tcp 53 name_servers",
        "pass udp 5353 discovery",
        "reset tcp inside",
        *(f"pass tcp {port}" for port in (53, 80, 443)),
        "reset tcp",
        "reset udp",
    ]


def test_ports_that_the_inventory_changes() -> None:
    services = {**SERVICES, "exo_discovery": {**SERVICES["exo_discovery"], "port": 5354}}
    assert [
        rule["port"] for rule in limits(services=services)["rules"] if rule.get("destination") == "exo_out_discovery"
    ] == [5354]


def test_a_site_without_name_servers_of_its_own() -> None:
    found = limits(groups={"all": ["a", "b"], "exo": ["a", "b"]})
    assert "exo_out_name_servers" not in found["tables"]
    assert not any(rule.get("destination") == "exo_out_name_servers" for rule in found["rules"])


def test_a_destination_that_is_a_name() -> None:
    with pytest.raises(
        FirewallRulesError, match=r"'nas\.lan' is to reach the destinations of exo but is not a valid IP address"
    ):
        limits(destinations=("nas.lan",))


def test_a_host_that_is_reached_by_name() -> None:
    with pytest.raises(FirewallRulesError, match=r"'m\.lan' is to reach .* but is not a valid IP address"):
        limits(addresses={**LAN, "m": "m.lan"})
