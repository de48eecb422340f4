# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.unit.plugins.harness import Call, call
from tests.unit.plugins.mac_network import BRIDGED, UNBRIDGED, dhcp, manual, no_dns, order, ports, proxy, setup

if TYPE_CHECKING:
    from collections.abc import Callable

FIXED = {"method": "manual", "address": "10.66.1.11", "netmask": "255.255.255.0", "router": "10.66.1.1"}
CABLE = {"method": "manual", "address": "10.66.64.1", "netmask": "255.255.255.252"}
IS_FIXED = ("10.66.1.11", "255.255.255.0", "10.66.1.1")
HEAD = [ports(), order(BRIDGED)]
WIREGUARD = [*UNBRIDGED, ("wg-home", "", True)]
GERMAN = [("Kabel im Büro (2)", "en0", True), ("WLAN", "en1", True)]
WITH_CABLE = [*UNBRIDGED, ("Thunderbolt 1", "en2", True)]


def services(**settings: Any) -> dict[str, Any]:
    return {"services": [{"device": "en0", **settings}]}


# (options, what is read before, what is written, what is read afterwards, (service, setting) that changed)
CASES = [
    pytest.param(
        services(ipv4=FIXED),
        [*HEAD, dhcp("Ethernet")],
        [setup("-setmanual", "Ethernet", "10.66.1.11", "255.255.255.0", "10.66.1.1")],
        [*HEAD, manual("Ethernet", *IS_FIXED)],
        [("Ethernet", "ipv4")],
        id="address",
    ),
    pytest.param(services(ipv4=FIXED), [*HEAD, manual("Ethernet", *IS_FIXED)], [], [], [], id="address-there"),
    pytest.param(
        services(ipv4=CABLE),
        [*HEAD, manual("Ethernet", *IS_FIXED)],
        [setup("-setmanual", "Ethernet", "10.66.64.1", "255.255.255.252")],
        [*HEAD, manual("Ethernet", "10.66.64.1", "255.255.255.252")],
        [("Ethernet", "ipv4")],
        id="address-without-router",
    ),
    pytest.param(
        services(ipv4={"method": "dhcp"}),
        [*HEAD, manual("Ethernet", *IS_FIXED)],
        [setup("-setdhcp", "Ethernet")],
        [*HEAD, dhcp("Ethernet")],
        [("Ethernet", "ipv4")],
        id="dhcp",
    ),
    pytest.param(
        services(ipv4={"method": "dhcp"}), [*HEAD, dhcp("Ethernet", None)], [], [], [], id="dhcp-without-lease"
    ),
    pytest.param(
        services(ipv4={"method": "off"}, ipv6="off"),
        [*HEAD, dhcp("Ethernet")],
        [setup("-setv4off", "Ethernet"), setup("-setv6off", "Ethernet")],
        [*HEAD, setup("-getinfo", "Ethernet", out="IPv6: Off\nEthernet Address: 1c:f6:4c:00:00:01\n")],
        [("Ethernet", "ipv4"), ("Ethernet", "ipv6")],
        id="no-addresses-read-by-one-call",
    ),
    pytest.param(
        {"services": [{"port": "Ethernet", "ipv6": "automatic"}]},
        [ports(), order(GERMAN), dhcp("Kabel im Büro (2)", ipv6="Off")],
        [setup("-setv6automatic", "Kabel im Büro (2)")],
        [ports(), order(GERMAN), dhcp("Kabel im Büro (2)")],
        [("Kabel im Büro (2)", "ipv6")],
        id="found-by-port-whatever-its-name",
    ),
    pytest.param(
        services(dns_servers=["10.66.1.10", "fd00::1"]),
        [*HEAD, no_dns("Ethernet")],
        [setup("-setdnsservers", "Ethernet", "10.66.1.10", "fd00::1")],
        [*HEAD, setup("-getdnsservers", "Ethernet", out="10.66.1.10\nfd00::1\n")],
        [("Ethernet", "dns_servers")],
        id="name-servers",
    ),
    pytest.param(services(dns_servers=[]), [*HEAD, no_dns("Ethernet")], [], [], [], id="no-name-servers-there"),
    pytest.param(
        services(dns_servers=[]),
        [*HEAD, setup("-getdnsservers", "Ethernet", out="9.9.9.9\n")],
        [setup("-setdnsservers", "Ethernet", "Empty")],
        [*HEAD, no_dns("Ethernet")],
        [("Ethernet", "dns_servers")],
        id="name-servers-cleared",
    ),
    pytest.param(
        services(search_domains=["olab"]),
        [*HEAD, setup("-getsearchdomains", "Ethernet", out="There aren't any Search Domains set on Ethernet.\n")],
        [setup("-setsearchdomains", "Ethernet", "olab")],
        [*HEAD, setup("-getsearchdomains", "Ethernet", out="olab\n")],
        [("Ethernet", "search_domains")],
        id="search-domains",
    ),
    pytest.param(
        services(web_proxy={"enabled": True, "server": "proxy.olab", "port": 3128}),
        [*HEAD, proxy("-getwebproxy", "Ethernet")],
        [setup("-setwebproxy", "Ethernet", "proxy.olab", "3128")],
        [*HEAD, proxy("-getwebproxy", "Ethernet", "proxy.olab", 3128, True)],
        [("Ethernet", "web_proxy")],
        id="proxy",
    ),
    pytest.param(
        services(secure_web_proxy={"enabled": False}),
        [*HEAD, proxy("-getsecurewebproxy", "Ethernet", "proxy.olab", 3128, True)],
        [
            setup("-setsecurewebproxy", "Ethernet", "proxy.olab", "3128"),
            setup("-setsecurewebproxystate", "Ethernet", "off"),
        ],
        [*HEAD, proxy("-getsecurewebproxy", "Ethernet", "proxy.olab", 3128)],
        [("Ethernet", "secure_web_proxy")],
        id="setting-a-proxy-enables-it-so-off-comes-last",
    ),
    pytest.param(
        services(web_proxy={"enabled": False}), [*HEAD, proxy("-getwebproxy", "Ethernet")], [], [], [], id="no-proxy"
    ),
    pytest.param(
        services(proxy_bypass_domains=["*.olab"]),
        [*HEAD, setup("-getproxybypassdomains", "Ethernet", out="*.local\n169.254/16\n")],
        [setup("-setproxybypassdomains", "Ethernet", "*.olab")],
        [*HEAD, setup("-getproxybypassdomains", "Ethernet", out="*.olab\n")],
        [("Ethernet", "proxy_bypass_domains")],
        id="proxy-bypass",
    ),
    pytest.param(
        services(auto_proxy_url="http://proxy.olab/wpad"),
        [*HEAD, setup("-getautoproxyurl", "Ethernet", out="URL: http://proxy.olab/wpad\nEnabled: No\n")],
        [setup("-setautoproxyurl", "Ethernet", "http://proxy.olab/wpad")],
        [*HEAD, setup("-getautoproxyurl", "Ethernet", out="URL: http://proxy.olab/wpad\nEnabled: Yes\n")],
        [("Ethernet", "auto_proxy_url")],
        id="proxy-script",
    ),
    pytest.param(
        services(auto_proxy_url=""),
        [*HEAD, setup("-getautoproxyurl", "Ethernet", out="URL: http://proxy.olab/wpad\nEnabled: Yes\n")],
        [
            setup("-setautoproxyurl", "Ethernet", "http://proxy.olab/wpad"),
            setup("-setautoproxystate", "Ethernet", "off"),
        ],
        [*HEAD, setup("-getautoproxyurl", "Ethernet", out="URL: http://proxy.olab/wpad\nEnabled: No\n")],
        [("Ethernet", "auto_proxy_url")],
        id="proxy-script-off",
    ),
    pytest.param(
        services(mtu=9000),
        [*HEAD, setup("-getMTU", "en0", out="Active MTU: 1500 (Current Setting: 1500)\n")],
        [setup("-setMTU", "en0", "9000")],
        [*HEAD, setup("-getMTU", "en0", out="Active MTU: 1500 (Current Setting: 9000)\n")],
        [("Ethernet", "mtu")],
        id="mtu-is-set-though-not-active-yet",
    ),
    pytest.param(
        services(enabled=False),
        HEAD,
        [setup("-setnetworkserviceenabled", "Ethernet", "off")],
        [ports(), order([("Ethernet", "en0", False), *BRIDGED[1:]])],
        [("Ethernet", "enabled")],
        id="switched-off",
    ),
    pytest.param(
        services(enabled=True, dns_servers=[]),
        [ports(), order([("Ethernet", "en0", False), *BRIDGED[1:]]), no_dns("Ethernet")],
        [setup("-setnetworkserviceenabled", "Ethernet", "on")],
        [*HEAD, no_dns("Ethernet")],
        [("Ethernet", "enabled")],
        id="the-star-is-no-part-of-the-name",
    ),
    pytest.param(
        {"services": [{"port": "Thunderbolt 1", "enabled": True, "ipv4": CABLE}]},
        [ports(), order(UNBRIDGED)],
        [
            setup("-createnetworkservice", "Thunderbolt 1", "Thunderbolt 1"),
            setup("-setmanual", "Thunderbolt 1", "10.66.64.1", "255.255.255.252"),
        ],
        [ports(), order(WITH_CABLE), manual("Thunderbolt 1", "10.66.64.1", "255.255.255.252")],
        [("Thunderbolt 1", "state"), ("Thunderbolt 1", "ipv4")],
        id="created",
    ),
    pytest.param(
        {"services": [{"device": "en2", "name": "To olab2", "ipv4": {"method": "dhcp"}}]},
        [ports(), order(UNBRIDGED)],
        [setup("-createnetworkservice", "To olab2", "Thunderbolt 1")],
        [ports(), order([*UNBRIDGED, ("To olab2", "en2", True)]), dhcp("To olab2", None)],
        [("To olab2", "state")],
        id="created-with-a-name",
    ),
    pytest.param(
        {"services": [{"port": "Thunderbolt 1", "name": "Other", "ipv4": CABLE}]},
        [ports(), order(WITH_CABLE), manual("Thunderbolt 1", "10.66.64.1", "255.255.255.252")],
        [],
        [],
        [],
        id="never-renamed",
    ),
    pytest.param(
        {"services": [{"port": "Thunderbolt 1", "state": "absent"}]},
        [ports(), order(WITH_CABLE)],
        [setup("-removenetworkservice", "Thunderbolt 1")],
        [ports(), order(UNBRIDGED)],
        [("Thunderbolt 1", "state")],
        id="removed",
    ),
    pytest.param(
        {"services": [{"port": "Thunderbolt 1", "state": "absent"}]},
        [ports(), order(UNBRIDGED)],
        [],
        [],
        [],
        id="removed-already",
    ),
    pytest.param(
        {"order": ["en1", "Ethernet"]},
        [ports(), order(WIREGUARD)],
        [setup("-ordernetworkservices", "Wi-Fi", "Ethernet", "wg-home")],
        [ports(), order([WIREGUARD[1], WIREGUARD[0], WIREGUARD[2]])],
        [("", "order")],
        id="order-with-a-vpn-that-has-no-device",
    ),
    pytest.param({"order": ["en0"]}, HEAD, [], [], [], id="order-there"),
    pytest.param(
        {"services": [{"port": "Thunderbolt 1"}], "order": ["Thunderbolt 1"]},
        [ports(), order(UNBRIDGED)],
        [
            setup("-createnetworkservice", "Thunderbolt 1", "Thunderbolt 1"),
            setup("-ordernetworkservices", "Thunderbolt 1", "Ethernet", "Wi-Fi"),
        ],
        [ports(), order([WITH_CABLE[2], *UNBRIDGED])],
        [("Thunderbolt 1", "state"), ("", "order")],
        id="created-and-put-first",
    ),
    pytest.param(
        services(enabled=False),
        HEAD,
        [
            setup(
                "-setnetworkserviceenabled",
                "Ethernet",
                "off",
                rc=7,
                out="Unable to commit changes to network database\n",
            ),
            setup("-setnetworkserviceenabled", "Ethernet", "off"),
        ],
        [ports(), order([("Ethernet", "en0", False), *BRIDGED[1:]])],
        [("Ethernet", "enabled")],
        id="locked-preferences-are-tried-again",
    ),
]


