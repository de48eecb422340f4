# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""``route`` and ``arp``: macOS's texts over the real tables."""

from __future__ import annotations

import json

import pytest

DEFAULT = """\
   route to: default
destination: default
       mask: default
    gateway: 10.66.1.1
  interface: en0
      flags: <UP,GATEWAY,DONE,STATIC,PRCLONING,GLOBAL>
 recvpipe  sendpipe  ssthresh  rtt,msec    rttvar  hopcount      mtu     expire
       0         0         0         0         0         0      1500         0\x20
"""
NEIGHBOURS = [
    {"dst": "10.66.1.1", "dev": "en0", "lladdr": "02:00:5e:00:53:01"},
    {"dst": "10.66.1.12", "dev": "en0"},
]


def test_default(mac) -> None:
    mac.answer("ip", "-j", "-4", "route", "show", "default", out=json.dumps([{"gateway": "10.66.1.1", "dev": "en0"}]))
    result = mac.run("route", "-n", "get", "default")
    assert (result.rc, result.out, result.err) == (0, DEFAULT, "")


def test_neighbour(mac) -> None:
    mac.answer("ip", "-j", "-4", "route", "get", "10.66.64.2", out=json.dumps([{"dst": "10.66.64.2", "dev": "en2"}]))
    lines = mac.run("route", "-n", "get", "10.66.64.2").out.splitlines()
    assert lines[:3] == ["   route to: 10.66.64.2", "destination: 10.66.64.2", "  interface: en2"]


@pytest.mark.parametrize(
    ("argv", "answer"),
    [
        pytest.param(["-n", "get", "-inet6", "default"], {"out": "[]"}, id="no default"),
        pytest.param(["get", "10.9.9.9"], {"rc": 2, "err": "RTNETLINK answers: Network is unreachable"}, id="no route"),
    ],
)
def test_not_in_table(mac, argv, answer) -> None:
    mac.answer("ip", "-j", **answer)
    result = mac.run("route", *argv)
    assert (result.rc, result.out, result.err) == (1, "", "route: writing to routing socket: not in table\n")


@pytest.mark.parametrize(
    ("argv", "command", "out"),
    [
        pytest.param(
            ["-n", "add", "-net", "10.9.0.0/16", "10.66.1.9"],
            "ip route add 10.9.0.0/16 via 10.66.1.9",
            "add net 10.9.0.0: gateway 10.66.1.9\n",
            id="net",
        ),
        pytest.param(
            ["add", "-net", "10.9.0.0", "-netmask", "255.255.0.0", "10.66.1.9"],
            "ip route add 10.9.0.0/16 via 10.66.1.9",
            "add net 10.9.0.0: gateway 10.66.1.9\n",
            id="netmask",
        ),
        pytest.param(
            ["add", "-host", "10.9.0.1", "-interface", "en2"],
            "ip route add 10.9.0.1 dev en2",
            "add host 10.9.0.1: gateway en2\n",
            id="interface",
        ),
        pytest.param(["delete", "default"], "ip route delete default", "delete net default\n", id="delete"),
    ],
)
def test_changes(mac, argv, command, out) -> None:
    result = mac.run("route", *argv)
    assert (result.rc, result.out, result.err) == (0, out, "")
    assert [" ".join(call) for call in mac.calls] == [command]


def test_changes_need_root(mac) -> None:
    result = mac.run("route", "delete", "default", uid=501)
    assert (result.rc, result.err, mac.calls) == (77, "route: must be root to alter routing table\n", [])


@pytest.mark.parametrize(
    ("argv", "status", "out"),
    [
        pytest.param(
            ["-an"],
            0,
            "? (10.66.1.1) at 2:0:5e:0:53:1 on en0 ifscope [ethernet]\n"
            "? (10.66.1.12) at (incomplete) on en0 ifscope [ethernet]\n",
            id="all, without leading zeros",
        ),
        pytest.param(["-n", "10.66.1.1"], 0, "? (10.66.1.1) at 2:0:5e:0:53:1 on en0 ifscope [ethernet]\n", id="one"),
        pytest.param(["10.66.1.77"], 1, "10.66.1.77 (10.66.1.77) -- no entry\n", id="unknown"),
    ],
)
def test_arp(mac, argv, status, out) -> None:
    mac.answer("ip", "-j", "-4", "neigh", "show", out=json.dumps(NEIGHBOURS))
    result = mac.run("arp", *argv)
    assert (result.rc, result.out) == (status, out)
