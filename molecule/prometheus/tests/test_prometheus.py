# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Prometheus knows every target and rule of the inventory, and nobody's bad configuration replaces a good one."""

from __future__ import annotations

import json

import pytest

from tests.lab_hosts import lab_hosts

testinfra_hosts = lab_hosts("olab0")
API = "http://10.66.1.10:9090/api/v1"
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
