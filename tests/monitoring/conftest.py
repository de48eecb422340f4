# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""A lab with the whole site on it, whose alerts fire at once."""

from __future__ import annotations

import json
import os
import time
from typing import Any
from urllib.parse import quote

import pytest

from tests import states
from tests.monitoring import backends
from tests.monitoring import lab as monitoring

RECEIVER_PORT = 9999
RECEIVER = """
import http.server, pathlib
class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        with pathlib.Path("/tmp/alerts.jsonl").open("ab") as file:
            file.write(body + b"\\n")
        self.send_response(200)
        self.end_headers()
http.server.HTTPServer(("", PORT), Handler).serve_forever()
""".replace("PORT", str(RECEIVER_PORT))


def _play(*arguments: str) -> None:
    monitoring.run("ansible-playbook", "-i", str(monitoring.INVENTORY), *arguments)


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> monitoring.Lab:
    """Return the lab with the whole site on it, its monitoring sped up until site.yml runs again."""
    os.environ["LAB_NAME"] = states.lab_name()
    states.site()
    listed = monitoring.inventory()
    hosts = listed["_meta"]["hostvars"]
    lab = monitoring.Lab(
        listed["management"]["hosts"][0], {host: values["ansible_host"] for host, values in hosts.items()}
    )
    for host in listed["gpu"]["hosts"]:
        start_receiver(lab, host)
    webhook = f"{lab.address(listed['gpu']['hosts'][0], RECEIVER_PORT)}/"
    backends.start(lab)
    more = backends.write_inventory(tmp_path_factory.mktemp("inventory"))
    values = {
        **monitoring.SPEED_UP,
        "alertmanager_webhooks": [webhook],
        "prometheus_extra_scrape_configs": [backends.vllm_job(lab)],
    }
    _play("-i", str(more), "playbooks/monitoring.yml", "-e", json.dumps(values))
    return lab


def start_receiver(lab: monitoring.Lab, host: str) -> None:
    """Start what stands for the people who are told."""
    unit = "systemd-run --quiet --collect --unit=alert-receiver /usr/bin/python3 /tmp/receiver.py"
    monitoring.run("lab", "exec", host, "--", "/bin/sh", "-c", "cat > /tmp/receiver.py", stdin=RECEIVER)
    lab.execute(host, f"systemctl is-active --quiet alert-receiver || {unit}")


@pytest.fixture(scope="session")
def asked(cluster: monitoring.Lab) -> monitoring.Lab:
    """Have every model of the table answered something."""
    _play("playbooks/verify.yml", "--tags", "models")
    return cluster


@pytest.fixture
def busy(asked: monitoring.Lab) -> monitoring.Lab:
    """Give the cluster something to show: answers of its models, one that is placed and one that is downloaded."""
    if asked.query("exo_instance_nodes") and asked.query("last_over_time(exo_download_progress_ratio[10m])"):
        return asked
    place(asked)
    monitoring.wait(lambda: bool(asked.query("exo_instance_nodes")), "a model is placed")
    monitoring.wait(
        lambda: bool(asked.query("last_over_time(exo_download_progress_ratio[10m])")), "a model is downloaded"
    )
    return asked


def place(lab: monitoring.Lab) -> None:
    """Place a model and download it; there is no internet, so that it never gets ready."""
    host = "olab2"
    exo = lab.address(host, 52415)
    node = lab.fetch(f"{exo}/node_id")
    models = sorted(lab.fetch(f"{exo}/models")["data"], key=lambda model: model["storage_size_megabytes"])
    # One of the small ones, another in each session: a download that has failed is not tried again.
    first = int(time.time()) % 20
    instance = next(filter(None, (_placement(lab, exo, model["id"]) for model in models[first:])))
    (content,) = instance.values()
    (tagged,) = list(content["shardAssignments"]["runnerToShard"].values())[:1]
    body = json.dumps({"target_node_id": node, "shard_metadata": tagged})
    post(lab, f"{exo}/download/start", body)
    post(lab, f"{exo}/instance", json.dumps({"instance": instance}))


def post(lab: monitoring.Lab, url: str, body: str) -> None:
    lab.execute(lab.management, f"curl --silent --fail --json '{body}' '{url}'")


def _placement(lab: monitoring.Lab, exo: str, model: str) -> dict[str, Any] | None:
    """Return how exo would place a model, or nothing where it does not fit."""
    previews = lab.fetch(f"{exo}/instance/previews?model_id={quote(model, safe='')}")["previews"]
    return next((preview["instance"] for preview in previews if preview["instance"]), None)
