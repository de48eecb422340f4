# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What lies inside a site."""

from __future__ import annotations

import ipaddress

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.hybrid_ai.cluster.plugins.filter.inside_networks import FilterModule

inside_networks = FilterModule().filters()["inside_networks"]
LAN = ["203.0.113.0/25"]
HOSTS = ["203.0.113.10", "198.51.100.10", "2001:db8::10"]


def has(networks: list[str], address: str) -> bool:
    found = ipaddress.ip_address(address)
    return any(found in ipaddress.ip_network(network) for network in networks)


@pytest.mark.parametrize(
    ("address", "inside"),
    [
        pytest.param("10.1.2.3", True, id="private"),
        pytest.param("172.17.0.1", True, id="Docker"),
        pytest.param("169.254.169.254", True, id="metadata of a cloud"),
        pytest.param("100.64.0.1", True, id="shared by a carrier"),
        pytest.param("127.0.0.1", True, id="loopback"),
        pytest.param("::1", True, id="loopback of IPv6"),
        pytest.param("fd12::1", True, id="unique local"),
        pytest.param("fe80::1", True, id="link-local"),
        pytest.param("64:ff9b::a00:1", True, id="private behind a translator"),
        pytest.param("64:ff9b::808:808", False, id="public behind a translator"),
        pytest.param("2002:c0a8:101::1", True, id="private behind a tunnel"),
        pytest.param("203.0.113.99", True, id="the LAN, public"),
        pytest.param("203.0.113.200", False, id="beside the LAN"),
        pytest.param("198.51.100.77", True, id="beside a host"),
        pytest.param("2001:db8::77", True, id="beside a host, IPv6"),
        pytest.param("2001:db8:1::77", False, id="elsewhere, IPv6"),
        pytest.param("1.1.1.1", False, id="public"),
        pytest.param("::ffff:1.1.1.1", False, id="public, mapped"),
    ],
)
def test_what_lies_inside(address: str, inside: bool) -> None:
    assert has(inside_networks(LAN, HOSTS), address) is inside


def test_what_is_left_out_is_cut_out() -> None:
    found = inside_networks(LAN, HOSTS, ["10.5.0.0/16", "203.0.113.0/25", "fd00::7"])
    for address in ("10.5.255.1", "203.0.113.10", "fd00::7"):
        assert not has(found, address)
    for address in ("10.4.0.1", "10.6.0.1", "fd00::6", "192.168.0.1"):
        assert has(found, address)


def test_a_name_is_refused() -> None:
    with pytest.raises(AnsibleFilterError, match="'mirror' is to reach"):
        inside_networks(LAN, without=["mirror"])
