# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Prometheus listens, remembers, asks and warns as the inventory says."""

from __future__ import annotations

import json
import time

import pytest

from tests.lab_hosts import lab_hosts

testinfra_hosts = lab_hosts("olab0")
API = "http://127.0.0.1:9190/api/v1"
HOSTS = {"olab0", "olab1", "olab2", "olab3", "gpu1"}


@pytest.fixture
def ask(host):
    return lambda path: json.loads(host.check_output(f"curl --silent --fail '{API}/{path}'"))["data"]


@pytest.fixture
def targets(ask):
    """Return the targets of each job."""
    found: dict[str, list] = {}
    for target in ask("targets?state=active")["activeTargets"]:
        found.setdefault(target["labels"]["job"], []).append(target)
    return found


def test_every_host_is_a_target_at_its_port(targets):
    assert {target["labels"]["instance"] for target in targets["node_exporter"]} == HOSTS
    assert {target["scrapeUrl"].partition(":9200/")[2] for target in targets["node_exporter"]} == {"metrics"}


def test_there_is_no_front_to_ask(targets):
    assert "haproxy_metrics" not in targets


# What stands for a target of our own: it answers whoever logs in.
GUARDED = """
import base64, http.server
WANTED = "Basic " + base64.b64encode(b"reader:a password of the scenario").decode()
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200 if self.headers["Authorization"] == WANTED else 401)
        self.end_headers()
        self.wfile.write(b"ours 1\\n")
    def log_message(self, *_): pass
http.server.HTTPServer(("127.0.0.1", 9300), Handler).serve_forever()
"""


@pytest.fixture
def _guarded(host):
    """Run a target of our own for a while."""
    host.check_output("systemd-run --quiet --collect --unit=target-of-the-test /usr/bin/python3 -c %s", GUARDED)
    yield
    host.check_output("systemctl stop target-of-the-test")


@pytest.mark.usefixtures("_guarded")
def test_a_target_of_our_own_is_asked_with_its_password(ask):
    deadline = time.monotonic() + 30
    while not ask("query?query=ours")["result"]:
        assert time.monotonic() < deadline, ask("targets?state=active")
        time.sleep(0.5)


def test_it_remembers_and_asks_as_wanted(ask):
    assert ask("status/flags")["storage.tsdb.retention.size"] == "1GiB"
    assert "scrape_interval: 2s" in ask("status/config")["yaml"]


def test_samples_go_to_another_prometheus_whose_password_is_shown_to_nobody(ask):
    shown = ask("status/config")["yaml"]
    assert "url: http://127.0.0.1:9301/api/v1/write" in shown
    assert "another password of the scenario" not in shown


def test_another_prometheus_finds_the_targets(host):
    file = host.file("/opt/hybrid-ai/etc/prometheus-discovery/targets.json")
    found = json.loads(file.content_string)
    asked = {entry["labels"]["instance"]: entry for entry in found if entry["labels"]["job"] == "node_exporter"}
    assert asked.keys() == HOSTS
    assert asked["olab1"]["targets"] == ["10.66.1.11:9200"]
    assert file.mode & 0o004


def test_it_tells_alertmanager_at_its_port(ask):
    known = ask("alertmanagers")
    urls = [each["url"] for each in known["activeAlertmanagers"] + known["droppedAlertmanagers"]]
    assert urls == ["http://127.0.0.1:9193/api/v2/alerts"]


def test_alerts_are_those_that_are_wanted_after_one_delay(ask):
    alerts = [rule for group in ask("rules?type=alert")["groups"] for rule in group["rules"]]
    assert "FileVaultPending" in {alert["name"] for alert in alerts}
    assert "FileVaultOn" not in {alert["name"] for alert in alerts}
    assert {alert["duration"] for alert in alerts} == {7}


def test_links_lead_to_where_it_listens(ask):
    assert ask("status/flags")["web.external-url"] == "http://127.0.0.1:9190/"


def test_every_cable_and_host_is_expected(ask):
    rules = [rule for group in ask("rules")["groups"] for rule in group["rules"] if group["name"] == "inventory"]
    assert len([rule for rule in rules if rule["name"] == "cluster:thunderbolt_cable:expected"]) == 6
    assert {rule["labels"]["instance"] for rule in rules if rule["name"] == "cluster:host:info"} == HOSTS


def test_the_distributions_own_unit_never_runs(host):
    assert host.file("/etc/systemd/system/prometheus.service").linked_to == "/dev/null"


def test_no_page_of_another_site_reads_it(host):
    answer = host.check_output("curl --silent --include -H %s %s/targets", "Origin: http://evil.example", API)
    assert answer.startswith("HTTP/1.1 200")
    assert "access-control-allow-origin" not in answer.lower()


def test_it_is_for_the_management_node_alone(host):
    assert host.run("curl --silent http://10.66.1.10:9190/-/ready").rc == 7


@pytest.mark.parametrize("name", ["prometheus.yml", "alertmanager-password", "remote-write-password"])
def test_what_may_hold_passwords_is_its_own(host, name):
    file = host.file(f"/opt/hybrid-ai/etc/prometheus/{name}")
    assert (file.user, file.group, file.mode) == ("root", "_prometheus", 0o640)
