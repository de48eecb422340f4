# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What a Mac is managed for: everything on a server, on a workstation only what the inventory sets."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._macos.settings import SETTINGS

from tests import yaml_files
from tests.unit.roles.render import REPOSITORY, render

DEFAULTS = {setting.name: setting.options[0].default for setting in SETTINGS} | {"name": "olab1"}
MANAGED_BY_DEFAULT = {name: value for name, value in DEFAULTS.items() if value is not None}
OTHERS = ["software_version", "remote_login", "macos_sleep", "macos_power_source", "default_route", "macos_profile"]


@pytest.mark.parametrize(
    ("values", "managed"),
    [
        pytest.param({}, MANAGED_BY_DEFAULT, id="a server, unless said otherwise"),
        pytest.param({"macos_headless_profile": "server"}, MANAGED_BY_DEFAULT, id="server"),
        pytest.param({"macos_headless_profile": "workstation"}, {}, id="workstation"),
        pytest.param(
            {
                "macos_headless_profile": "workstation",
                "macos_headless_power": {"womp": 1},
                "macos_headless_wifi": False,
            },
            {"power": {"womp": 1}, "wifi": False},
            id="a workstation with settings of its own",
        ),
        pytest.param(
            {"macos_headless_spotlight": None},
            {name: value for name, value in MANAGED_BY_DEFAULT.items() if name != "spotlight"},
            id="a server that keeps its search index",
        ),
    ],
)
def test_a_profile_chooses_what_is_managed(values: dict[str, Any], managed: dict[str, Any]) -> None:
    host = {"inventory_hostname": "olab1", "ansible_host": "10.0.0.5"}
    report, given = render("macos_headless", "__macos_headless_report", "__macos_headless_settings", **host, **values)
    assert {name: value for name, value in given.items() if value is not None} == managed
    assert [line["check"] for line in report] == [*OTHERS, *["macos_setting"] * len(managed)]
    assert {line["capability"] for line in report} == {"macos_headless"}
    assert {line["setting"]: line["expected"] for line in report[len(OTHERS) :]} == managed
    [note] = [line for line in report if line["check"] == "macos_profile"]
    assert note["profile"] == values.get("macos_headless_profile", "server")
    assert note["unmanaged"] == [name for name in DEFAULTS if name not in managed]


def test_no_alert_tells_of_what_a_workstation_keeps() -> None:
    hosts = {"a": {}, "b": {"macos_headless_profile": "workstation"}, "c": {"macos_headless_profile": "server"}}
    hostvars = {name: {"inventory_hostname": name, **values} for name, values in hosts.items()}
    groups = {"macos": ["a", "b", "c"]}
    assert render("prometheus", "__prometheus_workstations", groups=groups, hostvars=hostvars) == [["b"]]
    assert render("prometheus", "__prometheus_workstations", groups={}, hostvars=hostvars) == [[]]
    alerts = yaml_files.load(REPOSITORY / "roles/prometheus/files/alerts.yml")
    rules = {rule["alert"]: rule["expr"] for group in alerts["groups"] for rule in group["rules"]}
    spared = {name for name, expr in rules.items() if "unless on(instance) cluster:mac_workstation:info" in expr}
    assert spared == {"MacMaySleep", "MacOnBattery", "MacBatteryLow", "FileVaultOn", "FileVaultPending"}


def test_no_alert_tells_of_filevault_where_it_is_allowed() -> None:
    hosts = {"a": {}, "b": {"macos_headless_filevault": "allowed"}, "c": {"macos_headless_filevault": "disabled"}}
    hostvars = {name: {"inventory_hostname": name, **values} for name, values in hosts.items()}
    groups = {"macos": ["a", "b", "c"]}
    assert render("prometheus", "__prometheus_encrypted", groups=groups, hostvars=hostvars) == [["b"]]
    assert render("prometheus", "__prometheus_encrypted", groups={}, hostvars=hostvars) == [[]]
    alerts = yaml_files.load(REPOSITORY / "roles/prometheus/files/alerts.yml")
    rules = {rule["alert"]: rule["expr"] for group in alerts["groups"] for rule in group["rules"]}
    spared = {name for name, expr in rules.items() if "unless on(instance) cluster:mac_filevault_allowed:info" in expr}
    assert spared == {"FileVaultOn", "FileVaultPending"}
