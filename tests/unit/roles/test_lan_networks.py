# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Whoever reads the network of the LAN gets all of them where the inventory has several, and no Python list as text."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from tests.unit.roles.render import render

ROLES = Path(__file__).parents[3] / "roles"
ONE, TWO = "192.168.1.0/24", ["192.168.1.0/24", "10.20.0.0/16"]


def everything(lan: Any) -> dict[str, Any]:
    """Return what an inventory of two hosts says."""
    addresses = {"desk": {"ansible_host": "192.168.1.10"}, "mini1": {"ansible_host": "10.20.0.11"}}
    return {
        "ansible_host": "192.168.1.10",
        "inventory_hostname": "desk",
        "cluster_lan_subnet": lan,
        "group_names": ["linux", "management"],
        "groups": {"all": ["desk", "mini1"], "management": ["desk"], "exo": ["mini1"]},
        "hostvars": addresses,
    }


@pytest.mark.parametrize(("lan", "expected"), [(ONE, [ONE]), ([ONE], [ONE]), (TWO, TWO), (None, []), ([], [])])
def test_one_place_makes_a_list_of_it(lan: Any, expected: list[str]) -> None:
    assert render("cluster_values", "__cluster_lan_networks", **everything(lan)) == [expected]


def test_nobody_else_reads_the_variable() -> None:
    reading = {
        str(path.relative_to(ROLES))
        for path in ROLES.rglob("*")
        if path.suffix != ".md"
        and path.is_file()
        and re.search(r"\bcluster_lan_subnet\b", path.read_text(encoding="utf-8", errors="replace"))
    }
    assert reading == {
        "cluster_values/defaults/main.yml",
        "cluster/meta/argument_specs.yml",
        "cluster_values/vars/main.yml",
    }


@pytest.mark.parametrize(("lan", "expected"), [(ONE, [ONE]), (TWO, TWO)])
def test_what_never_goes_through_a_proxy(lan: Any, expected: list[str]) -> None:
    (environment,) = render("cluster_values", "__cluster_download_environment", **everything(lan))
    for name in ("no_proxy", "NO_PROXY"):
        words = environment[name].split(",")
        assert [word for word in words if word in TWO] == expected
        assert {"localhost", ".olab", ".tb", "192.168.1.10", "10.20.0.11", "mini1"} <= set(words)
        assert not set("[]' ") & set(environment[name])


@pytest.mark.parametrize(("lan", "expected"), [(ONE, [ONE]), (TWO, TWO)])
def test_what_the_relay_and_a_mac_pass_by(lan: Any, expected: list[str]) -> None:
    # Where its files are, and what it reads of the role squid.
    role = {"role_path": str(ROLES / "proxy_client"), "squid_interception": False}
    names = ("__proxy_client_service", "__proxy_client_bypassed")
    service, bypassed = render("proxy_client", *names, **everything(lan), **role)
    inside = [word for before, word in pairwise(service["arguments"]) if before == "--inside"]
    assert inside[: len(expected) + 3] == [*expected, "127.0.0.0/8", "169.254.0.0/16", ".olab"]
    assert bypassed[: len(expected) + 3] == [*expected, "127.0.0.0/8", "169.254.0.0/16", "*.olab"]


def tables(host: str, lan: Any) -> dict[str, list[str]]:
    exo = {"exo_state": "present", "__exo_service": {"user": "_exo", "uid": 451}}
    values = {**everything(lan), **exo, "inventory_hostname": host, "__thunderbolt_plans": {}}
    (rules,) = render("firewall", "__firewall_wanted", **values)
    found: dict[str, list[str]] = rules["tables"]
    return found


@pytest.mark.parametrize(("lan", "expected"), [(ONE, {ONE}), (TWO, set(TWO))])
def test_whom_the_firewall_lets_in(lan: Any, expected: set[str]) -> None:
    assert set(TWO) & set(tables("desk", lan)["dns"]) == expected


def test_exo_is_kept_out_of_every_network_of_the_site_also_where_it_is_public() -> None:
    public = {"203.0.113.0/24", "198.51.100.0/25"}
    assert public <= set(tables("mini1", sorted(public))["exo_out_inside"])


@pytest.mark.parametrize("lan", [ONE, TWO])
def test_the_cache_serves_hosts_of_the_inventory_and_leads_into_no_network(lan: Any) -> None:
    clients, inside = render(
        "squid", "__squid_clients", "__squid_inside", **everything(lan), squid_clients=["10.1.1.1"]
    )
    assert clients == ["192.168.1.10", "10.20.0.11", "10.1.1.1"]
    assert {"10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "fc00::/7"} <= set(inside)


def test_the_cache_leads_into_no_network_of_this_host_and_of_the_lan_also_where_they_are_public() -> None:
    # A Mac names the interface of a link-local address.
    facts = {"all_ipv4_addresses": ["192.168.1.10"], "all_ipv6_addresses": ["2001:db8:7::5", "fe80::1%en0"]}
    values = {**everything(["203.0.113.0/24"]), "ansible_facts": facts}
    (inside,) = render("squid", "__squid_inside", **values, squid_destinations=["203.0.113.9"])
    assert "2001:db8:7::/64" in inside
    assert {"203.0.113.0/29", "203.0.113.8", "203.0.113.128/25"} <= set(inside)
    assert not {"203.0.113.0/24", "203.0.113.9"} & set(inside)
