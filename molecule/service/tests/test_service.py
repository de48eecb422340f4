# Copyright: (c) 2026, the hybrid_ai.cluster contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One description is a service of its own user on systemd and on launchd, which comes back when it is killed."""

from __future__ import annotations

import time

from tests.lab_hosts import lab_hosts

testinfra_hosts = lab_hosts("olab0", "olab1")


def answers(host) -> bool:
    return host.run("curl -s -o /dev/null http://127.0.0.1:8099/").rc == 0


def processes(host) -> list[list[str]]:
    lines = host.check_output("ps ax -o user= -o pid= -o command= | grep '[h]ttp.server --bind 127.0.0.1'").splitlines()
    return [line.split(None, 2) for line in lines]


def test_it_runs_as_its_own_user(host):
    assert {owner for owner, _, _ in processes(host)} == {"_example"}


def test_it_comes_back_when_it_is_killed(host):
    for _, pid, _ in processes(host):
        host.run(f"kill -9 {pid}")
    deadline = time.monotonic() + 30
    while not answers(host):
        assert time.monotonic() < deadline, "it did not come back"
        time.sleep(0.5)
