# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Every query of every panel has data, every rule works, every target answers."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tests.monitoring.lab import REPOSITORY, alerts, wait

DASHBOARDS = sorted((REPOSITORY / "roles/grafana/files/dashboards").glob("*.json"))
# What Grafana puts in place of its variables.
VARIABLES = {"$__rate_interval": "1m", "$__range": "1h", "$instance": ".+"}
WITHOUT_DATA = {
    # Nobody asks the lab's gateway for a model.
    "One address for every model",
    # Its card is a GeForce without ECC.
    "Errors",
}


def queries() -> list:
    found, row = [], ""
    for path in DASHBOARDS:
        for panel in json.loads(path.read_text(encoding="utf-8"))["panels"]:
            row = panel["title"] if panel["type"] == "row" else row
            if row not in WITHOUT_DATA:
                found += [
                    pytest.param(target["expr"], id=f"{path.stem}: {panel['title']} {target['refId']}")
                    for target in panel.get("targets", [])
                ]
    return found


def resolved(expression: str) -> str:
    for name, value in VARIABLES.items():
        expression = expression.replace(name, value)
    return expression


def test_every_target_is_up(cluster):
    wait(lambda: not cluster.query("up == 0"), "every target is up")
    assert {series["metric"]["job"] for series in cluster.query("up")} >= {"node_exporter", "grafana", "alertmanager"}


def test_every_rule_is_loaded_and_works(cluster):
    groups = cluster.fetch("http://127.0.0.1:9090/api/v1/rules")["data"]["groups"]
    rules = [rule for group in groups for rule in group["rules"]]
    assert {rule["name"] for rule in rules if rule["type"] == "alerting"} == set(alerts())
    assert [rule["name"] for rule in rules if rule["health"] == "err"] == []


def test_grafana_has_every_dashboard(cluster):
    password = Path(f"/run/hybrid-lab/{os.environ['LAB_NAME']}/password").read_text(encoding="utf-8").strip()
    found = cluster.fetch(f"{cluster.address(cluster.management, 3000)}/api/search", user=f"admin:{password}")
    wanted = {json.loads(path.read_text(encoding="utf-8"))["uid"] for path in DASHBOARDS}
    assert {entry["uid"] for entry in found} == wanted


@pytest.mark.parametrize("expression", queries())
def test_a_panel_has_data(busy, expression):
    # What lasts for a moment only, such as a download, has been there during this session.
    asked = resolved(expression)
    lately = f"last_over_time(({asked})[10m:5s])"
    wait(lambda: bool(busy.query(asked) or busy.query(lately)), f"data for {expression}", 30)
