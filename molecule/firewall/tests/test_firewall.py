# Copyright: (c) 2026, the hybrid_ai.cluster contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rules are in the kernel, and come back by themselves when somebody throws them away."""

from __future__ import annotations

import time

import pytest
import testinfra

from tests.lab_hosts import lab_hosts

testinfra_hosts = lab_hosts("olab0", "olab1")

SHOW = {"olab0": "nft list table inet hybrid_ai", "olab1": "/sbin/pfctl -q -a com.apple/100.hybrid-ai -s rules"}
SSH = {"olab0": "tcp dport 22 accept", "olab1": "port = 22 flags any keep state"}
# On Linux what throws rules away is first of all the service that loads those of others.
FLUSH = {"olab0": "nft flush ruleset", "olab1": "/sbin/pfctl -q -a com.apple/100.hybrid-ai -F all"}
HEALED_SECONDS = 75
PROMPTLY_SECONDS = 5

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
NODE, DESTINATION, NO_NODE = "10.66.1.12", "10.66.1.10", "10.66.1.20"
# A port of each host that is for the cluster alone, and its address.
GUARDED = {"olab0": ("10.66.1.10", 8098), "olab1": ("10.66.1.11", 52415)}
TRUSTED, STRANGER = "10.66.1.77", "10.66.1.78"
PYTHON = {"olab0": "/usr/bin/python3", "olab1": "/opt/hybrid-ai/python/bin/python3"}


def dial(host, user: int, address: str) -> str:
    return host.check_output(f"/opt/hybrid-ai/python/bin/python3 -c '{DIAL}' {user} {address}")


@pytest.fixture
def listener(host):
    """Run something at the guarded port, and return its address as others write it."""
    name = host.backend.host.name
    address, port = GUARDED[name]
    serve = f"{PYTHON[name]} -m http.server --directory /usr/bin --bind {address} {port}"
    number = host.check_output(f"nohup {serve} >/dev/null 2>&1 & echo $!")
    deadline = time.monotonic() + 20
    while host.run(f"curl --silent --output /dev/null http://{address}:{port}/").rc != 0:
        assert time.monotonic() < deadline, "nothing listens"
        time.sleep(0.2)
    yield f"http://{address}:{port}/"
    host.check_output(f"kill {number}")


@pytest.fixture
def outside():
    """Return a host that also has addresses of nobody in the inventory."""
    gpu = testinfra.get_host(lab_hosts("gpu1")[0])
    device = gpu.check_output("ip -brief address show to 10.66.1.20").split()[0].partition("@")[0]
    for address in (TRUSTED, STRANGER):
        gpu.check_output("ip address replace %s/24 dev %s", address, device)
    yield gpu
    for address in (TRUSTED, STRANGER):
        gpu.check_output("ip address del %s/24 dev %s", address, device)


def test_whoever_is_trusted_reaches_what_the_cluster_reaches(listener, outside):
    ask = "curl --silent --max-time 5 --output /dev/null --interface %s %s"
    assert outside.run(ask, TRUSTED, listener).rc == 0
    assert outside.run(ask, STRANGER, listener).rc != 0


def test_exo_is_reached_over_the_lan_where_it_is_not_kept_to_the_cables(host, listener):
    if host.backend.host.name == "olab0":
        pytest.skip("no exo here")
    neighbour = testinfra.get_host(lab_hosts("olab2")[0])
    assert neighbour.run("curl --silent --max-time 5 --output /dev/null %s", listener).rc == 0


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


def wait_for(host, before: str, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while rules(host) != before:
        assert time.monotonic() < deadline, "they did not come back"
        time.sleep(1)


def test_lost_rules_come_back(host):
    before = rules(host)
    host.check_output(FLUSH[host.backend.host.name])
    assert rules(host) != before
    wait_for(host, before, HEALED_SECONDS)


@pytest.mark.parametrize("step", ["reload", "restart"])
def test_rules_come_back_at_once_when_others_are_loaded_anew(host, step):
    if host.backend.host.name != "olab0":
        pytest.skip("a service of Linux")
    before = rules(host)
    # Its start begins with a flush too, which the keeper mends.
    host.check_output("systemctl start nftables")
    wait_for(host, before, HEALED_SECONDS)
    host.check_output("systemctl %s nftables", step)
    wait_for(host, before, PROMPTLY_SECONDS)


def test_rules_that_were_stopped_come_back(host):
    if host.backend.host.name != "olab0":
        pytest.skip("a service of Linux")
    before = rules(host)
    host.check_output("systemctl stop hybrid-ai-firewall")
    wait_for(host, before, HEALED_SECONDS)
    assert host.check_output("systemctl is-active hybrid-ai-firewall") == "active"


def test_exo_dials_its_nodes_and_its_destinations_and_nobody_else(host):
    if host.backend.host.name == "olab0":
        pytest.skip("no exo here")
    assert dial(host, EXO, NODE) == "open"
    assert dial(host, EXO, "127.0.0.1") == "open"
    assert dial(host, EXO, DESTINATION) == "open"
    assert dial(host, EXO, NO_NODE) != "open"
    assert dial(host, ROOT, NO_NODE) == "open"
