# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Alertmanager answers those who know its password, and tells whom the inventory names at an address nobody sees."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import pytest

from tests.lab_hosts import lab_hosts

testinfra_hosts = lab_hosts("olab0")
DIRECTORY = "/opt/hybrid-ai/etc/alertmanager"
URL = "http://127.0.0.1:9193"
TOKEN = "a-token-of-the-scenario"


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


# What stands for the one who is told: it keeps what was posted to the secret address.
RECEIVER = """
import http.server, pathlib
class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.path == "/hooks/a-token-of-the-scenario":
            pathlib.Path("/run/told.json").write_bytes(body)
        self.send_response(200)
        self.end_headers()
    def log_message(self, *_): pass
http.server.HTTPServer(("127.0.0.1", 9999), Handler).serve_forever()
"""


@pytest.fixture
def _receiver(host):
    """Be there to be told for a while."""
    host.check_output("systemd-run --quiet --collect --unit=receiver-of-the-test /usr/bin/python3 -c %s", RECEIVER)
    yield
    host.check_output("systemctl stop receiver-of-the-test")


@pytest.mark.usefixtures("_receiver")
def test_somebody_is_told_of_an_alert_at_once(host, password):
    alert = json.dumps([{"labels": {"alertname": "Tried", "instance": "olab0"}}])
    login, kind = f"alertmanager:{password}", "Content-Type: application/json"
    deadline = time.monotonic() + 30
    while not host.file("/run/told.json").exists:
        host.check_output("curl --silent --fail -u %s -H %s -d %s %s/api/v2/alerts", login, kind, alert, URL)
        assert time.monotonic() < deadline, "nobody was told"
        time.sleep(0.5)
    told = json.loads(host.file("/run/told.json").content_string)
    assert [each["labels"]["alertname"] for each in told["alerts"]] == ["Tried"]


def test_the_address_is_in_one_file_alone(host):
    assert TOKEN in host.file(f"{DIRECTORY}/alertmanager.yml").content_string
    seen = host.check_output(
        "unit=hybrid-ai-alertmanager; pid=$(systemctl show --property=MainPID --value $unit); "
        "cat /proc/$pid/cmdline /proc/$pid/environ | tr '\\0' ' '; cat /etc/systemd/system/$unit.service; "
        "journalctl --no-pager --unit=$unit"
    )
    assert "alertmanager.yml" in seen
    assert TOKEN not in seen


def test_it_is_for_the_management_node_alone(host):
    assert host.run("curl --silent http://10.66.1.10:9193/-/ready").rc == 7


def test_its_configuration_is_its_own(host, password):
    assert host.file(DIRECTORY).mode == 0o750
    for name in ("alertmanager.yml", "web.yml"):
        file = host.file(f"{DIRECTORY}/{name}")
        assert (file.user, file.group, file.mode) == ("root", "_alertmanager", 0o640)
        assert password not in file.content_string
