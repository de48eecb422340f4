# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Every query of every panel has data, every rule works, every target answers."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.monitoring.lab import REPOSITORY, Lab, alerts, wait

DASHBOARDS = sorted((REPOSITORY / "roles/grafana/files/dashboards").glob("*.json"))
# What Grafana puts in place of its variables.
VARIABLES = {"$__rate_interval": "1m", "$__range": "1h", "$instance": ".+"}


def queries() -> list:
    return [
        pytest.param(target["expr"], id=f"{path.stem}: {panel['title']} {target['refId']}")
        for path in DASHBOARDS
        for panel in json.loads(path.read_text(encoding="utf-8"))["panels"]
        for target in panel.get("targets", [])
    ]


def resolved(expression: str) -> str:
    for name, value in VARIABLES.items():
        expression = expression.replace(name, value)
    return expression


@pytest.fixture(scope="module")
def busy(cluster: Lab) -> Lab:
    """Give the cluster something to show: a model that is placed and one that is downloaded."""
    host = "olab2"
    exo = cluster.address(host, 52415)
    node = cluster.fetch(f"{exo}/node_id")
    catalogue = cluster.fetch(f"{exo}/models")["data"]
    # Another one in each session: a download that has failed is not tried again.
    model = quote(catalogue[int(time.time()) % len(catalogue)]["id"], safe="")
    shard = cluster.fetch(f"{exo}/instance/previews?model_id={model}")["previews"]
    instance = next(preview["instance"] for preview in shard if preview["instance"])
    (content,) = instance.values()
    (tagged,) = list(content["shardAssignments"]["runnerToShard"].values())[:1]
    body = json.dumps({"target_node_id": node, "shard_metadata": tagged})
    post(cluster, f"{exo}/download/start", body)
    post(cluster, f"{exo}/instance", json.dumps({"instance": instance}))
    wait(lambda: bool(cluster.query("exo_instance_nodes")), "a model is placed")
    wait(lambda: bool(cluster.query("last_over_time(exo_download_progress_ratio[10m])")), "a model is downloaded")
    return cluster


def post(lab: Lab, url: str, body: str) -> None:
    lab.execute(lab.management, f"curl --silent --fail --json '{body}' '{url}'")


def test_every_target_is_up(cluster):
    wait(lambda: not cluster.query("up == 0"), "every target is up")
    assert {series["metric"]["job"] for series in cluster.query("up")} >= {"node_exporter", "grafana", "alertmanager"}


def test_every_rule_is_loaded_and_works(cluster):
    groups = cluster.fetch(f"{cluster.address(cluster.management, 9090)}/api/v1/rules")["data"]["groups"]
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
