# Copyright: (c) 2026, the hybrid_ai.cluster contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One description is a service of its own user on systemd and on launchd, which comes back when it is killed."""

from __future__ import annotations

import stat
import time
from pathlib import Path

import yaml

from tests.lab_hosts import lab_hosts

testinfra_hosts = lab_hosts("olab0", "olab1")


def answers(host) -> bool:
    return host.run("curl -s -o /dev/null http://127.0.0.1:8099/").rc == 0


def processes(host) -> list[list[str]]:
    lines = host.check_output("ps ax -o user= -o pid= -o command= | grep '[h]ttp.server --bind 127.0.0.1'").splitlines()
    return [line.split(None, 2) for line in lines]


def test_it_runs_as_its_own_user(host):
    assert {owner for owner, _, _ in processes(host)} == {"_example"}


VALUES = yaml.safe_load((Path(__file__).parents[1] / "values.yml").read_text())
SECRETS = VALUES["example_service"]["secret_environment"]


def test_its_program_has_the_secrets_as_they_are(host):
    (pid,) = [pid for _, pid, words in processes(host) if "--limit" not in words]
    found = host.run(f"cat /proc/{pid}/environ").stdout_bytes.decode().split("\0")
    assert {f"{name}={value}" for name, value in SECRETS.items()} <= set(found)


def test_nobody_else_sees_the_secrets(host):
    commands = ["cat /proc/[0-9]*/cmdline", "cat /etc/systemd/system/hybrid-ai-* /Library/LaunchDaemons/hybrid-ai.*"]
    commands += ["systemctl show hybrid-ai-example", "launchctl print system/hybrid-ai.example"]
    shown = "".join(host.run(f"{command} 2>/dev/null").stdout for command in commands)
    assert "EXAMPLE" in shown
    assert [value for value in SECRETS.values() if value in shown] == []
    assert "canary" not in shown
    place = host.file("/opt/hybrid-ai/services/example/environment")
    assert (stat.S_IMODE(place.mode), place.user) == (0o600, "root" if host.exists("systemctl") else "_example")
    readable = (
        "find /opt/hybrid-ai /etc /Library /var/log -xdev -type f -perm -o+r -exec grep -l canary- {} + 2>/dev/null"
    )
    assert host.run(readable).stdout == ""


def test_it_comes_back_when_it_is_killed(host):
    for _, pid, _ in processes(host):
        host.run(f"kill -9 {pid}")
    deadline = time.monotonic() + 30
    while not answers(host):
        assert time.monotonic() < deadline, "it did not come back"
        time.sleep(0.5)


def test_nothing_is_left_of_the_one_that_had_to_go(host):
    assert host.run("curl -s http://127.0.0.1:8097/").rc == 7
    places = "/opt/hybrid-ai /opt/hybrid-ai/services /var/log/hybrid-ai /etc/systemd/system /Library/LaunchDaemons"
    look = f"ls -A {places} /etc/newsyslog.d /etc/logrotate.d; cat /etc/passwd /etc/group; dscl . -list /Users"
    assert "former" not in host.run(f"({look}) 2>/dev/null").stdout
    assert host.run("id _former").rc != 0
    assert host.run("grep -r canary-of-the-former /opt/hybrid-ai /etc /Library/LaunchDaemons").stdout == ""
