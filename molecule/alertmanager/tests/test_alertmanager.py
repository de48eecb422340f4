# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Alertmanager answers those who know its password, and nobody else reads its configuration, which may hold secrets."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.lab_hosts import lab_hosts

testinfra_hosts = lab_hosts("olab0")
DIRECTORY = "/opt/hybrid-ai/etc/alertmanager"
URL = "http://127.0.0.1:9093"


@pytest.fixture
def password() -> str:
    file = Path(f"/run/hybrid-lab/{os.environ.get('LAB_NAME', 'olab')}/.secrets/alertmanager_password")
    return file.read_text(encoding="utf-8").strip()


def test_it_is_ready(host, password):
    assert host.check_output("curl --silent --fail -u %s %s/-/ready", f"alertmanager:{password}", URL).strip() == "OK"


@pytest.mark.parametrize("path", ["-/ready", "api/v2/status", "api/v1/status", "api/v2/silences", "debug/pprof/heap"])
def test_nobody_else_on_the_host_is_told_anything(host, path):
    """Nor is a page of another site in a browser there: without a word that it may, it may not."""
    answer = host.check_output("curl --silent --include -H %s %s/%s", "Origin: http://evil.example", URL, path)
    assert answer.startswith("HTTP/1.1 401")
    assert "access-control" not in answer.lower()


def test_it_is_for_the_management_node_alone(host):
    assert host.run("curl --silent http://10.66.1.10:9093/-/ready").rc == 7


def test_its_configuration_is_its_own(host, password):
    assert host.file(DIRECTORY).mode == 0o750
    for name in ("alertmanager.yml", "web.yml"):
        file = host.file(f"{DIRECTORY}/{name}")
        assert (file.user, file.group, file.mode) == ("root", "_alertmanager", 0o640)
        assert password not in file.content_string
