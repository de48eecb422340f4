# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Grafana shows its dashboards to everybody, knows the administrator by another name, and tells nobody the password."""

from __future__ import annotations

import json
from pathlib import Path

import yaml

from tests.lab_hosts import lab_hosts

testinfra_hosts = lab_hosts("olab0")
URL = "http://10.66.1.10:3300"
DASHBOARDS = Path(__file__).parents[3] / "roles/grafana/files/dashboards"
PASSWORD = yaml.safe_load((Path(__file__).parents[1] / "values.yml").read_text())["grafana_admin_password"]
STATUS = "curl --silent --output /dev/null --write-out '%%{http_code}' -u %s %s/%s"


def test_everybody_sees_the_dashboards(host):
    found = json.loads(host.check_output("curl --silent --fail %s/api/search", URL))
    wanted = {json.loads(path.read_text())["uid"] for path in DASHBOARDS.glob("*.json")}
    assert {entry["uid"] for entry in found} == wanted


def test_the_administrator_has_the_name_and_the_password_that_are_wanted(host):
    assert host.check_output(STATUS, f"operator:{PASSWORD}", URL, "api/user") == "200"
    for login in (f"admin:{PASSWORD}", "operator:admin"):
        assert host.check_output(STATUS, login, URL, "api/user") == "401"


def test_it_listens_at_its_address_and_port_alone(host):
    assert host.run("curl --silent http://10.66.1.10:3000/").rc == 7
    assert host.run("curl --silent http://127.0.0.1:3300/").rc == 7


def test_the_password_is_in_one_file_only(host):
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
    assert PASSWORD not in seen
