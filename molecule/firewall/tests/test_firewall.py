# Copyright: (c) 2026, the hybrid_ai.cluster contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rules are in the kernel, and come back by themselves when somebody throws them away."""

from __future__ import annotations

import time

import pytest

from tests.lab_hosts import lab_hosts

testinfra_hosts = lab_hosts("olab0", "olab1")

SHOW = {"olab0": "nft list table inet hybrid_ai", "olab1": "/sbin/pfctl -q -a com.apple/100.hybrid-ai -s rules"}
SSH = {"olab0": "tcp dport 22 accept", "olab1": "port = 22 flags any keep state"}
# On Linux what throws rules away is the service that has loaded others before.
LOSE = {"olab0": "systemctl restart nftables", "olab1": "/sbin/pfctl -q -a com.apple/100.hybrid-ai -F all"}
HEALED_SECONDS = 75

# As a process of exo's user, which is not there yet: its number is what the rules are about.
DIAL = """
import os, socket, sys
os.setgid(451), os.setuid(int(sys.argv[1]))
try:
    socket.create_connection((sys.argv[2], 22), timeout=5).close()
    print("open")
except OSError as error:
    print(type(error).__name__, error.errno)
"""
EXO, ROOT = 451, 0
NODE, NO_NODE = "10.66.1.12", "10.66.1.10"


def dial(host, user: int, address: str) -> str:
    return host.check_output(f"/opt/hybrid-ai/python/bin/python3 -c '{DIAL}' {user} {address}")


def rules(host) -> str:
    return host.run(SHOW[host.backend.host.name]).stdout


def test_remote_login_is_let_in_before_anything_is_closed(host):
    lines = rules(host).splitlines()
    name = host.backend.host.name
    login = next(place for place, line in enumerate(lines) if SSH[name] in line)
    closed = [place for place, line in enumerate(lines) if "reject" in line or "block" in line]
    assert closed
    assert login < min(closed)


def test_no_change_is_left_to_be_confirmed(host):
    assert not host.run("ls /var/db/hybrid-ai/firewall-undo /opt/hybrid-ai/firewall/undo").stdout


def test_lost_rules_come_back(host):
    before = rules(host)
    host.run(LOSE[host.backend.host.name])
    deadline = time.monotonic() + HEALED_SECONDS
    while rules(host) != before:
        assert time.monotonic() < deadline, "they did not come back"
        time.sleep(1)


def test_exo_dials_its_nodes_and_nobody_else(host):
    if host.backend.host.name == "olab0":
        pytest.skip("no exo here")
    assert dial(host, EXO, NODE) == "open"
    assert dial(host, EXO, "127.0.0.1") == "open"
    assert dial(host, EXO, NO_NODE) != "open"
    assert dial(host, ROOT, NO_NODE) == "open"
