# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The networks of the LAN, one or several, and the addresses in them."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._inventory_rules._addresses import (
    host_addresses,
    networks,
)
from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._inventory_rules._model import Host, Inventory, Specs

TWO = ["192.168.1.0/24", "10.20.0.0/16"]


def sentences(lan: Any, *addresses: str, **shared: Any) -> list[str]:
    values = {"cluster_lan_subnet": lan, **shared}
    hosts = {
        name: Host(name, frozenset(), values={**values, "ansible_host": address})
        for name, address in zip("abcdef", addresses or ["192.168.1.10"], strict=False)
    }
    inventory = Inventory(hosts, {"all": list(hosts)}, Specs({}, ()))
    return [problem.sentence for rule in (networks, host_addresses) for problem in rule(inventory)]


@pytest.mark.parametrize(
    ("lan", "addresses"),
    [
        pytest.param("192.168.1.0/24", ["192.168.1.10"], id="one"),
        pytest.param(["192.168.1.0/24"], ["192.168.1.10"], id="list-of-one"),
        pytest.param(TWO, ["192.168.1.10", "10.20.7.255"], id="two"),
        pytest.param(["192.168.1.0/24", "10.9.9.9/32"], ["192.168.1.10", "10.9.9.9"], id="a-single-address"),
        pytest.param(["192.168.1.10/31"], ["192.168.1.10", "192.168.1.11"], id="two-addresses"),
    ],
)
def test_hosts_may_be_in_any_of_them(lan: Any, addresses: list[str]) -> None:
    for gateway in (None, "192.168.1.1" if "/24" in str(lan) else None):
        assert sentences(lan, *addresses, cluster_lan_gateway=gateway, thunderbolt_subnet="10.66.64.0/24") == []


UNSET = (
    "inventory: cluster_lan_subnet is not set; write the network of the hosts, such as 192.168.1.0/24, in "
    "group_vars/all.yml."
)
NO_NETWORK = "which is not an IPv4 network; write one such as 192.168.1.0/24."
OWN = "write an address of its own for this host."


@pytest.mark.parametrize(
    ("lan", "expected"),
    [
        pytest.param(None, UNSET, id="unset"),
        pytest.param([], UNSET, id="empty-list"),
        pytest.param("", f"inventory: cluster_lan_subnet is '', {NO_NETWORK}", id="empty"),
        pytest.param(10, f"inventory: cluster_lan_subnet is 10, {NO_NETWORK}", id="number"),
        pytest.param({"a": 1}, f"inventory: cluster_lan_subnet is a mapping, {NO_NETWORK}", id="mapping"),
        pytest.param("192.168.1.0", f"inventory: cluster_lan_subnet is '192.168.1.0', {NO_NETWORK}", id="no-size"),
        pytest.param("home", f"inventory: cluster_lan_subnet is 'home', {NO_NETWORK}", id="name"),
        pytest.param(
            "192.168.1.0/24, 10.20.0.0/16",
            f"inventory: cluster_lan_subnet is '192.168.1.0/24, 10.20.0.0/16', {NO_NETWORK}",
            id="two-in-one-text",
        ),
        pytest.param(
            ["192.168.1.0/24", "10.20.0.5/16"],
            f"inventory: cluster_lan_subnet[1] is '10.20.0.5/16', {NO_NETWORK}",
            id="element-with-host-bits",
        ),
        pytest.param(
            ["fd00::/8", "192.168.1.0/24"],
            f"inventory: cluster_lan_subnet[0] is 'fd00::/8', {NO_NETWORK}",
            id="element-of-ipv6",
        ),
        pytest.param(
            ["192.168.1.0/24", None], f"inventory: cluster_lan_subnet[1] is null, {NO_NETWORK}", id="element-empty"
        ),
        pytest.param(
            ["192.168.1.0/24", TWO], f"inventory: cluster_lan_subnet[1] is a list, {NO_NETWORK}", id="element-a-list"
        ),
        pytest.param(
            ["192.168.1.0/24", "192.168.1.0/24"],
            "inventory: cluster_lan_subnet[1] 192.168.1.0/24 overlaps cluster_lan_subnet[0] 192.168.1.0/24; remove one "
            "of them.",
            id="twice",
        ),
        pytest.param(
            ["192.168.0.0/16", "10.0.0.0/8", "192.168.1.0/24"],
            "inventory: cluster_lan_subnet[2] 192.168.1.0/24 overlaps cluster_lan_subnet[0] 192.168.0.0/16; remove one "
            "of them.",
            id="one-in-another",
        ),
    ],
)
def test_each_wrong_network_is_one_sentence(lan: Any, expected: str) -> None:
    assert sentences(lan, "192.168.1.10", "192.168.1.11", cluster_lan_gateway="192.168.1.1") == [expected]


@pytest.mark.parametrize(
    ("addresses", "shared", "expected"),
    [
        pytest.param(
            ["172.16.0.1"],
            {},
            f"a: ansible_host 172.16.0.1 is outside cluster_lan_subnet 192.168.1.0/24 and 10.20.0.0/16; {OWN}",
            id="outside-both",
        ),
        pytest.param(
            ["10.20.0.0"],
            {},
            f"a: ansible_host 10.20.0.0 is the name of the network 10.20.0.0/16 itself; {OWN}",
            id="name-of-the-second",
        ),
        pytest.param(
            ["10.20.255.255"],
            {},
            f"a: ansible_host 10.20.255.255 is the broadcast address of 10.20.0.0/16; {OWN}",
            id="broadcast-of-the-second",
        ),
        pytest.param(
            ["192.168.1.10"],
            {"cluster_lan_gateway": "172.16.0.1"},
            "inventory: cluster_lan_gateway is '172.16.0.1', which is not an address in cluster_lan_subnet "
            "192.168.1.0/24 or 10.20.0.0/16; write the address of the router.",
            id="router-outside-both",
        ),
        pytest.param(
            ["192.168.1.10"],
            {"thunderbolt_subnet": "10.20.64.0/24", "thunderbolt_links": [{"a": 1, "b": 1}]},
            "inventory: thunderbolt_subnet 10.20.64.0/24 overlaps cluster_lan_subnet 10.20.0.0/16; write a network "
            "that nothing else uses, such as 10.66.64.0/24.",
            id="thunderbolt-in-the-second",
        ),
    ],
)
def test_addresses_are_held_against_all_of_them(addresses: list[str], shared: dict[str, Any], expected: str) -> None:
    assert sentences(TWO, *addresses, **shared) == [expected]
