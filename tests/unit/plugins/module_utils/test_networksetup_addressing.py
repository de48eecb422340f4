# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The ways in which a service gets its addresses, as `networksetup -getinfo` says them."""

from __future__ import annotations

import pytest
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._macos_network import addressing
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._unknown import Unknown

TAIL = "IPv6: Automatic\nIPv6 IP address: none\nIPv6 Router: none\nEthernet Address: 1c:f6:4c:00:00:01\n"
ADDRESS = "IP address: 192.0.2.20\nSubnet mask: 255.255.255.0\nRouter: 192.0.2.1\n"


@pytest.mark.parametrize(
    ("text", "state"),
    [
        pytest.param(f"DHCP Configuration\nClient ID: \n{TAIL}", {"method": "dhcp"}, id="dhcp"),
        pytest.param(
            f"DHCP Configuration\n{ADDRESS}Client ID: desk 7\n{TAIL}",
            {"method": "dhcp", "client_id": "desk 7"},
            id="dhcp with a client identifier",
        ),
        pytest.param(f"BOOTP Configuration\n{ADDRESS}{TAIL}", {"method": "bootp"}, id="bootp"),
        pytest.param(
            f"Manually Using DHCP Router Configuration\n{ADDRESS}{TAIL}",
            {"method": "manual_with_dhcp_router", "address": "192.0.2.20"},
            id="manual with the router of DHCP",
        ),
        pytest.param(
            "Manual Configuration\nIP address: 192.0.2.20\nSubnet mask: 255.255.255.0\nRouter: (null)\nIPv6: Off\n",
            {"method": "manual", "address": "192.0.2.20", "netmask": "255.255.255.0", "router": None},
            id="manual without a router",
        ),
        pytest.param(TAIL, {"method": "off"}, id="off"),
        pytest.param(f"INFORM Configuration\n{ADDRESS}", Unknown.of(f"INFORM Configuration {ADDRESS}"), id="unknown"),
    ],
)
def test_ipv4(text: str, state: object) -> None:
    assert addressing.parse_ipv4(text) == state


@pytest.mark.parametrize(
    ("text", "state"),
    [
        ("IPv6: Automatic", {"method": "automatic"}),
        ("IPv6: Link Local", {"method": "link_local"}),
        ("IPv6: Link-local only", {"method": "link_local"}),
        ("IPv6: Off", {"method": "off"}),
        (
            "IPv6: Manual\nIPv6 IP address: fd00::5\nIPv6 Prefix Length: 64\nIPv6 Router: none",
            {"method": "manual", "address": "fd00::5", "prefix_length": 64, "router": None},
        ),
        ("IPv6: On", Unknown.of("IPv6: On")),
    ],
)
def test_ipv6(text: str, state: object) -> None:
    assert addressing.parse_ipv6(text) == state
