# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What the playbook uninstall removes: all that site.yml brings, the other way round, or what the tags choose."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.hybrid_ai.cluster.plugins.filter.removed_capabilities import FilterModule
from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils import _removal
from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._capabilities import registry
from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._plays import applied

from tests import yaml_files

REPOSITORY = Path(__file__).parents[4]
PLAYS = [play for play in yaml_files.load(REPOSITORY / "playbooks/uninstall.yml") if "hosts" in play]
STAYS = {"command_line_tools"}
"""What nobody takes back: it may have been there before."""
GROUPS = {
    "all": ["desk", "mini1", "mini2"],
    "management": ["desk"],
    "macos": ["mini1", "mini2"],
    "exo": ["mini1"],
}
OF_ALL = [
    *("node_exporter", "sleep_agent", "model_files", "model_store", "power_management", "firewall"),
    *("proxy_client", "dns_client"),
]
OF_MACS = [
    "node_exporter",
    "sleep_agent",
    "model_files",
    "model_store",
    "power_management",
    "firewall",
    "thunderbolt",
    "macos_headless",
    "proxy_client",
    "dns_client",
]
OF_MANAGEMENT = [
    *("haproxy", "grafana", "prometheus", "alertmanager", "cluster_exporter", "node_exporter"),
    *("sleep_agent", "gateway", "model_files", "model_store", "power_management", "firewall", "proxy_client", "squid"),
    "dns_client",
    *("adguard_home", "release_store"),
]


def brought() -> list[tuple[str, str]]:
    """Return roles and groups in the order of site.yml."""
    folder = REPOSITORY / "playbooks"
    names = [play["ansible.builtin.import_playbook"] for play in yaml_files.load(folder / "site.yml")]
    plays = [play for name in names for play in yaml_files.load(folder / name) if "hosts" in play]
    return [(name, play["hosts"]) for play in plays for name, _ in applied(play) if name in registry().capabilities]


def test_everything_that_the_site_brings_is_removed_the_other_way_round():
    wanted = [(role, group) for role, group in reversed(brought()) if role not in STAYS]
    assert [(removal.capability, removal.group) for removal in _removal.removals()] == wanted


def test_every_role_of_the_playbook_is_removed_or_is_what_is_done_around_it():
    roles = [name for play in PLAYS for name, _ in applied(play)]
    assert [role for role in roles if role != "uninstall"] == [removal.capability for removal in _removal.removals()]


def test_whoever_is_not_asked_loses_nothing_and_whoever_is_asked_loses_the_access_last():
    steps = [play["vars"]["uninstall_step"] if "uninstall_step" in play.get("vars", {}) else "" for play in PLAYS]
    assert [step for step in steps if step] == ["confirm", "folders", "leftovers", "access", "summary"]
    assert steps[0] == "confirm"
    assert "always" in PLAYS[0]["tags"]
    assert PLAYS[steps.index("access")]["tags"] == PLAYS[steps.index("folders")]["tags"] == ["uninstall"]


@pytest.mark.parametrize(
    ("hosts", "run", "skip", "removed"),
    [
        pytest.param(["desk"], ["all"], [], {"desk": OF_MANAGEMENT}, id="everything"),
        pytest.param(["mini2"], ["uninstall"], [], {"mini2": OF_MACS}, id="the-playbook's-own-tag"),
        pytest.param(["mini2"], ["tagged"], [], {"mini2": OF_MACS}, id="tagged"),
        pytest.param(
            ["desk", "mini1", "mini2"], ["exo"], [], {"desk": [], "mini1": ["exo"], "mini2": []}, id="one-tag"
        ),
        pytest.param(["desk"], ["monitoring"], ["grafana"], {"desk": OF_MANAGEMENT[2:6]}, id="part-of-a-playbook"),
        pytest.param(["mini2"], ["all"], ["macos"], {"mini2": OF_ALL}, id="one-skipped"),
        pytest.param(["mini2"], ["all"], ["all"], {"mini2": []}, id="all-skipped"),
        pytest.param(["mini2"], ["somebody-elses"], [], {"mini2": []}, id="no-tag-of-ours"),
    ],
)
def test_what_is_removed_from_which_host(hosts, run, skip, removed):
    assert FilterModule().filters()["removed_capabilities"](GROUPS, hosts, run, skip) == removed
