# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The network modules on a scratch Mac whose kernel remembers: predicted, made, found made."""

from __future__ import annotations

import pytest

from .kernel import Kernel
from .test_modules_meet_tools import apply, bare

__all__ = ["apply", "bare"]

ETHERNET = {
    "device": "en0",
    "ipv4": {"method": "manual", "address": "10.66.1.51", "netmask": "255.255.255.0", "router": "10.66.1.1"},
    "ipv6": "off",
    "dns_servers": ["10.66.1.10", "9.9.9.9"],
    "search_domains": ["olab"],
    "web_proxy": {"enabled": False, "server": "10.66.1.10", "port": 3128},
    "secure_web_proxy": {"enabled": True, "server": "10.66.1.10", "port": 3128},
    "proxy_bypass_domains": ["*.local", "10.66.0.0/16"],
    "auto_proxy_url": "http://10.66.1.10/proxy.pac",
    "mtu": 1400,
}
CABLE = {
    "port": "Thunderbolt 1",
    "name": "olab2",
    "ipv4": {"method": "manual", "address": "10.66.64.1", "netmask": "255.255.255.252"},
}
NO_BRIDGE = {"device": "bridge0", "state": "absent"}
CASES = [
    pytest.param({"services": [ETHERNET]}, id="everything of a service"),
    pytest.param({"services": [{"device": "bridge0", "enabled": False}]}, id="the bridge's service off"),
    pytest.param({"services": [{"device": "en1", "ipv4": {"method": "off"}}]}, id="IPv4 off"),
    pytest.param({"bridge": NO_BRIDGE}, id="no bridge"),
    pytest.param({"bridge": NO_BRIDGE, "services": [CABLE]}, id="a service for a cable"),
    pytest.param({"location": "lab"}, id="another location"),
]


@pytest.fixture
def kernel(bare, monkeypatch) -> Kernel:
    """Interfaces that remember, brought up as at the Mac's start."""
    kernel = Kernel("en2")
    monkeypatch.setattr(bare, "_hidden", kernel.run)
    bare.run("networksetup", "-detectnewhardware")
    return kernel


@pytest.mark.parametrize("args", CASES)
def test_predicted_made_and_found_made(kernel, apply, args) -> None:
    predicted = apply("macos_network", args, check=True)
    assert (predicted.get("failed"), predicted["changed"]) == (None, True), predicted
    made = apply("macos_network", args)
    assert (made.get("failed"), made["changed"]) == (None, True), made
    again = apply("macos_network", args)
    assert (again.get("failed"), again["changed"]) == (None, False), again


def test_an_address_per_cable_is_real(kernel, apply) -> None:
    assert kernel.addresses("bridge0")[0].startswith("169.254.")
    apply("macos_network", {"bridge": NO_BRIDGE, "services": [CABLE]})
    assert kernel.addresses("en2") == ["10.66.64.1/30"]


def test_a_jumbo_frame_is_refused(kernel, apply) -> None:
    result = apply("macos_network", {"services": [{"device": "en0", "mtu": 9000}]})
    assert result["failed"]


def test_thunderbolt_ports(bare, kernel, apply) -> None:
    bare.cables(
        r1={
            "host": "olab2",
            "receptacle": 2,
            "model": "Mac16,11",
            "domain_uuid": f"{'0' * 8}-0000-0000-0000-{'0' * 11}A",
        }
    )
    ports = apply("macos_thunderbolt_info", {})["ports"]
    assert [(port["device"], port["connected"], port["speed_gigabits"]) for port in ports] == [
        ("en2", True, 40),
        ("en3", False, None),
        ("en4", False, None),
    ]
    assert (ports[0]["peer_model"], ports[0]["peer_domain_uuid"][-1]) == ("Mac16,11", "B")


def test_wifi(kernel, apply) -> None:
    assert apply("macos_headless", {"wifi": False})["changed"]
    assert not apply("macos_headless", {"wifi": False})["changed"]
