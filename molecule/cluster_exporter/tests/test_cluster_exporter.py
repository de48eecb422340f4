# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What is asked is a metric, where it is down too; what is not wanted is not asked."""

from __future__ import annotations

import base64
import time

import pytest

from tests.lab_hosts import lab_hosts

testinfra_hosts = lab_hosts("olab0")
PAGE = "http://127.0.0.1:9208/metrics"
PASSWORD = "a password of the scenario"
LOGIN = base64.b64encode(f"reader:{PASSWORD}".encode()).decode()
# What stands for AdGuard Home: it answers whoever logs in.
ADGUARD_HOME = """
import http.server, json
STATUS = {"running": True, "protection_enabled": True, "version": "v0.0.0"}
FIGURES = {"num_dns_queries": 41, "num_blocked_filtering": 1, "avg_processing_time": 0.25}
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200 if self.headers["Authorization"] == "Basic LOGIN" else 401)
        self.end_headers()
        self.wfile.write(json.dumps({**STATUS, **FIGURES}).encode())
    def log_message(self, *_): pass
http.server.HTTPServer(("10.66.1.10", 8153), Handler).serve_forever()
""".replace("LOGIN", LOGIN)


@pytest.fixture
def _adguard_home(host):
    """Answer in the place of AdGuard Home for a while."""
    host.check_output("systemd-run --quiet --collect --unit=dns-of-the-test /usr/bin/python3 -c %s", ADGUARD_HOME)
    deadline = time.monotonic() + 20
    while host.run("curl --silent http://10.66.1.10:8153/").rc != 0:
        assert time.monotonic() < deadline, "nothing listens"
        time.sleep(0.2)
    yield
    host.check_output("systemctl stop dns-of-the-test")


@pytest.mark.usefixtures("_adguard_home")
def test_a_source_is_asked_at_its_port_with_the_login_that_is_wanted(host):
    page = host.check_output("curl --silent --fail %s", PAGE)
    assert 'cluster_exporter_success{source="adguard_home"} 1' in page
    assert "\nadguard_queries 41" in page


def test_a_source_that_is_down_is_a_figure_and_one_that_is_not_wanted_is_none(host):
    page = host.check_output("curl --silent --fail %s", PAGE)
    assert 'cluster_exporter_success{source="squid"} 0' in page
    assert "exo" not in page


def test_it_is_for_the_management_node_alone(host):
    assert host.run("curl --silent http://10.66.1.10:9208/").rc == 7
    assert host.run("curl --silent http://127.0.0.1:9108/").rc == 7


def test_the_password_is_nobody_elses(host):
    file = host.file("/opt/hybrid-ai/etc/cluster-exporter/cluster-exporter.json")
    assert PASSWORD in file.content_string
    assert (file.user, file.group, file.mode) == ("root", "_clusterexporter", 0o640)
