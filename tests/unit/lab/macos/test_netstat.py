# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""``netstat -i``: macOS's table over the kernel's counters."""

from __future__ import annotations

import json

import pytest
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._report.traffic_path import parse_counters


def link(name: str, index: int, received: int, sent: int, *addresses: str) -> dict[str, object]:
    counters = {"packets": 7, "errors": 0, "collisions": 0}
    return {
        "ifname": name,
        "ifindex": index,
        "mtu": 1500,
        "address": "1c:f6:4c:00:00:01",
        "addr_info": [
            {"local": address.partition("/")[0], "prefixlen": int(address.partition("/")[2])} for address in addresses
        ],
        "stats64": {"rx": {**counters, "bytes": received}, "tx": {**counters, "bytes": sent}},
    }


LINKS = [link("lo", 1, 5, 5, "127.0.0.1/8"), link("en0", 2, 123456, 99, "10.66.1.11/24", "fe80::1/64")]
TABLE = """\
Name       Mtu   Network       Address              Ipkts Ierrs     Ibytes    Opkts Oerrs     Obytes  Coll
lo0        1500  <Link#1>                               7     0          5        7     0          5     0
lo0        1500  127           127.0.0.1                7     -          5        7     -          5     -
en0        1500  <Link#2>      1c:f6:4c:00:00:01        7     0     123456        7     0         99     0
en0        1500  10.66.1       10.66.1.11               7     -     123456        7     -         99     -
en0        1500  fe80::        fe80::1                  7     -     123456        7     -         99     -
"""


@pytest.fixture
def mac(mac):
    mac.answer("ip", "-j", "-s", "addr", "show", out=json.dumps(LINKS))
    return mac


def test_bytes_of_every_interface(mac) -> None:
    result = mac.run("netstat", "-ibn")
    assert (result.rc, result.err) == (0, "")
    assert result.out == TABLE


def test_one_interface_without_bytes(mac) -> None:
    lines = mac.run("netstat", "-n", "-I", "lo0").out.splitlines()
    assert [line.split()[0] for line in lines] == ["Name", "lo0", "lo0"]
    assert "Ibytes" not in lines[0]


def test_other_tables_are_not_simulated(mac) -> None:
    result = mac.run("netstat", "-an")
    assert (result.rc, result.out, result.err) == (1, "", "usage: netstat [-i | -I interface] [-bn]\n")


def test_the_report_reads_it(mac) -> None:
    devices, received = parse_counters(mac.run("netstat", "-ibn").out)
    assert devices["10.66.1.11"] == "en0"
    assert received == {"lo0": 5, "en0": 123456}
