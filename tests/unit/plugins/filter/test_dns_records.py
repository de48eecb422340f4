# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The names of the cluster, derived from inventory and service table."""

from __future__ import annotations

from typing import Any

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.hybrid_ai.cluster.plugins.filter.dns_records import dns_records

GROUPS = {"all": ["olab0", "olab1", "olab2"], "management": ["olab0"], "exo": ["olab1", "olab2"], "gpu": []}
ADDRESSES = {"olab0": "10.66.1.10", "olab1": "10.66.1.11", "olab2": "10.66.1.12"}


def entry(group: str, dns: str | None) -> dict[str, Any]:
    return {"group": group, "dns": dns}


TABLE = {"ssh": entry("all", None), "exo": entry("exo", "exo"), "page": entry("management", "adguard")}


def test_hosts_and_services() -> None:
    found = dns_records(TABLE, GROUPS, ADDRESSES, "olab")
    assert [(line["name"], line["address"]) for line in found["names"]] == [
        ("olab0.olab", "10.66.1.10"),
        ("olab1.olab", "10.66.1.11"),
        ("olab2.olab", "10.66.1.12"),
        ("exo.olab", "10.66.1.11"),
        ("exo.olab", "10.66.1.12"),
        ("adguard.olab", "10.66.1.10"),
    ]
    assert [(line["address"], line["name"]) for line in found["reverse"]] == [
        ("10.66.1.10", "olab0.olab"),
        ("10.66.1.11", "olab1.olab"),
        ("10.66.1.12", "olab2.olab"),
    ]


@pytest.mark.parametrize(
    ("table", "names"),
    [
        pytest.param({"a": entry("gpu", "vllm")}, 3, id="a service nobody runs"),
        pytest.param({"a": entry("exo", "exo"), "b": entry("exo", "exo")}, 5, id="two ports of one service"),
    ],
)
def test_number_of_names(table: dict[str, Any], names: int) -> None:
    assert len(dns_records(table, GROUPS, ADDRESSES, "olab")["names"]) == names


@pytest.mark.parametrize(
    ("table", "addresses", "domain", "sentence"),
    [
        pytest.param({"a": entry("exo", "olab1")}, ADDRESSES, "olab", "is the name of a host", id="a host's name"),
        pytest.param({"a": entry("exo", "x y")}, ADDRESSES, "olab", "which is not a valid name", id="no name"),
        pytest.param(
            {"a": entry("exo", "x"), "b": entry("management", "x")}, ADDRESSES, "olab", "are both x", id="twice"
        ),
        pytest.param(TABLE, {**ADDRESSES, "olab1": "olab1.local"}, "olab", "write the IPv4 address", id="no address"),
        pytest.param(TABLE, ADDRESSES, "", "cluster_domain is '', which is not a domain", id="no domain"),
    ],
)
def test_bad_input_is_a_sentence(table: Any, addresses: Any, domain: str, sentence: str) -> None:
    with pytest.raises(AnsibleFilterError, match=sentence):
        dns_records(table, GROUPS, addresses, domain)
