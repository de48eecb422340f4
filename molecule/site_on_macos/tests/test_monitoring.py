# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Prometheus on a Mac reaches every target, and Grafana shows what it has."""

from __future__ import annotations

import json
from pathlib import Path

DASHBOARDS = Path(__file__).parents[3] / "roles/grafana/files/dashboards"
HOSTS = {"olab0", "olab1", "olab2", "olab3"}


def test_every_target_is_up(fetch, wait):
    wait(lambda: all(target["health"] == "up" for target in targets(fetch)), "every target is up")
    found = targets(fetch)
    assert {each["labels"]["instance"] for each in found if each["labels"]["job"] == "node_exporter"} == HOSTS
    assert {"grafana", "alertmanager", "cluster_exporter"} <= {each["labels"]["job"] for each in found}


def test_every_cable_is_expected_from_both_ends(fetch):
    (cables,) = fetch("9090/api/v1/query?query=count(cluster:thunderbolt_cable:expected)")["data"]["result"]
    assert cables["value"][1] == "10"


def test_the_management_mac_is_measured_like_any_other(fetch, wait):
    query = "9090/api/v1/query?query=mac_power_watts{instance=%22olab0%22}"
    wait(lambda: fetch(query)["data"]["result"], "a figure of power")


def test_no_alert_says_that_something_is_down(fetch):
    alerts = fetch("9090/api/v1/alerts")["data"]["alerts"]
    firing = {alert["labels"]["alertname"] for alert in alerts if alert["state"] == "firing"}
    assert not firing & {
        "TargetDown",
        "SourceDown",
        "MeasurementsStale",
        "MeasurementFailed",
        "ThunderboltCableMissing",
    }


def test_grafana_has_its_dashboards(manager, password):
    found = manager.check_output("curl --silent --fail -u 'admin:%s' http://10.66.1.10:3000/api/search", password)
    wanted = {json.loads(path.read_text())["uid"] for path in DASHBOARDS.glob("*.json")}
    assert {entry["uid"] for entry in json.loads(found)} == wanted


def targets(fetch) -> list[dict]:
    """Return what Prometheus asks."""
    found: list[dict] = fetch("9090/api/v1/targets?state=active")["data"]["activeTargets"]
    return found