@pytest.mark.parametrize(("args", "reads", "writes", "reads_back", "changes"), CASES)
def test_changes(
    *,
    args: dict[str, Any],
    reads: list[Call],
    writes: list[Call],
    reads_back: list[Call],
    changes: list[tuple[str, str]],
    run_module: Callable[..., dict[str, Any]],
) -> None:
    predicted = run_module("macos_network", args, reads, check=True, diff=True)
    result = run_module("macos_network", args, [*reads, *writes, *reads_back], diff=True)
    for one in (predicted, result):
        assert one["changed"] is bool(changes)
        assert [(change["service"], change["setting"]) for change in one["changes"]] == changes
        assert (one["diff"]["before"] != one["diff"]["after"]) is bool(changes)
    assert predicted["diff"] == result["diff"]


NO_COMMIT = setup("-setdhcp", "Ethernet", rc=7, out="Unable to commit changes to network database\n")
FAILURES = [
    pytest.param(
        services(dns_servers=["10.66.1.10"]),
        [
            *HEAD,
            no_dns("Ethernet"),
            setup("-setdnsservers", "Ethernet", "10.66.1.10"),
            *HEAD,
            setup("-getdnsservers", "Ethernet", out="9.9.9.9\n"),
        ],
        "The setting dns_servers of the network service Ethernet was written but is ['9.9.9.9'] instead of"
        " ['10.66.1.10'].",
        id="read-back-mismatch",
    ),
    pytest.param(
        services(web_proxy={"enabled": False}),
        [
            *HEAD,
            proxy("-getwebproxy", "Ethernet", "a", 1, True),
            setup("-setwebproxy", "Ethernet", "a", "1"),
            setup("-setwebproxystate", "Ethernet", "off"),
            *HEAD,
            proxy("-getwebproxy", "Ethernet", "a", 1, True),
        ],
        "The setting web_proxy of the network service Ethernet was written but is"
        " {'enabled': True, 'server': 'a', 'port': 1} instead of {'enabled': False, 'server': 'a', 'port': 1}.",
        id="read-back-mismatch-proxy",
    ),
    pytest.param(
        {"order": ["en1"]},
        [*HEAD, setup("-ordernetworkservices", "Wi-Fi", "Ethernet", "Thunderbolt Bridge"), *HEAD],
        "The setting order of the network services was written but is ['Ethernet', 'Wi-Fi', 'Thunderbolt Bridge']"
        " instead of ['Wi-Fi', 'Ethernet', 'Thunderbolt Bridge'].",
        id="read-back-mismatch-order",
    ),
    pytest.param(
        services(ipv4={"method": "dhcp"}),
        [
            *HEAD,
            manual("Ethernet", *IS_FIXED),
            setup("-setdhcp", "Ethernet", rc=14, out="** Error: Command requires admin privileges.\n"),
        ],
        "`networksetup -setdhcp Ethernet` failed with status 14: ** Error: Command requires admin privileges.",
        id="not-privileged",
    ),
    pytest.param(
        services(ipv4={"method": "dhcp"}),
        [*HEAD, manual("Ethernet", *IS_FIXED), NO_COMMIT, NO_COMMIT, NO_COMMIT, NO_COMMIT],
        "`networksetup -setdhcp Ethernet` failed with status 7: Unable to commit changes to network database",
        id="preferences-stay-locked",
    ),
    pytest.param(
        services(ipv6="off"),
        [
            *HEAD,
            setup(
                "-getinfo",
                "Ethernet",
                out="Ethernet is not a recognized network service.\n** Error: The parameters were not valid.\n",
            ),
        ],
        "`networksetup -getinfo Ethernet` failed with status 0: Ethernet is not a recognized network service."
        " ** Error: The parameters were not valid.",
        id="an-error-with-status-0",
    ),
    pytest.param(
        {"services": [{"port": "Thunderbolt 5", "ipv6": "off"}]},
        HEAD,
        "This host has no hardware port Thunderbolt 5: it has Ethernet (en0), Wi-Fi (en1),"
        " Thunderbolt Bridge (bridge0), Thunderbolt 1 (en2), Thunderbolt 2 (en3).",
        id="no-such-port",
    ),
    pytest.param(
        {"services": [{"port": "Thunderbolt 1"}], "cabled_ports": ["Thunderbolt 1", "Thunderbolt 4"]},
        HEAD[:1],
        "This host has no hardware port Thunderbolt 4 to put a cable in: it has Ethernet, Wi-Fi, Thunderbolt Bridge,"
        " Thunderbolt 1, Thunderbolt 2. Correct thunderbolt_links.",
        id="a-cable-in-no-port",
    ),
    pytest.param(
        {"services": [{"port": "Thunderbolt 1", "mtu": 9000}]},
        [ports(), order(WITH_CABLE), setup("-getMTU", "en2", out="Active MTU: 1500 (Current Setting: 1500)\n")],
        "An MTU of 9000 on Thunderbolt 1 is refused: jumbo frames are not reliable over Thunderbolt; the largest"
        " is 1500.",
        id="jumbo-frames",
    ),
    pytest.param(
        services(mtu=576), [], "An MTU of 576 on en0 is refused: macOS allows no less than 1280.", id="small-mtu"
    ),
    pytest.param(
        {"services": [{"port": "Thunderbolt 1", "name": "Ethernet"}]},
        HEAD,
        "Thunderbolt 1 has no network service, and another port has one called Ethernet: choose another name.",
        id="name-is-taken",
    ),
    pytest.param(
        services(ipv4={**FIXED, "netmask": "255.0.255.0"}),
        [],
        "10.66.1.11 with the netmask 255.0.255.0 is not a valid IPv4 address for en0: "
        "'255.0.255.0' is not a valid netmask.",
        id="netmask",
    ),
    pytest.param(
        services(ipv4={**FIXED, "router": "10.66.2.1"}),
        [],
        "The router 10.66.2.1 of en0 is not in the network 10.66.1.0/24 of its address.",
        id="router",
    ),
    pytest.param(
        services(dns_servers=["dns.olab"]),
        [],
        "dns.olab is not a valid address of a name server for en0: write an IPv4 or IPv6 address.",
        id="name-server",
    ),
    pytest.param(
        services(web_proxy={"enabled": True, "server": "proxy.olab"}),
        [],
        "The web_proxy of en0 is to be enabled: give its server and its port.",
        id="proxy-without-port",
    ),
    pytest.param(
        {"services": [{"device": "en0"}, {"device": "en0"}]},
        [],
        "en0 is listed twice under services: put its settings into one entry.",
        id="listed-twice",
    ),
    pytest.param(
        services(ipv6="off"),
        [call(["/usr/sbin/networksetup", "-listallhardwareports"], hangs=True)],
        "`/usr/sbin/networksetup -listallhardwareports` did not finish within 60 seconds and was ended.",
        id="hangs",
    ),
]


@pytest.mark.parametrize(("args", "calls", "message"), FAILURES)
def test_failures(
    args: dict[str, Any], calls: list[Call], message: str, run_module: Callable[..., dict[str, Any]]
) -> None:
    result = run_module("macos_network", args, calls)
    assert (result.get("failed"), result["msg"]) == (True, message)


def test_needs_root(run_module: Callable[..., dict[str, Any]]) -> None:
    result = run_module("macos_network", {}, uid=501)
    assert result["msg"] == "Managing the network needs root: set become to true for this task."
