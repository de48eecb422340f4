# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The connection that Ansible came by, on scratch Macs at a cable, at Wi-Fi and at a Thunderbolt port: it stays."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from .kernel import Kernel
from .test_modules_meet_tools import apply, bare

__all__ = ["apply", "bare"]

ROLES = Path(__file__).parents[4] / "roles"
LEASE = {"address": "10.66.1.11", "netmask": "255.255.255.0", "router": "10.66.1.1", "dns": ["10.66.1.1"]}
HERE = {"connection_address": "10.66.1.11"}
SERVERS = {"services": [{"device": "auto", "dns_servers": ["10.66.1.10"]}]}
PROXY = {"enabled": True, "server": "127.0.0.1", "port": 3128}


def start(bare, monkeypatch, leases, *cabled: str, ethernet: bool = False) -> Kernel:
    """A Mac with these leases, just started."""
    bare.host(dhcp=leases)
    kernel = Kernel(*cabled, ethernet=ethernet)
    monkeypatch.setattr(bare, "_hidden", kernel.run)
    bare.run("networksetup", "-detectnewhardware")
    return kernel


@pytest.fixture
def on_wifi(bare, monkeypatch):
    """A Mac whose only address is Wi-Fi's."""
    start(bare, monkeypatch, {"en1": LEASE}, "en1")
    return bare


@pytest.fixture
def on_both(bare, monkeypatch):
    """A Mac at a cable, with Wi-Fi beside it."""
    start(bare, monkeypatch, {"en0": LEASE, "en1": {**LEASE, "address": "10.66.9.9"}}, "en1", ethernet=True)
    return bare


def dns(bare, service: str) -> str:
    return bare.run("networksetup", "-getdnsservers", service).out


def test_wifi_that_carries_the_connection_stays_on(on_wifi, apply) -> None:
    for check in (True, False):
        result = apply("macos_headless", {"wifi": False, **HERE}, check=check)
        assert result["failed"]
        assert result["msg"] == (
            "Wi-Fi stays on, because the connection to 10.66.1.11 runs over en1: reach this Mac over a cable first, "
            "with its address there as ansible_host, or leave Wi-Fi alone."
        )
    assert on_wifi.run("networksetup", "-getairportpower", "en1").out == "Wi-Fi Power (en1): On\n"


@pytest.mark.parametrize(
    ("address", "session"),
    [
        pytest.param("192.0.2.7", "", id="an address that a router translates"),
        pytest.param("100.64.0.7", "", id="an address of a tunnel"),
        pytest.param(None, "10.66.1.1 50000 10.66.1.11 22", id="the session's"),
        pytest.param("192.0.2.7", "10.66.1.1 50000 10.66.1.11 22", id="the session's under another name"),
        pytest.param(None, "", id="unknown, and nothing else has an address"),
    ],
)
def test_it_stays_on_by_whatever_address(on_wifi, apply, monkeypatch, address, session) -> None:
    monkeypatch.setenv("SSH_CONNECTION", session)
    given = {"connection_address": address} if address else {}
    result = apply("macos_headless", {"wifi": False, **given})
    assert on_wifi.run("networksetup", "-getairportpower", "en1").out == "Wi-Fi Power (en1): On\n"
    assert result["msg"].startswith("Wi-Fi stays on, because ")


def test_headless_changes_nothing_then(on_wifi, apply) -> None:
    args = {"name": "olab1", "wifi": False, "restart_on_freeze": True, **HERE}
    assert apply("macos_headless", args)["failed"]
    assert on_wifi.run("scutil", "--get", "ComputerName").out != "olab1\n"


def test_wifi_beside_the_cable_goes(on_both, apply) -> None:
    assert apply("macos_headless", {"wifi": False, **HERE})["changed"]
    assert apply("macos_headless", {"wifi": False, **HERE}).get("failed") is None


def test_wifi_that_is_off_needs_no_connection(on_both, apply) -> None:
    on_both.run("networksetup", "-setairportpower", "en1", "off")
    assert not apply("macos_headless", {"wifi": False})["changed"]


def test_name_servers_go_where_the_connection_is(on_wifi, apply) -> None:
    assert apply("macos_network", {**SERVERS, **HERE}, check=True)["changed"]
    assert apply("macos_network", {**SERVERS, **HERE})["changed"]
    assert not apply("macos_network", {**SERVERS, **HERE})["changed"]
    assert dns(on_wifi, "Wi-Fi") == "10.66.1.10\n"
    assert dns(on_wifi, "Ethernet").startswith("There aren't any")


@pytest.mark.parametrize(
    ("role", "wanted", "verb", "shown"),
    [
        ("dns_client", {"dns_servers": ["10.66.1.10"]}, "-getdnsservers", "10.66.1.10\n"),
        ("proxy_client", {"web_proxy": PROXY}, "-getwebproxy", "Enabled: Yes\nServer: 127.0.0.1\n"),
    ],
)
def test_the_roles_ask_for_the_port_of_the_connection(*, on_wifi, apply, role, wanted, verb, shown) -> None:
    defaults = yaml.safe_load((ROLES / role / "defaults/main.yml").read_text(encoding="utf-8"))
    apply("macos_network", {"services": [{"device": defaults[f"{role}_macos_device"], **wanted}], **HERE})
    assert on_wifi.run("networksetup", verb, "Wi-Fi").out.startswith(shown)


