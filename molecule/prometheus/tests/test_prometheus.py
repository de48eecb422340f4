# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Prometheus knows every target and rule of the inventory, and nobody's bad configuration replaces a good one."""

from __future__ import annotations

import json

import pytest

from tests.lab_hosts import lab_hosts

testinfra_hosts = lab_hosts("olab0")
API = "http://127.0.0.1:9090/api/v1"
HOSTS = {"olab0", "olab1", "olab2", "olab3", "gpu1"}


@pytest.fixture
def ask(host):
    return lambda path: json.loads(host.check_output(f"curl --silent --fail '{API}/{path}'"))["data"]


def test_every_host_is_a_target(ask):
    targets = ask("targets?state=active")["activeTargets"]
    assert {target["labels"]["instance"] for target in targets if target["labels"]["job"] == "node_exporter"} == HOSTS


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
    assert host.run("curl --silent http://10.66.1.10:9090/-/ready").rc == 7


@pytest.mark.parametrize("name", ["prometheus.yml", "alertmanager-password"])
def test_what_may_hold_passwords_is_its_own(host, name):
    file = host.file(f"/opt/hybrid-ai/etc/prometheus/{name}")
    assert (file.user, file.group, file.mode) == ("root", "_prometheus", 0o640)
