# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""An inventory without a management node: what hosts do without one, and what the report says of it."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import pytest
import yaml

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

ABSENT = "No host is in the group management, so there are no names, download cache, dashboards, alerts and web pages."
HERE = {
    "ansible_connection": "local",
    "ansible_python_interpreter": sys.executable,
    "ansible_become": False,
}


@pytest.fixture
def inventory(tmp_path: Path) -> Callable[..., Path]:
    """Write an inventory of hosts that are this machine, by platform."""

    def write(*, managed: bool = False, **hosts: str) -> Path:
        groups: dict = {"macos": {"hosts": {}}, "linux": {"hosts": {}}, "exo": {"hosts": {}}}
        for number, (name, platform) in enumerate(hosts.items(), start=11):
            groups[platform]["hosts"][name] = {"ansible_host": f"192.168.1.{number}"}
        groups["exo"]["hosts"] = dict.fromkeys(groups["macos"]["hosts"])
        if managed:
            groups["management"] = {"hosts": {"gpu1": None}}
        shared = {**HERE, "cluster_lan_subnet": "192.168.1.0/24", "cluster_secrets_directory": f"{tmp_path}/.secrets"}
        path = tmp_path / "hosts.yml"
        path.write_text(yaml.safe_dump({"all": {"vars": shared, "children": groups}}))
        return path

    return write


def test_the_report_says_once_what_is_absent(play: Callable, inventory: Callable[..., Path]) -> None:
    hosts = inventory(mini1="macos", mini2="macos", gpu1="linux")
    done = play("playbooks/verify.yml", "-i", str(hosts))
    assert done.rc == 0, done.text
    assert done.text.count(ABSENT) == 1
    # The Macs have no cables.
    assert done.capabilities == {"exo", "exo_models", "firewall", "macos_headless", "node_exporter"}


def test_hosts_that_were_never_told_of_a_management_node_stay_as_they_are(
    play: Callable, inventory: Callable[..., Path], tmp_path: Path
) -> None:
    playbook = tmp_path / "clients.yml"
    roles = ["hybrid_ai.cluster.dns_client", "hybrid_ai.cluster.proxy_client"]
    playbook.write_text(yaml.safe_dump([{"hosts": "linux", "gather_facts": False, "roles": roles}]))
    done = play(playbook, "-i", str(inventory(gpu1="linux")), "--check", "-e", f"cluster_directory={tmp_path}/nothing")
    assert done.rc == 0, done.text
    assert "changed=0 " in done.text
    assert "Run the relay" not in done.text


@pytest.mark.parametrize("host", ["gpu1", "gpu2"])
def test_one_that_a_run_could_not_reach_leaves_its_clients_as_they_are(
    play: Callable, inventory: Callable[..., Path], tmp_path: Path, host: str
) -> None:
    """What the role preflight noted of it is all that decides: nothing is asked of it again."""
    playbook = tmp_path / "clients.yml"
    roles = ["hybrid_ai.cluster.dns_client", "hybrid_ai.cluster.proxy_client"]
    noted = [{"name": "Note", "ansible.builtin.set_fact": {"__preflight_access": {"unreachable": True}}}]
    playbook.write_text(
        yaml.safe_dump(
            [
                {"hosts": host, "gather_facts": False, "tasks": noted},
                {"hosts": "gpu2", "gather_facts": False, "roles": roles},
            ]
        )
    )
    extra = {"cluster_directory": f"{tmp_path}/nothing", "cluster_service_overrides": {"squid": {"port": 1}}}
    hosts = str(inventory(gpu1="linux", gpu2="linux", managed=True))
    done = play(playbook, "-i", hosts, "--check", "-e", json.dumps(extra))
    asked = "Read the certificate authority of the cache" in done.text
    assert asked is (host != "gpu1")
    assert host != "gpu1" or (done.rc, "changed=0 " in done.text) == (0, True), done.text
