# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What the role, the report and the tests rely on, on the stand-in and on the real program alike."""

from __future__ import annotations

import time

import pytest

PASSWORD = "first password"


def test_health_needs_no_password(running):
    status, health = running.get("/api/health")
    assert (status, health["database"]) == (200, "ok")


@pytest.mark.parametrize("path", ["/api/datasources", "/api/search", "/api/user"])
@pytest.mark.parametrize(("password", "status"), [(None, 401), ("wrong", 401), (PASSWORD, 200)])
def test_everything_else_does(running, path, password, status):
    assert running.get(path, password)[0] == status


def test_figures_of_its_own(running):
    status, text = running.get("/metrics")
    assert status == 200
    assert "grafana_build_info{" in text


def test_the_data_source_is_provisioned_and_answers(running):
    _, sources = running.get("/api/datasources", PASSWORD)
    assert [(source["uid"], source["type"], source["isDefault"]) for source in sources] == [
        ("prometheus", "prometheus", True)
    ]
    status, health = running.get("/api/datasources/uid/prometheus/health", PASSWORD)
    assert (status, health["status"]) == (200, "OK")
    assert running.get("/api/datasources/uid/nobody", PASSWORD)[0] == 404


def test_dashboards_are_provisioned(running):
    # The real one reads them a moment after it answers.
    deadline = time.monotonic() + 30
    while not (found := running.get("/api/search?type=dash-db", PASSWORD)[1]) and time.monotonic() < deadline:
        time.sleep(0.5)
    assert [(entry["uid"], entry["title"], entry["type"]) for entry in found] == [
        ("contract", "Contract Test", "dash-db")
    ]
    status, document = running.get("/api/dashboards/uid/contract", PASSWORD)
    assert status == 200
    assert document["meta"]["provisioned"]
    assert document["dashboard"]["title"] == "Contract Test"
    assert running.get("/api/dashboards/uid/nobody", PASSWORD)[0] == 404


def test_queries_pass_through(running):
    status, answer = running.get("/api/datasources/proxy/uid/prometheus/api/v1/query?query=up", PASSWORD)
    assert (status, answer["status"]) == (200, "success")
    query = {"refId": "A", "datasource": {"uid": "prometheus"}, "expr": "up", "instant": True}
    body = {"queries": [query], "from": "now-1h", "to": "now"}
    status, answer = running.get("/api/ds/query", PASSWORD, body)
    assert status == 200
    assert answer["results"]["A"]["frames"][0]["data"]["values"][1] == [1]


def test_the_configured_password_counts_once(running):
    running.stop()
    (running.home / "password").write_text("second password\n")
    running.start()
    assert running.ready()
    assert running.get("/api/user", "second password")[0] == 401
    assert running.get("/api/user", PASSWORD)[0] == 200


def test_the_password_is_reset_from_standard_input(running):
    done = running.cli("admin", "reset-admin-password", "--password-from-stdin", stdin="third password\n")
    assert done.returncode == 0, done.stderr
    assert "third password" not in done.stdout + done.stderr
    assert running.get("/api/user", "third password")[0] == 200


@pytest.mark.parametrize(
    ("name", "text"),
    [
        pytest.param("datasources/cluster.yml", "datasources: [", id="broken YAML"),
        pytest.param(
            "datasources/cluster.yml",
            "apiVersion: 1\ndatasources: [{name: a, type: prometheus, isDefault: true}, "
            "{name: b, type: prometheus, isDefault: true}]",
            id="two defaults",
        ),
    ],
)
def test_provisioning_that_is_wrong_ends_it(grafana, name, text):
    (grafana.home / "provisioning" / name).write_text(text)
    grafana.start()
    assert not grafana.ready()


def test_a_dashboard_that_is_wrong_is_left_out(grafana):
    (grafana.home / "boards/broken.json").write_text("{")
    grafana.start()
    assert grafana.ready()
