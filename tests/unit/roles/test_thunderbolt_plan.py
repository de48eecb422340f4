# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The plan of the Thunderbolt ports as the role makes it of the inventory."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.roles.render import render

CHAIN = [{"a": 1, "b": 1}, {"b": 2, "c": 1}]


def plans(hosts: dict[str, dict[str, Any]], **values: Any) -> dict[str, Any]:
    found: dict[str, Any]
    (found,) = render(
        "thunderbolt",
        "__thunderbolt_plans",
        groups={"all": list(hosts)},
        hostvars=hosts,
        inventory_hostname="a",
        thunderbolt_links=CHAIN,
        **values,
    )
    return found


def test_every_host_knows_what_the_others_fix() -> None:
    hosts: dict[str, dict[str, Any]] = {
        "a": {},
        "b": {"thunderbolt_address": "172.31.0.1"},
        "c": {"thunderbolt_address": None},
    }
    found = plans(hosts, thunderbolt_subnet="172.31.0.0/24")
    assert {host: plan["bridge"]["address"] for host, plan in found.items()} == {
        "a": "172.31.0.3",
        "b": "172.31.0.1",
        "c": "172.31.0.6",
    }


def test_rdma_makes_each_cable_a_network_whatever_type_the_value_has() -> None:
    hosts: dict[str, dict[str, Any]] = {"a": {}, "b": {}, "c": {}}
    for value in (True, "true"):
        assert {plan["mode"] for plan in plans(hosts, thunderbolt_rdma=value).values()} == {"subnets"}
    assert {plan["mode"] for plan in plans(hosts).values()} == {"bridge"}


@pytest.mark.parametrize(
    ("run", "required"),
    [
        pytest.param("abc", {"a": True, "c": True}, id="all"),
        pytest.param("bc", {"a": False, "c": True}, id="a-left-out"),
        pytest.param("b", {"a": False, "c": False}, id="b-alone"),
    ],
)
def test_neighbours_outside_of_the_run_need_not_answer(run: str, required: dict[str, bool]) -> None:
    for links in (CHAIN, [*CHAIN, {"b": 3, "external": "laptop"}]):
        neighbours, report = render(
            "thunderbolt",
            "__thunderbolt_neighbours",
            "__thunderbolt_report",
            groups={"all": ["a", "b", "c"]},
            hostvars={host: {"inventory_hostname": host} for host in "abc"},
            inventory_hostname="b",
            thunderbolt_links=links,
            ansible_play_hosts=list(run),
        )
        assert {one["host"]: one.get("required", True) for one in neighbours} == required
        asked = [check for check in report if check["check"] == "link"]
        assert {one["host"]: one.get("required", True) for one in asked} == required
