# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._service_table import (
    ServiceTableError,
    port_clashes,
    service_endpoints,
    service_table,
)

WEB = {"description": "Web", "group": "web", "port": 80, "health": {"path": "/up"}}
DNS = {"description": "Names", "group": "dns", "port": 53, "protocol": "udp"}
GROUPS = {"all": ["a", "b", "c"], "web": ["a", "b"], "dns": ["b"]}


def test_entries_are_completed_and_single_values_replaced() -> None:
    table = service_table({"web": WEB, "dns": DNS}, {"web": {"port": 8080}})
    assert table["web"] == {
        "name": "web",
        "description": "Web",
        "group": "web",
        "port": 8080,
        "capability": "web",
        "protocol": "tcp",
        "from": ["cluster"],
        "dns": None,
        "metrics": None,
        "metrics_key": None,
        "metrics_params": {},
        "metrics_models": False,
        "health": {"path": "/up"},
        "shared": False,
        "login": None,
        "hidden": [],
    }
    assert table["dns"]["protocol"] == "udp"
    assert WEB["port"] == 80


@pytest.mark.parametrize("overrides", [None, {}, {"web": {}}])
def test_nothing_to_override(overrides: Any) -> None:
    assert service_table({"web": WEB}, overrides)["web"]["port"] == 80


@pytest.mark.parametrize(
    ("services", "overrides", "expected"),
    [
        pytest.param(
            {"web": WEB},
            {"wep": {"port": 1}},
            "inventory: cluster_service_overrides names wep, which is not a service; did you mean web?",
            id="unknown-service",
        ),
        pytest.param(
            {"web": WEB},
            {"web": {"prot": 1}},
            "inventory: cluster_service_overrides.web has a field prot, which no service has; did you mean port?",
            id="unknown-field",
        ),
        pytest.param(
            {"web": WEB},
            {"web": {"port": 70000}},
            "inventory: cluster_service_overrides.web.port is 70000; write a whole number from 1 to 65535.",
            id="port-range",
        ),
        pytest.param(
            {"web": WEB},
            {"web": {"port": None}},
            "inventory: cluster_service_overrides.web.port is empty; write it, or remove the line.",
            id="port-null",
        ),
        pytest.param(
            {"web": WEB},
            {"web": {"port": "80"}},
            "inventory: cluster_service_overrides.web.port is '80'; write a whole number from 1 to 65535.",
            id="port-type",
        ),
        pytest.param(
            {"web": WEB},
            {"web": {"protocol": "http"}},
            "inventory: cluster_service_overrides.web.protocol is 'http'; write tcp or udp.",
            id="protocol",
        ),
        pytest.param(
            {"web": WEB},
            {"web": {"from": ["everybody"]}},
            "inventory: cluster_service_overrides.web.from is ['everybody']; write a list of anywhere, lan, cluster, "
            "management and peers.",
            id="source",
        ),
        pytest.param(
            {"web": WEB},
            {"web": {"login": "grafana"}},
            "inventory: cluster_service_overrides.web.login is 'grafana'; write front, or leave it out where the page "
            "itself asks for a password.",
            id="login",
        ),
        pytest.param(
            {"web": WEB},
            {"web": {"hidden": ["/Status x"]}},
            "inventory: cluster_service_overrides.web.hidden is ['/Status x']; write a list of parts of paths in small "
            "letters such as /status.",
            id="hidden",
        ),
        pytest.param(
            {"web": WEB},
            [80],
            "inventory: cluster_service_overrides must be a mapping of service names to the values to change; write it "
            "as {exo: {port: 52416}}.",
            id="overrides-type",
        ),
        pytest.param(
            {"web": WEB},
            {"web": 80},
            "inventory: cluster_service_overrides.web must be a mapping such as {port: 52416}.",
            id="override-type",
        ),
        pytest.param(
            [], {}, "inventory: cluster_services must be a mapping of service names to their entries.", id="table"
        ),
        pytest.param(
            {"web": {"description": "Web", "group": "web"}},
            {},
            "inventory: cluster_services.web has no port; add port.",
            id="missing-field",
        ),
    ],
)
def test_a_wrong_table_is_refused(services: Any, overrides: Any, expected: str) -> None:
    with pytest.raises(ServiceTableError) as caught:
        service_table(services, overrides)
    assert str(caught.value) == expected


def test_endpoints_by_host() -> None:
    endpoints = service_endpoints(service_table({"web": WEB, "dns": DNS}), GROUPS, {"b": "10.0.0.2"})
    assert endpoints["c"] == []
    assert endpoints["a"][0]["health_url"] is None
    assert endpoints["b"] == [
        {
            "service": "web",
            "port": 80,
            "protocol": "tcp",
            "address": "10.0.0.2",
            "health_url": "http://10.0.0.2:80/up",
            "health_status": 200,
        },
        {
            "service": "dns",
            "port": 53,
            "protocol": "udp",
            "address": "10.0.0.2",
            "health_url": None,
            "health_status": None,
        },
    ]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        pytest.param({"from": ["management"]}, "127.0.0.1", id="for-the-management-node"),
        pytest.param({"from": ["management", "lan"]}, "10.0.0.2", id="for-others-too"),
        pytest.param({"from": ["management"], "group": "web"}, "10.0.0.2", id="on-other-hosts-too"),
    ],
)
def test_what_is_for_the_management_node_alone_is_on_its_loopback(change: dict[str, Any], expected: str) -> None:
    groups = {**GROUPS, "management": ["b"]}
    (endpoint,) = service_endpoints(service_table({"dns": {**DNS, **change}}), groups, {"b": "10.0.0.2"})["b"]
    assert endpoint["address"] == expected


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        pytest.param({}, [], id="different-ports"),
        pytest.param({"port": 80}, [], id="same-port-other-protocol"),
        pytest.param({"port": 80, "protocol": "tcp"}, [("b", "web", "dns")], id="same-port"),
        pytest.param({"port": 80, "protocol": "tcp", "shared": True}, [("b", "web", "dns")], id="only-one-shares"),
        pytest.param({"port": 80, "protocol": "tcp", "group": "other"}, [], id="on-another-host"),
    ],
)
def test_port_clashes(change: dict[str, Any], expected: list[Any]) -> None:
    assert port_clashes(service_table({"web": WEB, "dns": {**DNS, **change}}), GROUPS) == expected


def test_services_that_share_a_port_do_not_clash() -> None:
    both = {"web": {**WEB, "shared": True}, "dns": {**WEB, "group": "dns", "shared": True}}
    assert port_clashes(service_table(both), GROUPS) == []
