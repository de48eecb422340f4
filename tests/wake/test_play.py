# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What a run does with a host that may sleep, from the machine that runs Ansible; nobody can log in to this host."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

CHECKOUT = Path(__file__).parents[2]
COMMAND = str(Path(sys.executable).with_name("ansible-playbook"))
SITE = {"cluster_lan_subnet": "10.67.9.0/24", "cluster_lan_gateway": "10.67.9.1", "ansible_user": "admin"}
ASK, SEND = "Ask the host whether it is awake", "Send magic packets until the host answers"


@pytest.fixture(name="play")
def _play(sleeper, tmp_path):
    """Run the playbook in the network of the host, and return what came of each task."""

    def run(*words, playbook="playbooks/waking.yml", **variables):
        host = {"ansible_host": sleeper.address, "mac_address": sleeper.mac_address, "cluster_wake": True, **variables}
        inventory = tmp_path / "hosts.yml"
        inventory.write_text(
            yaml.safe_dump({"all": {"vars": SITE, "children": {"linux": {"hosts": {"box": host}}}}}), encoding="utf-8"
        )
        argv = sleeper.network.argv("manager", COMMAND, "-i", str(inventory), playbook, *words)
        environment = {**os.environ, "ANSIBLE_CALLBACK_RESULT_FORMAT": "yaml", "ANSIBLE_NOCOLOR": "1"}
        done = subprocess.run(argv, capture_output=True, text=True, check=False, cwd=CHECKOUT, env=environment)
        return done.stdout + done.stderr

    return run


def result(said, task):
    """Return the line of a task's result; nothing where it was not reached."""
    _, found, rest = said.partition(f"{task}] ")
    return rest.split("\n", 2)[1].partition(":")[0] if found else None


def test_one_that_sleeps_gets_packets_and_is_logged_in_to(sleeper, play):
    sleeper.sleep(misses=3)
    said = play(power_management_wake_seconds=5, ansible_timeout=1)
    assert result(said, SEND) == "changed", said
    assert len(sleeper.heard()) > 3
    assert "Wait until Ansible gets in" in said


def test_a_prediction_sends_none(sleeper, play):
    sleeper.sleep()
    said = play("--check")
    assert result(said, SEND) == "changed", said
    assert sleeper.heard() == []
    assert "failed=0" in said


def test_one_that_is_awake_is_only_asked(sleeper, play, tmp_path):
    sleeper.sleep()
    # In place of a login, which the host has none of: the command is run here.
    ssh = tmp_path / ".ssh"
    ssh.write_text('#!/bin/sh\nfor command; do :; done\nexec sh -c "$command"\n', encoding="ascii")
    ssh.chmod(0o755)
    said = play(ansible_ssh_executable=str(ssh))
    assert result(said, ASK) == "ok", said
    assert sleeper.heard() == []
    assert "failed=0" in said


def test_one_that_may_not_sleep_is_not_even_asked(play):
    said = play(cluster_wake=False)
    assert result(said, ASK) in {"skipping", None}, said
    assert SEND not in said
    assert "failed=0" in said


def test_one_that_does_not_wake_is_said_so_and_left_out(sleeper, play):
    sleeper.sleep()
    said = play(mac_address="02:00:00:00:00:99", power_management_wake_seconds=1)
    assert f"{sleeper.address} did not answer within 1 seconds" in said.replace("\n", " "), said
    assert "failed=1" in said


PROOF = [
    {
        "hosts": "box",
        "gather_facts": False,
        "tasks": [
            {
                "ansible.builtin.include_role": {
                    "name": "hybrid_ai.cluster.power_management",
                    "tasks_from": "proof_wake",
                    "rolespec_validate": False,
                }
            }
        ],
    }
]
QUICK = {"power_management_wake_seconds": 5, "power_management_asleep_seconds": 1, "ansible_timeout": 1}


@pytest.fixture(name="proof")
def _proof(play, tmp_path):
    """Run what follows the order to sleep."""
    playbook = tmp_path / "proof.yml"
    playbook.write_text(yaml.safe_dump(PROOF), encoding="utf-8")
    return lambda: play(playbook=str(playbook), **QUICK)


def test_the_proof_is_that_it_was_silent_before_the_packets(sleeper, proof):
    sleeper.sleep()
    said = proof()
    assert result(said, "Wait until it is silent") == "ok", said
    assert result(said, "Stop where something else woke it") == "ok", said
    assert result(said, SEND) == "changed", said


def test_one_that_does_not_go_to_sleep_proves_nothing(sleeper, proof, wake):
    sleeper.sleep()
    assert wake(timeout=30)["awake"]
    said = proof()
    assert "box does not go to sleep; see what keeps it awake" in said, said
    assert SEND not in said
