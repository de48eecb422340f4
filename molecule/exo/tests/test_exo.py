# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""exo runs where and as the inventory says, and the Macs are one cluster over ports of their own."""

from __future__ import annotations

import json
import os
from pathlib import Path

from tests.lab_hosts import lab_hosts

testinfra_hosts = lab_hosts("olab1", "olab2")
API = "http://127.0.0.1:52500"


def processes(host) -> list[list[str]]:
    """Return user and number of every process of the program."""
    lines = host.check_output("ps ax -o user= -o pid= -o command= | grep '[R]esources/exo/'").splitlines()
    return [line.split(None, 2)[:2] for line in lines]


def test_it_answers_at_its_port_and_at_no_other(host):
    assert json.loads(host.check_output("curl -s %s/node_id", API))
    assert host.run("curl -s http://127.0.0.1:52415/node_id").rc == 7


def test_it_runs_as_its_own_user_and_not_as_root(host):
    assert "state = running" in host.check_output("launchctl print system/hybrid-ai.exo")
    assert {user for user, _ in processes(host)} == {"_exo"}
    assert host.check_output("id -u _exo") == "481"


def test_it_is_the_version_that_was_chosen(host):
    information = "/Applications/EXO.app/Contents/Info.plist"
    assert host.check_output("plutil -extract CFBundleShortVersionString raw %s", information) == "1.0.72"


def test_its_places_are_its_own(host):
    for place in ("/opt/exo", "/opt/models/exo"):
        directory = host.file(place)
        assert (directory.user, directory.mode) == ("_exo", 0o750)
    assert host.file("/opt/models").user == "root"
    assert host.check_output("find /opt/exo -type f -user _exo")
    assert not host.file("/opt/hybrid-ai/exo").exists


def test_it_has_its_secrets_in_its_environment(host):
    kept = Path("/run/hybrid-lab") / os.environ["LAB_NAME"] / ".secrets/exo_namespace"
    # What starts exo has it in its command line, and the secrets not in its environment.
    environments = [host.run("cat /proc/%s/environ", pid).stdout.split("\0") for _, pid in processes(host)]
    environment = [variable for one in environments for variable in one]
    assert f"EXO_LIBP2P_NAMESPACE={kept.read_text(encoding='utf-8').strip()}" in environment
    assert "HF_TOKEN=a token of the scenario" in environment
    assert len(kept.read_text(encoding="utf-8")) == 41
    assert kept.stat().st_mode & 0o777 == 0o600


def test_both_see_each_other(host):
    topology = json.loads(host.check_output("curl -s %s/state/topology", API))
    assert len(topology["nodes"]) == 2
    assert [len(topology["connections"][node]) for node in topology["nodes"]] == [1, 1]


def test_the_master_is_the_one_that_was_chosen(host):
    chosen = json.loads(host.check_output("curl -s http://10.66.1.12:52500/node_id"))
    if host.backend.host.name == "olab1":
        log = host.check_output("find /opt/exo -name exo.log -exec cat {} +")
        elected = [line for line in log.splitlines() if "elected master" in line]
        assert f"Node {chosen} elected master" in elected[-1]


def test_its_network_daemon_is_not_there(host):
    assert host.run("launchctl print system/io.exo.networksetup").rc == 113
    assert not host.file("/Library/LaunchDaemons/io.exo.networksetup.plist").exists
