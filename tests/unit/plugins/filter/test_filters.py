# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
from __future__ import annotations

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.hybrid_ai.cluster.plugins.filter import service_endpoints, service_table, thunderbolt_plan


def test_thunderbolt_plan() -> None:
    plan = thunderbolt_plan.FilterModule().filters()["thunderbolt_plan"]
    assert plan([{"a": 1, "b": 1}], "10.66.64.0/24", ["a", "b"])["b"]["bridge"]["address"] == "10.66.64.2"
    with pytest.raises(
        AnsibleFilterError, match="inventory: cable 1 of thunderbolt_links ends at c, which is not a host"
    ):
        plan([{"a": 1, "c": 1}], "10.66.64.0/24", ["a", "b"])


def test_service_table_and_endpoints() -> None:
    table = service_table.FilterModule().filters()["service_table"]
    endpoints = service_endpoints.FilterModule().filters()["service_endpoints"]
    services = {"web": {"description": "Web", "group": "web", "port": 80}}
    complete = table(services, {"web": {"port": 81}})
    assert [entry["port"] for entry in endpoints(complete, {"all": ["a"], "web": ["a"]})["a"]] == [81]
    with pytest.raises(AnsibleFilterError, match="cluster_service_overrides names wep, which is not a service"):
        table(services, {"wep": {"port": 81}})
