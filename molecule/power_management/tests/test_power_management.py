# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""A Mac is armed, is not sent to sleep without a proof, and is woken by a run over the host that is named for it."""

from __future__ import annotations

import json
import os
import re
import subprocess
import time
from pathlib import Path

import pytest
import yaml

from tests.lab_hosts import close, lab_hosts

testinfra_hosts = lab_hosts("olab1")
MOLECULE = os.environ.get("MOLECULE_PROJECT_DIRECTORY", ".")
VALUES = Path(MOLECULE) / "molecule/power_management/values.yml"


@pytest.fixture(scope="module")
def ansible(tmp_path_factory):
    """Run a program of Ansible where the inventory says of this host alone what the scenario says."""
    own = tmp_path_factory.mktemp("inventory") / "sleeper.yml"
    values = yaml.safe_load(VALUES.read_text(encoding="utf-8"))
    del values["scenario_lines"]
    # As it would come out of a vault.
    values["power_management_secure_on"] = f"{{{{ '{values['power_management_secure_on']}' }}}}"
    own.write_text(yaml.safe_dump({"all": {"hosts": {"olab1": values}}}), encoding="utf-8")
    options = ["--inventory", f"{MOLECULE}/inventories/lab", "--inventory", str(own)]

    def run(program, *words):
        return subprocess.run([program, *options, *words], capture_output=True, text=True, check=False, cwd=MOLECULE)

    return run


def state():
    said = subprocess.run(["lab", "status", "--json"], check=True, capture_output=True, text=True).stdout
    return next(host["state"] for host in json.loads(said)["hosts"] if host["name"] == "olab1")


def wait_for(wanted):
    deadline = time.monotonic() + 60
    while state() != wanted:
        assert time.monotonic() < deadline, f"it is {state()} and not {wanted}"
        time.sleep(0.2)


def test_a_packet_may_wake_it(host):
    assert re.search(r"^ womp +1$", host.check_output("pmset -g custom"), re.MULTILINE)


def test_without_a_proof_it_is_not_sent_to_sleep(host, ansible):
    order = ("--module-name", "hybrid_ai.cluster.host_sleep", "--args", "mac_address={{ mac_address }}")
    said = ansible("ansible", "olab1", "--become", *order)
    assert "it was never proved that it wakes" in said.stdout
    assert state() == "running"


def test_a_run_wakes_it_and_keeps_it_awake(host, ansible):
    subprocess.run(["lab", "sleep", "olab1"], check=True)
    close(host)
    wait_for("asleep")
    said = ansible("ansible-playbook", "playbooks/waking.yml", "--limit", "olab1,olab0")
    assert said.returncode == 0, said.stdout + said.stderr
    assert state() == "running"
    assert "caffeinate" in host.check_output("ps -A -o command")


def test_a_person_proves_that_it_wakes(host, ansible):
    close(host)
    said = ansible("ansible-playbook", "playbooks/wake.yml", "--extra-vars", "prove=yes", "--limit", "olab1,olab0")
    assert said.returncode == 0, said.stdout + said.stderr
    assert state() == "running"
    proof = json.loads(host.check_output("cat /var/db/hybrid-ai/wake-proof.json"))
    assert proof["mac_address"] == "1c:f6:4c:c3:46:da"
    assert proof["seconds"] > 0


def test_with_the_proof_it_is_sent_to_sleep(host, ansible):
    order = ("--module-name", "hybrid_ai.cluster.host_sleep", "--args", "mac_address={{ mac_address }}")
    said = ansible("ansible", "olab1", "--become", *order)
    assert said.returncode == 0, said.stdout + said.stderr
    close(host)
    wait_for("asleep")
    subprocess.run(["lab", "power", "press", "olab1"], check=True)
    wait_for("running")
