# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What networksetup says and nobody knows: no change, and never the ground of an undo."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.unit.plugins.mac_network import UNBRIDGED, addresses, order, ports, setup

if TYPE_CHECKING:
    from collections.abc import Callable

FIXED = {"method": "manual", "address": "10.66.1.11", "netmask": "255.255.255.0"}
PROXY = {"enabled": True, "server": "127.0.0.1", "port": 3128}
HEAD = [ports(), order(UNBRIDGED)]
TAIL = "IPv6: Automatic\nIPv6 IP address: none\nIPv6 Router: none\nEthernet Address: 1c:f6:4c:00:00:01\n"
ADDRESS = "IP address: 192.0.2.20\nSubnet mask: 255.255.255.0\nRouter: 192.0.2.1\n"

# (what is wanted, what the verb for it prints)
CASES = [
    pytest.param({"ipv4": FIXED}, f"PPP Configuration\n{TAIL}", id="a method of another age"),
    pytest.param({"ipv4": {"method": "dhcp"}}, f"Manually using DHCP Router\n{ADDRESS}{TAIL}", id="nearly a head"),
    pytest.param({"ipv4": {"method": "dhcp"}}, f"DHCP-Konfiguration\n{ADDRESS}{TAIL}", id="translated"),
    pytest.param({"ipv4": FIXED}, f"{ADDRESS}{TAIL}", id="an address without a head"),
    pytest.param({"ipv4": FIXED}, f"Manual Configuration\n{TAIL}", id="manual without an address"),
    pytest.param(
        {"ipv4": FIXED}, f"Manual Configuration\nIP address: none\nSubnet mask: none\n{TAIL}", id="manual with none"
    ),
    pytest.param(
        {"ipv4": FIXED},
        f"Manual Configuration\n{ADDRESS}IP address: 192.0.2.21\n{TAIL}",
        id="two addresses",
    ),
    pytest.param(
        {"ipv4": FIXED},
        f"Manual Configuration\nIP address: 192.0.2.20\nSubnet mask: 255.255.255.0\nRouter: fritz.box\n{TAIL}",
        id="a router that is not an address",
    ),
    pytest.param({"ipv4": FIXED}, f"DHCP Configuration (pending)\n{TAIL}", id="more behind the head"),
    pytest.param({"ipv4": FIXED}, f"DHCP Configuration\nThe lease has expired.\n{TAIL}", id="a line below the head"),
    pytest.param({"ipv4": FIXED}, "", id="nothing"),
    pytest.param({"ipv4": FIXED}, "The service is busy.\n", id="a sentence"),
    pytest.param({"ipv6": "off"}, f"DHCP Configuration\n{ADDRESS}Client ID: \n", id="no word about IPv6"),
    pytest.param({"ipv6": "off"}, f"DHCP Configuration\n{TAIL.replace('Automatic', '6to4')}", id="6to4"),
    pytest.param(
        {"ipv6": "automatic"},
        "DHCP Configuration\nIPv6: Manual\nIPv6 IP address: fd00::5\nIPv6 Router: fd00::1\n",
        id="manual IPv6 without the length of its prefix",
    ),
    pytest.param(
        {"ipv6": "automatic"},
        "DHCP Configuration\nIPv6: Manual\nIPv6 IP address: fd00::5, fd00::6\nIPv6 Prefix Length: 64\n",
        id="two IPv6 addresses",
    ),
    pytest.param(
        {"dns_servers": ["10.66.1.10"]}, "Auf Ethernet sind keine DNS-Server festgelegt.\n", id="translated DNS"
    ),
    pytest.param({"dns_servers": []}, "Ethernet is not a recognized network service.\n", id="an error with status 0"),
    pytest.param({"dns_servers": []}, "", id="no word about DNS"),
    pytest.param({"dns_servers": []}, "9.9.9.9\nand two more\n", id="servers and words"),
    pytest.param(
        {"dns_servers": ["10.66.1.10"]},
        "There aren't any DNS Servers set on Ethernet.\n9.9.9.9\n",
        id="none, and one",
    ),
    pytest.param({"search_domains": ["olab"]}, "The search domains are managed.\n", id="domains"),
    pytest.param({"proxy_bypass_domains": ["*.olab"]}, "(null) entries\n", id="bypass"),
    pytest.param({"web_proxy": PROXY}, "", id="no word about the proxy"),
    pytest.param({"web_proxy": PROXY}, "Enabled: Ja\nServer: \nPort: 0\n", id="a translated yes"),
    pytest.param(
        {"secure_web_proxy": PROXY}, "Enabled: Yes\nServer: a\nPort: http\n", id="a port that is not a number"
    ),
    pytest.param(
        {"web_proxy": PROXY},
        "Enabled: Yes\nServer: a\nPort: 1\nAuthenticated Proxy Enabled: maybe\n",
        id="perhaps with a password",
    ),
    pytest.param({"auto_proxy_url": "http://a/b"}, "URL: http://c/d\n", id="a script that is neither on nor off"),
    pytest.param({"mtu": 1400}, "Active MTU: 1500\n", id="no setting of the MTU"),
]
VERBS = {
    "ipv4": "-getinfo",
    "ipv6": "-getinfo",
    "dns_servers": "-getdnsservers",
    "search_domains": "-getsearchdomains",
    "proxy_bypass_domains": "-getproxybypassdomains",
    "web_proxy": "-getwebproxy",
    "secure_web_proxy": "-getsecurewebproxy",
    "auto_proxy_url": "-getautoproxyurl",
    "mtu": "-getMTU",
}


