# Copyright: (c) 2026, the hybrid_ai.cluster contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""exo runs as a daemon of its own user on every Mac, and all of them are one cluster."""

from __future__ import annotations

import json
import os
from pathlib import Path

from tests.lab_hosts import lab_hosts

testinfra_hosts = lab_hosts("olab1", "olab2", "olab3")


def test_it_answers(host):
    assert json.loads(host.check_output("curl -s http://127.0.0.1:52415/node_id"))


def test_it_runs_as_its_own_user_and_not_as_root(host):
    assert "state = running" in host.check_output("launchctl print system/hybrid-ai.exo")
    owners = host.check_output("ps ax -o user= -o command= | grep '[R]esources/exo/exo'").splitlines()
    assert owners
    assert {line.split()[0] for line in owners} == {"_exo"}


def test_its_namespace_is_the_secret_that_the_run_made(host):
    kept = Path("/run/hybrid-lab") / os.environ["LAB_NAME"] / ".secrets/exo_namespace"
    # What starts exo has it in its command line, and the namespace not in its environment.
    lines = host.check_output("ps ax -o pid= -o command= | grep '[R]esources/exo/'").splitlines()
    environments = [host.run(f"cat /proc/{line.split()[0]}/environ").stdout.split("\0") for line in lines]
    environment = [variable for one in environments for variable in one]
    assert f"EXO_LIBP2P_NAMESPACE={kept.read_text(encoding='utf-8').strip()}" in environment
    assert len(kept.read_text(encoding="utf-8")) == 41
    assert kept.stat().st_mode & 0o777 == 0o600


def test_every_node_sees_every_other_both_ways(host):
    topology = json.loads(host.check_output("curl -s http://127.0.0.1:52415/state/topology"))
    assert len(topology["nodes"]) == 3
    assert all(len(topology["connections"][node]) == 2 for node in topology["nodes"])


def test_its_network_daemon_is_not_there(host):
    assert host.run("launchctl print system/io.exo.networksetup").rc == 113
    assert not host.file("/Library/LaunchDaemons/io.exo.networksetup.plist").exists


def test_no_other_version_is_kept(host):
    assert [name for name in host.check_output("ls -A /Applications").split() if "EXO" in name] == ["EXO.app"]
