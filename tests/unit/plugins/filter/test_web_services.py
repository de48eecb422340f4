# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Which pages the web front serves, and the address that people type for each."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible_collections.hybrid_ai.cluster.plugins.filter.service_table import service_table
from ansible_collections.hybrid_ai.cluster.plugins.filter.web_services import FilterModule

from tests import yaml_files

GROUPS = {"all": ["olab0", "olab1"], "management": ["olab0"], "exo": ["olab1"], "spare": []}
CLUSTER = Path(__file__).parents[4] / "roles/cluster_values/defaults/main.yml"


def entry(group: str = "management", port: int = 3000, **rest: Any) -> dict[str, Any]:
    return {"description": "A page", "group": group, "port": port, "from": ["lan"], "health": {"path": "/up"}, **rest}


def found(front: bool = True, **services: dict[str, Any]) -> dict[str, Any]:
    services.setdefault("haproxy", entry(port=80, **{"from": ["cluster", "lan"]}))
    web_services = FilterModule().filters()["web_services"]
    result: dict[str, Any] = web_services(service_table(services), GROUPS, "olab", front)
    return result


def test_a_page_behind_the_front() -> None:
    assert found(page=entry(dns="grafana", health={"path": "/up", "status": 401}))["page"] == {
        "service": "page",
        "label": "grafana",
        "name": "grafana.olab",
        "front": True,
        "login": False,
        "url": "http://grafana.olab/",
        "health": {"url": "http://grafana.olab/up", "status": 401},
    }


NOT_SERVED = {
    "it runs elsewhere": {"group": "exo"},
    "nobody runs it": {"group": "spare"},
    "the front lets more people in": {"from": ["cluster"]},
}


@pytest.mark.parametrize("sources", [["management"], ["cluster"], ["lan"]])
def test_a_page_without_a_login_gets_one_whoever_may_reach_it_otherwise(sources: list[str]) -> None:
    page = found(page=entry(dns="page", login="front", **{"from": sources}))["page"]
    assert (page["front"], page["login"], page["url"]) == (True, True, "http://page.olab/")
    assert page["health"] == {"url": "http://page.olab/up", "status": 401}


def test_a_page_that_runs_elsewhere_gets_none() -> None:
    page = found(page=entry(dns="page", login="front", group="exo"))["page"]
    assert (page["front"], page["login"], page["url"]) == (False, False, "http://page.olab:3000/")


@pytest.mark.parametrize("difference", NOT_SERVED.values(), ids=NOT_SERVED)
def test_a_page_the_front_does_not_serve_keeps_its_port(difference: dict[str, Any]) -> None:
    page = found(page=entry(dns="page", **difference))["page"]
    assert (page["front"], page["url"]) == (False, "http://page.olab:3000/")
    assert page["health"]["url"] == "http://page.olab:3000/up"


def test_a_page_for_the_management_node_alone_is_at_its_loopback() -> None:
    page = found(page=entry(dns="page", **{"from": ["management"]}))["page"]
    assert (page["front"], page["url"]) == (False, "http://127.0.0.1:3000/")
    assert page["health"]["url"] == "http://127.0.0.1:3000/up"


def test_without_a_front_every_page_keeps_its_port() -> None:
    assert found(front=False, page=entry(dns="page"))["page"]["url"] == "http://page.olab:3000/"


def test_a_front_at_another_port_is_part_of_the_address() -> None:
    front = entry(port=8080)
    assert found(haproxy=front, page=entry(dns="page"))["page"]["url"] == "http://page.olab:8080/"


def test_what_has_no_name_or_does_not_answer_http_is_no_page() -> None:
    assert found(nameless=entry(), silent=entry(dns="silent", health=None)) == {}


def test_a_name_leads_to_one_page() -> None:
    pages = found(first=entry(dns="page"), second=entry(dns="page", port=3001))
    assert [page["url"] for page in pages.values()] == ["http://page.olab/", "http://page.olab:3001/"]


def test_the_clusters_own_table() -> None:
    table = service_table(yaml_files.load(CLUSTER)["cluster_services"])
    pages = FilterModule().filters()["web_services"](table, GROUPS, "olab")
    served = {page["name"]: page["login"] for page in pages.values() if page["front"]}
    without = {"adguard.olab": False, "grafana.olab": False}
    assert served == {**without, "alertmanager.olab": True, "cluster.olab": True, "prometheus.olab": True}


@pytest.mark.parametrize("service", ["prometheus", "alertmanager", "status_page"])
def test_what_asks_nobody_for_a_password_is_for_the_management_node(service: str) -> None:
    table = service_table(yaml_files.load(CLUSTER)["cluster_services"])
    assert table[service]["from"] == ["management"]
