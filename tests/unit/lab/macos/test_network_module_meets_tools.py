# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The network modules on a scratch Mac whose kernel remembers: predicted, made, found made."""

from __future__ import annotations

import threading

import pytest
from ansible_collections.hybrid_ai.cluster.plugins.module_utils import _wait

from lab.macos.simulator.network import preferences as stored
from tests.unit.plugins.harness import Clock

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


LOGIN = ("UserEventAgent",)
LOCATION = ("networksetup", "-createlocation", "populated", "populate")


def bridges(mac) -> dict:
    return stored.load(mac.context("networksetup")).bridges()


def services(mac) -> dict[str, bool]:
    there = stored.load(mac.context("networksetup")).current.services()
    return {service.name: service.enabled for service in there}


@pytest.mark.parametrize("occasion", [LOGIN, ("networksetup", "-detectnewhardware")], ids=["login", "hardware"])
def test_ports_that_nobody_serves_come_back_as_a_bridge(kernel, bare, occasion) -> None:
    with stored.Edit(bare.context("configd")) as preferences:
        preferences.bridges().pop("bridge0")
    bare.run(*occasion)
    assert bridges(bare)["bridge0"]["Interfaces"] == ["en2", "en3", "en4"]


def test_no_bridge_comes_back_when_somebody_logs_in(kernel, apply, bare) -> None:
    args = {"bridge": NO_BRIDGE, "services": [CABLE]}
    assert apply("macos_network", args)["changed"]
    assert {name: on for name, on in services(bare).items() if "Thunderbolt" in name} == {
        "Thunderbolt Bridge": False,
        "Thunderbolt 2": False,
        "Thunderbolt 3": False,
    }
    bare.run(*LOGIN)
    assert bridges(bare) == {}
    assert not apply("macos_network", args)["changed"]


def test_a_new_location_brings_the_bridge_and_the_next_run_ends_it(kernel, apply, bare) -> None:
    """Services of other locations do not protect a port there."""
    args = {"bridge": NO_BRIDGE, "services": [CABLE]}
    apply("macos_network", args)
    bare.run(*LOCATION)
    assert list(bridges(bare)) == ["bridge0"]
    assert apply("macos_network", args)["changed"]
    assert bridges(bare) == {}


def test_two_services_of_a_cabled_port(kernel, apply, bare) -> None:
    args = {"bridge": NO_BRIDGE, "services": [{**CABLE, "enabled": True}]}
    apply("macos_network", args)
    bare.run("networksetup", "-createnetworkservice", "Old cable", "Thunderbolt 1")
    made = apply("macos_network", args)
    assert [change["service"] for change in made["changes"]] == ["Old cable"]
    assert services(bare)["Old cable"] is False
    assert not apply("macos_network", args)["changed"]


def test_the_simulator_waits_for_who_holds_the_preferences(kernel, bare) -> None:
    """One that writes them by itself, as exo's helper or our module, is not overwritten."""
    lock = stored.FileLock(str(bare.path(stored.FILE)) + "-lock")
    order = []
    with lock:
        writer = threading.Thread(
            target=lambda: (bare.run("networksetup", "-setdhcp", "Ethernet"), order.append("configd"))
        )
        writer.start()
        writer.join(0.3)
        order.append("module")
    writer.join(20)
    assert order == ["module", "configd"]
    assert not bare.path(f"{stored.FILE}-lock").exists()


@pytest.mark.usefixtures("kernel")
@pytest.mark.parametrize(("lag", "seen"), [(0, True), (1, True), (4, True), (60, False)])
def test_what_configd_applies_later_is_waited_for(apply, bare, monkeypatch, lag, seen) -> None:
    """Stored values are read back at once; what ifconfig says is not judged at the first look."""
    clock = Clock()
    monkeypatch.setattr(_wait, "now", clock.now)
    monkeypatch.setattr(_wait, "sleep", clock.sleep)
    with bare.state.edit("configd") as data:
        data["lag"] = lag
    made = apply("macos_network", {"services": [{"device": "en0", "ipv4": ETHERNET["ipv4"]}]})
    assert (made.get("failed"), made["changed"]) == (None, True), made
    check = {"check": "addresses", "device": "en0", "address": "10.66.1.51", "method": "manual"}
    [line] = apply("node_report", {"checks": [check]})["lines"]
    assert line["ok"] is seen, line
