# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Grafana has its dashboards and its administrator without a click, and tells nobody the password."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tests.lab_hosts import lab_hosts

testinfra_hosts = lab_hosts("olab0")
URL = "http://10.66.1.10:3000"
DASHBOARDS = Path(__file__).parents[3] / "roles/grafana/files/dashboards"


@pytest.fixture
def password() -> str:
    return Path(f"/run/hybrid-lab/{os.environ.get('LAB_NAME', 'olab')}/password").read_text().strip()


def test_the_dashboards_are_there(host, password):
    found = json.loads(host.check_output("curl --silent --fail -u 'admin:%s' %s/api/search", password, URL))
    wanted = {json.loads(path.read_text())["uid"] for path in DASHBOARDS.glob("*.json")}
    assert {entry["uid"] for entry in found} == wanted


@pytest.mark.parametrize("path", ["api/search", "api/datasources"])
def test_nobody_looks_without_a_password(host, path):
    status = host.check_output("curl --silent --output /dev/null --write-out '%%{http_code}' %s/%s", URL, path)
    assert status == "401"


def test_the_password_is_in_one_file_only(host, password):
    file = host.file("/opt/hybrid-ai/etc/grafana-secrets/admin-password")
    assert (file.user, file.group, file.mode) == ("root", "_grafana", 0o640)
    assert host.file("/opt/hybrid-ai/etc/grafana-secrets").mode == 0o750
    # Read here and compared here: a search on the host would find itself.
    seen = host.check_output(
        "pid=$(systemctl show --property=MainPID --value hybrid-ai-grafana); "
        "cat /proc/$pid/cmdline /proc/$pid/environ | tr '\\0' ' '; cat /etc/systemd/system/hybrid-ai-grafana.service; "
        "find /opt/hybrid-ai/etc/grafana -type f -exec cat {} +; journalctl --no-pager --unit=hybrid-ai-grafana"
    )
    assert "grafana.ini" in seen
    assert password not in seen