@pytest.mark.parametrize("more", [{}, {"undo_after": 90}], ids=["alone", "with an undo"])
@pytest.mark.parametrize(("wanted", "text"), CASES)
def test_it_stays_as_it_is(
    run_module: Callable[..., dict[str, Any]], wanted: dict[str, Any], text: str, more: dict[str, Any]
) -> None:
    key = next(iter(wanted))
    calls = [*HEAD, setup(VERBS[key], "en0" if key == "mtu" else "Ethernet", out=text)]
    for check in (True, False):
        result = run_module("macos_network", {"services": [{"device": "en0", **wanted}], **more}, calls, check=check)
        assert result["failed"]
        assert result["msg"].startswith(
            f"The setting {key} of the network service Ethernet stays as it is, because it could not be brought back "
            f"exactly: `networksetup {VERBS[key]}` says "
        ), result["msg"]
        assert " ".join(text.split())[:150] in result["msg"]


def test_a_proxy_with_a_password_stays(run_module: Callable[..., dict[str, Any]]) -> None:
    text = "Enabled: Yes\nServer: proxy.example\nPort: 8080\nAuthenticated Proxy Enabled: 1\n"
    args = {"services": [{"device": "en0", "web_proxy": PROXY}]}
    result = run_module("macos_network", args, [*HEAD, setup("-getwebproxy", "Ethernet", out=text)])
    assert result["msg"] == (
        "The setting web_proxy of the network service Ethernet stays as it is, because it could not be brought back "
        "exactly: the proxy that is set has a user and a password, which networksetup does not tell. Change it in "
        "System Settings > Network, then repeat this run."
    )


def test_what_cannot_be_read_back_was_written_in_vain(run_module: Callable[..., dict[str, Any]]) -> None:
    calls = [
        *HEAD,
        setup("-getinfo", "Ethernet", out=f"DHCP Configuration\nClient ID: \n{TAIL}"),
        setup("-setv6off", "Ethernet"),
        *HEAD,
        setup("-getinfo", "Ethernet", out="The service is busy.\n"),
    ]
    result = run_module("macos_network", {"services": [{"device": "en0", "ipv6": "off"}]}, calls)
    assert result["msg"] == (
        'The setting ipv6 of the network service Ethernet was written but is unknown ("The service is busy.") instead '
        "of {'method': 'off'}."
    )


@pytest.mark.parametrize(
    ("verb", "text", "what"),
    [
        pytest.param("-listallhardwareports", "", "which hardware ports there are", id="ports"),
        pytest.param("-listnetworkserviceorder", "No services.\n", "which network services there are", id="services"),
        pytest.param(
            "-listnetworkserviceorder",
            "(1) Ethernet\n(Hardware Port: Ethernet, Device: en0)\n\n(2) Wi-Fi\n(Anschluss: WLAN, Gerät: en1)\n",
            "which network services there are",
            id="one service of two",
        ),
    ],
)
def test_a_list_that_nobody_knows_is_no_list(
    run_module: Callable[..., dict[str, Any]], verb: str, text: str, what: str
) -> None:
    calls = [*HEAD[: 0 if "hardware" in verb else 1], setup(verb, out=text)]
    result = run_module("macos_network", {"services": [{"device": "en0", "ipv6": "off"}]}, calls)
    assert result["msg"].endswith(f"so {what} is unknown."), result["msg"]


def test_a_location_without_services_is_known(run_module: Callable[..., dict[str, Any]]) -> None:
    args = {"services": [{"device": "en0", "ipv6": "automatic"}]}
    result = run_module("macos_network", args, [ports(), order([])], check=True)
    assert [(change["service"], change["setting"]) for change in result["changes"]] == [("Ethernet", "state")]


def test_no_word_about_ipv4_beside_an_address_is_not_off(run_module: Callable[..., dict[str, Any]]) -> None:
    args = {"services": [{"device": "en0", "ipv4": FIXED}], "undo_after": 90, "connection_address": "10.66.1.77"}
    calls = [*HEAD, setup("-getinfo", "Ethernet", out=TAIL), addresses(en0="10.66.1.77")]
    result = run_module("macos_network", args, calls)
    assert result["msg"] == (
        "The setting ipv4 of the network service Ethernet stays as it is, because it could not be brought back: "
        "`networksetup -getinfo` says nothing of IPv4, and en0 has the address 10.66.1.77."
    )


def test_a_location_that_is_in_no_list(run_module: Callable[..., dict[str, Any]]) -> None:
    calls = [setup("-listlocations", out="Automatic\n"), setup("-getcurrentlocation", out="(null)\n")]
    result = run_module("macos_network", {"location_absent": "exo", "undo_after": 90}, calls)
    assert result["msg"] == ('networksetup says "Automatic; (null)", so which network location is in use is unknown.')
