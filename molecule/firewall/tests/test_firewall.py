# Copyright: (c) 2026, the hybrid_ai.cluster contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rules are in the kernel, and come back by themselves when somebody throws them away."""

from __future__ import annotations

import time

from tests.lab_hosts import lab_hosts

testinfra_hosts = lab_hosts("olab0", "olab1")

SHOW = {"olab0": "nft list table inet hybrid_ai", "olab1": "/sbin/pfctl -q -a com.apple/100.hybrid-ai -s rules"}
SSH = {"olab0": "tcp dport 22 accept", "olab1": "port = 22 flags any keep state"}
# On Linux what throws rules away is the service that has loaded others before.
LOSE = {"olab0": "systemctl restart nftables", "olab1": "/sbin/pfctl -q -a com.apple/100.hybrid-ai -F all"}
HEALED_SECONDS = 75


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
