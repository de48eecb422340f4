# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""A change of the configuration ends nothing that is open, and one that is refused changes nothing."""

from __future__ import annotations

import os
import re
import subprocess
import time
from typing import NamedTuple

import pytest

from tests.lab_hosts import lab_hosts

testinfra_hosts = lab_hosts("olab0")
MOLECULE = os.environ.get("MOLECULE_PROJECT_DIRECTORY", ".")
UNIT = "hybrid-ai-haproxy"
ETC = "/opt/hybrid-ai/etc/haproxy"
# What is longer than HAProxy's longest time.
REFUSED = "haproxy_answer_seconds=99999999999"


class Front(NamedTuple):
    """The running front."""

    master: str
    worker: str
    stamp: str


def front(host) -> Front:
    said = host.check_output(
        "/usr/bin/python3 -c %s",
        "import socket; s = socket.socket(socket.AF_UNIX); s.connect('/opt/hybrid-ai/haproxy/socket');"
        " s.sendall(b'show info\\n'); print(s.makefile().read())",
    )
    values = dict(re.findall(r"^(\w+): (.*)$", said, re.MULTILINE))
    return Front(host.check_output("systemctl show -p MainPID --value %s", UNIT), values["Pid"], values["description"])


def apply(*more: str) -> subprocess.CompletedProcess[str]:
    """Apply the role as the scenario does, with other values."""
    words = [
        "ansible-playbook",
        "--inventory",
        "inventories/lab",
        "--diff",
        "--extra-vars",
        "@molecule/haproxy/values.yml",
    ]
    words += [word for value in more for word in ("--extra-vars", value)]
    environment = {**os.environ, "MOLECULE_SCENARIO_NAME": "haproxy", "SCENARIO_HOSTS": "management"}
    environment |= {"ANSIBLE_CONFIG": "ansible.cfg", "ANSIBLE_FORCE_COLOR": "0"}
    return subprocess.run(
        [*words, "molecule/converge.yml"], capture_output=True, text=True, check=False, cwd=MOLECULE, env=environment
    )


@pytest.fixture
def stream(host, pages):
    """Have somebody in the middle of an answer; return what tells whether it came whole."""
    file = "/run/stream"
    ask = "curl --silent --no-buffer --fail -H 'Host: grafana.olab' http://10.66.1.10:8080/stream"
    host.check_output("systemd-run --quiet --collect --unit=stream sh -c %s", f"{ask} >{file}; echo status $? >>{file}")
    deadline = time.monotonic() + 10
    while not host.file(file).exists or not host.file(file).size:
        assert time.monotonic() < deadline
        time.sleep(0.2)

    def lines() -> list[str]:
        return host.file(file).content_string.split()

    yield lines
    host.run("systemctl stop stream; rm -f %s /run/stream-ends", file)


def test_what_is_open_outlives_changes_and_files_that_are_refused(host, stream):
    before = front(host)
    changed = apply("haproxy_answer_seconds=3")
    assert changed.returncode == 0, changed.stdout
    after = front(host)
    assert after.master == before.master
    assert after.worker != before.worker
    assert after.stamp != before.stamp
    assert host.file(f"{ETC}/stamp.cfg").content_string == f"global\n    description {after.stamp}\n"
    assert host.process.filter(pid=before.worker)

    refused = apply(REFUSED)
    assert refused.returncode != 0
    assert "haproxy refuses the new files for /opt/hybrid-ai/etc/haproxy, and nothing was replaced" in refused.stdout
    assert front(host) == after

    assert apply().returncode == 0
    last = front(host)
    assert (last.master, last.stamp) == (before.master, before.stamp)

    received = len(stream())
    host.check_output("touch /run/stream-ends")
    deadline = time.monotonic() + 15
    while stream()[-3:] != ["end", "status", "0"]:
        assert time.monotonic() < deadline, stream()[-3:]
        time.sleep(0.2)
    numbers = stream()[:-3]
    assert numbers == [str(number) for number in range(len(numbers))]
    assert len(numbers) >= received


def test_a_run_that_was_cut_off_before_the_reload_is_completed(host):
    """What it serves is asked of the program, not remembered."""
    before = front(host)
    host.check_output("cp -a %s /run/etc-haproxy", ETC)
    host.check_output("sed -i 's/description .*/description another/' %s/stamp.cfg", ETC)
    host.check_output("systemctl reload %s", UNIT)
    assert front(host).stamp == "another"
    host.check_output("cp -a /run/etc-haproxy/stamp.cfg %s/stamp.cfg; rm -r /run/etc-haproxy", ETC)
    done = apply()
    assert done.returncode == 0, done.stdout
    after = front(host)
    assert (after.stamp, after.master) == (before.stamp, before.master)


def test_a_person_does_not_reload_what_is_refused(host):
    before = front(host)
    host.check_output("cp -a %s/stamp.cfg /run/stamp.cfg; echo nonsense >>%s/stamp.cfg", ETC, ETC)
    refused = host.run("systemctl reload %s", UNIT)
    host.check_output("cp -a /run/stamp.cfg %s/stamp.cfg; rm /run/stamp.cfg", ETC)
    assert refused.rc != 0
    assert front(host) == before
    assert host.service(UNIT).is_running


def test_a_stop_is_no_failure(host):
    host.check_output("systemctl stop %s", UNIT)
    state = host.check_output("systemctl show -p ActiveState --value %s", UNIT)
    host.check_output("systemctl start %s", UNIT)
    assert state == "inactive"
    assert front(host).stamp