def test_also_beside_another_port(on_both, apply) -> None:
    args = {"services": [{"device": "auto", "web_proxy": PROXY}], "connection_address": "10.66.9.9"}
    assert apply("macos_network", args)["changes"][0]["service"] == "Wi-Fi"


def test_of_two_services_the_one_whose_address_it_is(on_both, apply) -> None:
    for words in (
        ("-createnetworkservice", "Second", "en0"),
        ("-setmanual", "Second", "10.66.1.12", "255.255.255.0"),
        ("-createnetworkservice", "Third", "en0"),
        ("-setnetworkserviceenabled", "Third", "off"),
        ("-ordernetworkservices", "Third", "Ethernet", "Second", "Wi-Fi", "Thunderbolt Bridge"),
    ):
        assert on_both.run("networksetup", *words).rc == 0
    second = apply("macos_network", {**SERVERS, "connection_address": "10.66.1.12"}, check=True)
    first = apply("macos_network", {**SERVERS, **HERE}, check=True)
    assert [one["changes"][0]["service"] for one in (first, second)] == ["Ethernet", "Second"]


def test_a_connection_that_nothing_carries(bare, apply, monkeypatch) -> None:
    start(bare, monkeypatch, {})
    result = apply("macos_network", {**SERVERS, **HERE})
    assert result["msg"] == (
        "Which network service carries the connection to 10.66.1.11 cannot be told from its addresses and its default "
        "route: write the device, such as en0, instead of auto."
    )


def test_auto_beside_its_own_device(on_wifi, apply) -> None:
    args = {"services": [*SERVERS["services"], {"device": "en1", "ipv6": "off"}], **HERE}
    assert apply("macos_network", args)["msg"] == (
        "en1 carries the connection and is listed beside auto: write it once."
    )


CUTS = [
    pytest.param({"services": [{"device": "en1", "ipv4": {"method": "off"}}]}, "ipv4", id="no IPv4"),
    pytest.param(
        {
            "services": [
                {"device": "en1", "ipv4": {"method": "manual", "address": "10.66.1.99", "netmask": "255.255.255.0"}}
            ]
        },
        "ipv4",
        id="another address",
    ),
    pytest.param({"services": [{"device": "en1", "enabled": False}]}, "enabled", id="switched off"),
]


@pytest.mark.parametrize(("args", "setting"), CUTS)
def test_what_cuts_the_connection_is_refused_without_an_undo(on_wifi, apply, args, setting) -> None:
    before = on_wifi.run("networksetup", "-getinfo", "Wi-Fi").out
    result = apply("macos_network", {**args, **HERE})
    assert result["msg"] == (
        f"The setting {setting} of the network service Wi-Fi stays as it is, because the service carries the "
        "connection to 10.66.1.11: give undo_after, so that it is taken back unless it is confirmed."
    )
    assert on_wifi.run("networksetup", "-getinfo", "Wi-Fi").out == before


def test_ipv6_off_cuts_a_connection_over_ipv6_only(on_wifi, apply) -> None:
    on_wifi.run("networksetup", "-setv6manual", "Wi-Fi", "fd00::11", "64")
    args = {"services": [{"device": "en1", "ipv6": "off"}]}
    assert apply("macos_network", {**args, "connection_address": "FD00:0::11"})["failed"]
    assert apply("macos_network", {**args, **HERE})["changed"]


def test_a_switch_of_the_location_is_refused_without_an_undo(on_wifi, apply) -> None:
    result = apply("macos_network", {"location": "lab", **HERE})
    assert result["msg"] == (
        "The network location stays as it is, because every address may change with it, also 10.66.1.11, which carries "
        "the connection: give undo_after, so that it is taken back unless it is confirmed."
    )
    assert on_wifi.run("networksetup", "-getcurrentlocation").out == "Automatic\n"


@pytest.mark.parametrize("more", [{}, {"undo_after": 90}], ids=["alone", "with an undo"])
def test_a_bridge_that_carries_the_connection_stays(bare, apply, monkeypatch, more) -> None:
    start(bare, monkeypatch, {"bridge0": LEASE}, "en2")
    result = apply("macos_network", {"bridge": {"state": "absent"}, **HERE, **more})
    assert result["msg"] == (
        "The bridge bridge0 stays as it is, because the connection to 10.66.1.11 runs over it or over one of its "
        "ports, and it could not be brought back: reach this host over another port, with its address as ansible_host."
    )
    assert bare.run("ifconfig", "bridge0").rc == 0


def test_a_port_that_carries_the_connection_goes_into_no_bridge(bare, apply, monkeypatch) -> None:
    start(bare, monkeypatch, {"en0": {**LEASE, "address": "10.66.1.12"}}, "en2", ethernet=True)
    cable = {"method": "manual", "address": "10.66.1.11", "netmask": "255.255.255.252"}
    port = {"port": "Thunderbolt 1", "enabled": True, "ipv4": cable}
    assert apply("macos_network", {"bridge": {"state": "absent"}, "services": [port]})["changed"]
    assert apply("macos_network", {"bridge": {"state": "present"}, **HERE})["failed"]
    assert apply("macos_network", {"bridge": {"state": "present"}, "connection_address": "10.66.1.12"})["changed"]
