# Copyright: (c) 2026, the hybrid_ai.cluster contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the playbook uninstall removes of folders, what it leaves, and what it says at the end."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.hybrid_ai.cluster.plugins.module_utils import _linux_resolver, _names

from tests.unit.roles.render import render

GROUPS = {"all": ["desk", "mini1"], "management": ["desk"], "macos": ["mini1"], "exo": ["mini1"]}
RUN = {
    "groups": GROUPS,
    "ansible_play_hosts_all": ["desk", "mini1"],
    "ansible_skip_tags": [],
    "ansible_check_mode": False,
}
MAC = {
    **RUN,
    "ansible_run_tags": ["all"],
    "inventory_hostname": "mini1",
    "group_names": ["exo", "macos"],
    "ansible_python_interpreter": "/opt/hybrid-ai/python/bin/python3",
    "exo_models_directory": "/opt/hybrid-ai/exo/models",
    "cluster_models_directory": "/opt/hybrid-ai/models",
}
MODELS = ["/opt/hybrid-ai/exo/models", "/opt/hybrid-ai/models"]
LINUX = {
    **MAC,
    "inventory_hostname": "desk",
    "group_names": ["management"],
    "ansible_python_interpreter": "/usr/bin/python3",
}


@pytest.mark.parametrize(("host", "state"), [(MAC, _names.STATE_DIRECTORY), (LINUX, _linux_resolver.STATE)])
def test_the_folders_are_those_that_modules_make(host: dict[str, Any], state: str) -> None:
    (folders,) = render("uninstall", "__uninstall_folders", **host)
    assert folders == [_names.CLUSTER_DIRECTORY, _names.LOG_DIRECTORY, state]


def test_of_a_folder_that_was_chosen_only_ours_goes_and_it_is_said() -> None:
    folders, candidates = render(
        "uninstall", "__uninstall_folders", "__uninstall_candidates", **LINUX, cluster_directory="/usr/local"
    )
    assert [path for path in folders if "local" in path] == ["/usr/local/releases"]
    assert "/usr/local" in [candidate["is"].get("path") for candidate in candidates]


@pytest.mark.parametrize(
    ("host", "more", "kept"),
    [
        pytest.param(MAC, {}, ["/opt/hybrid-ai/python", *MODELS], id="models"),
        pytest.param(MAC, {"remove_models": "yes"}, ["/opt/hybrid-ai/python"], id="told-to-remove-them"),
        pytest.param(LINUX, {"remove_models": True}, ["/usr"], id="linux"),
    ],
)
def test_the_python_in_use_stays_and_models_do_unless_told(
    host: dict[str, Any], more: dict[str, Any], kept: list[str]
) -> None:
    found, candidates = render("uninstall", "__uninstall_kept", "__uninstall_candidates", **host, **more)
    assert found == kept
    titles = [candidate["is"]["title"] for candidate in candidates]
    assert ("models" in titles) is ("remove_models" not in more)


@pytest.mark.parametrize(
    ("run_tags", "skip_tags", "more", "whole", "access"),
    [
        pytest.param(["all"], [], {}, True, True, id="everything"),
        pytest.param(["uninstall"], [], {}, True, True, id="its-own-tag"),
        pytest.param(["all"], [], {"keep_access": "yes"}, True, False, id="keeps-the-access"),
        pytest.param(["exo"], [], {}, False, False, id="a-tag"),
        pytest.param(["all"], ["exo"], {}, False, False, id="one-skipped"),
    ],
)
def test_folders_and_access_go_only_when_everything_does(
    *, run_tags: list[str], skip_tags: list[str], more: dict[str, Any], whole: bool, access: bool
) -> None:
    values = {**MAC, "ansible_run_tags": run_tags, "ansible_skip_tags": skip_tags, **more}
    assert render("uninstall", "__uninstall_whole", "__uninstall_access_goes", **values) == [whole, access]


GONE = (
    "node_exporter, sleep_agent, exo_models, model_files, model_store, exo, power_management, firewall, thunderbolt,"
    " macos_headless, proxy_client, dns_client"
)
NAMES = (
    "Stays: the Mac's names, FileVault, Wi-Fi and boot arguments as they are: see System Settings, and sudo scutil"
    " --set ComputerName NAME"
)
ACCESS = "Stays: the cluster's key, sudo without a password and a Mac's Python: repeat this without keep_access"
TRUST = (
    "Stays: trust in the cache's authority, which somebody gave it on this Mac: Keychain Access > System > delete it"
)
LEFT = {
    "__uninstall_left": {"leftovers": ["models: /opt/hybrid-ai/exo/models (4.00 GB); sudo rm -r"]},
    "__macos_headless_restored": {"kept": ["power settings, sleep: somebody has changed it since"]},
    "__thunderbolt_restored": {"kept": ["the bridge bridge0: somebody has changed it since"]},
    "__dns_client_change": {"skipped": True},
    "__proxy_client_trust_left": {"system": True},
    "__bootstrap_removal": {"kept": ["the cluster's key: it is the only one"]},
}


@pytest.mark.parametrize(
    ("values", "lines"),
    [
        pytest.param(MAC, [f"Gone: {GONE}", NAMES], id="nothing-is-left"),
        pytest.param(
            {**MAC, **LEFT},
            [
                f"Gone: {GONE}",
                "Stays: models: /opt/hybrid-ai/exo/models (4.00 GB); sudo rm -r",
                NAMES,
                "Stays: macOS settings: power settings, sleep: somebody has changed it since",
                "Stays: the bridge bridge0: somebody has changed it since",
                "Stays: the cluster's key: it is the only one",
                TRUST,
            ],
            id="all-that-can-be-left",
        ),
        pytest.param({**MAC, "keep_access": "yes"}, [f"Gone: {GONE}", NAMES, ACCESS], id="keeps-the-access"),
        pytest.param({**MAC, "ansible_run_tags": ["exo"], "ansible_check_mode": True}, ["Would go: exo"], id="a-check"),
        pytest.param({**LINUX, "ansible_run_tags": ["exo"]}, ["Nothing was to be removed."], id="not-concerned"),
        pytest.param(
            {**LINUX, "ansible_run_tags": ["prometheus"]},
            [
                "Gone: prometheus",
                "Stays: packages that only served those that were removed: sudo apt-get autoremove",
            ],
            id="linux",
        ),
    ],
)
def test_what_is_said_at_the_end(values: dict[str, Any], lines: list[str]) -> None:
    (said,) = render("uninstall", "__uninstall_report", **values)
    assert said == lines
