# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""``networksetup``: section 1 of the collected outputs."""

from __future__ import annotations

import plistlib

import pytest

from .links import SHOW, as_text, new_mac

NOTE = "An asterisk (*) denotes that a network service is disabled.\n"
ORDER = (
    NOTE
    + """\
(1) Ethernet
(Hardware Port: Ethernet, Device: en0)

(*) Thunderbolt Bridge
(Hardware Port: Thunderbolt Bridge, Device: bridge0)

(2) Wi-Fi
(Hardware Port: Wi-Fi, Device: en1)

"""
)
PORTS = """
Hardware Port: Ethernet
Device: en0
Ethernet Address: 1c:f6:4c:00:00:01

Hardware Port: Ethernet Adapter (en5)
Device: en5
Ethernet Address: 36:e3:5e:f0:6d:c0

Hardware Port: Ethernet Adapter (en6)
Device: en6
Ethernet Address: 36:e3:5e:f0:6d:c1

Hardware Port: Thunderbolt Bridge
Device: bridge0
Ethernet Address: 36:e3:5e:f0:6d:80

Hardware Port: Wi-Fi
Device: en1
Ethernet Address: 1c:f6:4c:00:00:02

Hardware Port: Thunderbolt 1
Device: en2
Ethernet Address: 36:e3:5e:f0:6d:80

Hardware Port: Thunderbolt 2
Device: en3
Ethernet Address: 36:e3:5e:f0:6d:84

Hardware Port: Thunderbolt 3
Device: en4
Ethernet Address: 36:e3:5e:f0:6d:88

VLAN Configurations
===================
"""
LEASED = """\
DHCP Configuration
IP address: 10.66.1.11
Subnet mask: 255.255.255.0
Router: 10.66.1.1
Client ID:\x20
IPv6: Automatic
IPv6 IP address: none
IPv6 Router: none
Ethernet Address: 1c:f6:4c:00:00:01
"""
WAITING = """\
DHCP Configuration
Client ID:\x20
IPv6: Automatic
IPv6 IP address: none
IPv6 Router: none
Wi-Fi ID: 1c:f6:4c:00:00:02
"""
MANUAL = """\
Manual Configuration
IP address: 10.0.0.2
Subnet mask: 255.255.255.0
Router: {router}
IPv6: Off
Ethernet Address: 1c:f6:4c:00:00:01
"""
UNKNOWN = "Foo is not a recognized network service.\n** Error: The parameters were not valid.\n"
NOT_ADMIN = "** Error: Command requires admin privileges.\n"
NO_BRIDGE = "/Library/Preferences/SystemConfiguration/preferences.plist"


@pytest.fixture
def network(mac):
    """A Mac whose interfaces are those after its first start."""
    mac.answer(*SHOW, out=as_text(new_mac()))
    return mac


def run(network, *argv: str, **options) -> str:
    """Run a verb that must succeed."""
    result = network.run("networksetup", *argv, **options)
    assert (result.rc, result.err) == (0, "")
    return result.out


@pytest.mark.parametrize(
    ("steps", "argv", "expected"),
    [
        pytest.param(
            [["-setnetworkserviceenabled", "Thunderbolt Bridge", "off"]],
            ["-listallnetworkservices"],
            NOTE + "Ethernet\n*Thunderbolt Bridge\nWi-Fi\n",
            id="services",
        ),
        pytest.param(
            [["-setnetworkserviceenabled", "Thunderbolt Bridge", "off"]],
            ["-listnetworkserviceorder"],
            ORDER,
            id="order",
        ),
        pytest.param(
            [["-ordernetworkservices", "Wi-Fi", "Thunderbolt Bridge", "Ethernet"]],
            ["-listallnetworkservices"],
            NOTE + "Wi-Fi\nThunderbolt Bridge\nEthernet\n",
            id="reordered",
        ),
        pytest.param([], ["-listallhardwareports"], PORTS, id="ports"),
        pytest.param([], ["-getinfo", "Ethernet"], LEASED, id="lease"),
        pytest.param([], ["-getinfo", "Wi-Fi"], WAITING, id="no link"),
        pytest.param(
            [["-setmanual", "Ethernet", "10.0.0.2", "255.255.255.0", "10.0.0.1"], ["-setv6off", "Ethernet"]],
            ["-getinfo", "Ethernet"],
            MANUAL.format(router="10.0.0.1"),
            id="manual",
        ),
        pytest.param(
            [["-setmanual", "Ethernet", "10.0.0.2", "255.255.255.0"], ["-setv6off", "Ethernet"]],
            ["-getinfo", "Ethernet"],
            MANUAL.format(router="none"),
            id="manual without router",
        ),
        pytest.param(
            [["-setmanual", "Ethernet", "10.0.0.2", "255.255.255.0", ""], ["-setv6off", "Ethernet"]],
            ["-getinfo", "Ethernet"],
            MANUAL.format(router="none"),
            id="manual with empty router",
        ),
        pytest.param(
            [["-setmanual", "Ethernet", "10.0.0.2", "255.255.255.0"], ["-setdhcp", "Ethernet"]],
            ["-getinfo", "Ethernet"],
            LEASED,
            id="back to DHCP",
        ),
        pytest.param(
            [["-setv6off", "Wi-Fi"], ["-setv6automatic", "Wi-Fi"]], ["-getinfo", "Wi-Fi"], WAITING, id="IPv6 again"
        ),
        pytest.param(
            [["-setmanualwithdhcprouter", "Ethernet", "10.66.1.20"], ["-setv6off", "Ethernet"]],
            ["-getinfo", "Ethernet"],
            "Manually Using DHCP Router Configuration\nIP address: 10.66.1.20\nSubnet mask: 255.255.255.0\n"
            "Router: 10.66.1.1\nIPv6: Off\nEthernet Address: 1c:f6:4c:00:00:01\n",
            id="manual with the router of DHCP",
        ),
        pytest.param(
            [["-setbootp", "Wi-Fi"], ["-setv6LinkLocal", "Wi-Fi"]],
            ["-getinfo", "Wi-Fi"],
            "BOOTP Configuration\nIPv6: Link Local\nIPv6 IP address: none\nIPv6 Router: none\n"
            "Wi-Fi ID: 1c:f6:4c:00:00:02\n",
            id="BOOTP and IPv6 on the link only",
        ),
        pytest.param(
            [["-setv4off", "Wi-Fi"], ["-setv6manual", "Wi-Fi", "fd00::5", "64", "fd00::1"]],
            ["-getinfo", "Wi-Fi"],
            "IPv6: Manual\nIPv6 IP address: fd00::5\nIPv6 Prefix Length: 64\nIPv6 Router: fd00::1\n"
            "Wi-Fi ID: 1c:f6:4c:00:00:02\n",
            id="IPv6 by hand",
        ),
        pytest.param([], ["-getdnsservers", "Wi-Fi"], "There aren't any DNS Servers set on Wi-Fi.\n", id="no DNS"),
        pytest.param(
            [["-setdnsservers", "Wi-Fi", "10.66.1.1", "9.9.9.9"]],
            ["-getdnsservers", "Wi-Fi"],
            "10.66.1.1\n9.9.9.9\n",
            id="DNS",
        ),
        pytest.param(
            [["-setdnsservers", "Wi-Fi", "9.9.9.9"], ["-setdnsservers", "Wi-Fi", "empty"]],
            ["-getdnsservers", "Wi-Fi"],
            "There aren't any DNS Servers set on Wi-Fi.\n",
            id="DNS cleared",
        ),
        pytest.param(
            [["-setsearchdomains", "Wi-Fi", "olab", "example.org"]],
            ["-getsearchdomains", "Wi-Fi"],
            "olab\nexample.org\n",
            id="search",
        ),
        pytest.param(
            [["-setsearchdomains", "Wi-Fi", "olab"], ["-setsearchdomains", "Wi-Fi", "Empty"]],
            ["-getsearchdomains", "Wi-Fi"],
            "There aren't any Search Domains set on Wi-Fi.\n",
            id="search cleared",
        ),
        pytest.param(
            [], ["-getadditionalroutes", "Wi-Fi"], "There are no additional IPv4 routes on Wi-Fi.\n", id="no routes"
        ),
        pytest.param(
            [],
            ["-getwebproxy", "Wi-Fi"],
            "Enabled: No\nServer: \nPort: 0\nAuthenticated Proxy Enabled: 0\n",
            id="no proxy",
        ),
        pytest.param(
            [["-setwebproxy", "Wi-Fi", "", "0"]],
            ["-getwebproxy", "Wi-Fi"],
            "Enabled: Yes\nServer: \nPort: 0\nAuthenticated Proxy Enabled: 0\n",
            id="an empty proxy is on",
        ),
        pytest.param(
            [["-setsecurewebproxy", "Wi-Fi", "10.66.1.10", "3128"], ["-setsecurewebproxystate", "Wi-Fi", "off"]],
            ["-getsecurewebproxy", "Wi-Fi"],
            "Enabled: No\nServer: 10.66.1.10\nPort: 3128\nAuthenticated Proxy Enabled: 0\n",
            id="proxy off",
        ),
        pytest.param(
            [["-setautoproxyurl", "Wi-Fi", "http://10.66.1.10/proxy.pac"]],
            ["-getautoproxyurl", "Wi-Fi"],
            "URL: http://10.66.1.10/proxy.pac\nEnabled: Yes\n",
            id="automatic proxy",
        ),
        pytest.param([], ["-getproxyautodiscovery", "Wi-Fi"], "Auto Proxy Discovery: Off\n", id="discovery"),
        pytest.param([], ["-getproxybypassdomains", "Wi-Fi"], "*.local\n169.254/16\n", id="bypass"),
        pytest.param([], ["-getMTU", "en0"], "Active MTU: 1500 (Current Setting: 1500)\n", id="MTU"),
        pytest.param(
            [["-setMTU", "Thunderbolt 1", "1400"]],
            ["-getMTU", "en2"],
            "Active MTU: 1500 (Current Setting: 1400)\n",
            id="MTU by port name",
        ),
        pytest.param([], ["-listvalidMTUrange", "en0"], "Valid MTU Range: 1280-1500\n", id="MTU range"),
        pytest.param([], ["-getmedia", "en1"], "Current: autoselect\nActive: not set\n", id="media"),
        pytest.param([], ["-getairportpower", "en1"], "Wi-Fi Power (en1): On\n", id="Wi-Fi on"),
        pytest.param(
            [["-setairportpower", "en1", "off"]],
            ["-getairportpower", "en1"],
            "Wi-Fi Power (en1): Off\n",
            id="Wi-Fi off",
        ),
        pytest.param([], ["-getnetworkserviceenabled", "Wi-Fi"], "Enabled\n", id="enabled"),
        pytest.param(
            [["-setnetworkserviceenabled", "Wi-Fi", "off"]],
            ["-getnetworkserviceenabled", "Wi-Fi"],
            "Disabled\n",
            id="disabled",
        ),
        pytest.param([], ["-listVLANs"], "There are no VLANs currently configured on this system.\n", id="VLANs"),
        pytest.param([], ["-isBondSupported", "en0"], "YES\n", id="bond"),
        pytest.param(
            [],
            ["-getmacaddress", "Wi-Fi"],
            "Ethernet Address: 1c:f6:4c:00:00:02 (Hardware Port: Wi-Fi)\n",
            id="address",
        ),
        pytest.param(
            [],
            ["-version"],
            "networksetup, Version 1.8.4\nCopyright 2002-2020 Apple Inc. All rights reserved.\n",
            id="version",
        ),
        pytest.param([], ["-listlocations"], "Automatic\n", id="locations"),
        pytest.param([], ["-getcurrentlocation"], "Automatic\n", id="location"),
        pytest.param(
            [["-createnetworkservice", "TB 1", "Thunderbolt 1"], ["-createnetworkservice", "TB 2", "en3"]],
            ["-listallnetworkservices"],
            NOTE + "Ethernet\nThunderbolt Bridge\nWi-Fi\nTB 1\nTB 2\n",
            id="services for ports",
        ),
        pytest.param(
            [["-renamenetworkservice", "Wi-Fi", "WLAN"]],
            ["-listallnetworkservices"],
            NOTE + "Ethernet\nThunderbolt Bridge\nWLAN\n",
            id="renamed",
        ),
    ],
)
def test_reads(network, steps, argv, expected) -> None:
    for step in steps:
        run(network, *step)
    assert run(network, *argv) == expected


@pytest.mark.parametrize(
    ("argv", "uid", "status", "expected"),
    [
        pytest.param(["-getinfo", "Foo"], 0, 4, UNKNOWN, id="unknown"),
        pytest.param(["-setdhcp", "Foo"], 0, 4, UNKNOWN, id="unknown in a write"),
        pytest.param(["-getinfo", ""], 0, 4, UNKNOWN.replace("Foo", ""), id="empty"),
        pytest.param(["-getinfo", "*Wi-Fi"], 0, 4, UNKNOWN.replace("Foo", "*Wi-Fi"), id="asterisk fed back"),
        pytest.param(["-setdhcp", "Ethernet"], 502, 14, NOT_ADMIN, id="standard user"),
        pytest.param(["-switchtolocation", "Automatic"], 502, 14, NOT_ADMIN, id="standard user's location"),
        pytest.param(
            ["-setdhcp", "Ethernet"], 501, 7, "Unable to commit changes to network database\n", id="without sudo"
        ),
        pytest.param(
            ["-getairportpower", "en0"],
            0,
            10,
            "en0 is not a Wi-Fi interface.\n** Error: Error obtaining wireless information.\n",
            id="not Wi-Fi",
        ),
    ],
)
def test_refusals(network, argv, uid, status, expected) -> None:
    result = network.run("networksetup", *argv, uid=uid)
    assert (result.rc, result.out, result.err) == (status, expected, "")


@pytest.mark.parametrize(
    ("argv", "first_line"),
    [
        pytest.param(["-setmanual", "Wi-Fi"], "Usage: networksetup -setmanual <networkservice> <ip> <subnet> <router>"),
        pytest.param(["-listnetworkservices"], "networksetup Help Information"),
        pytest.param([], "networksetup Help Information"),
        pytest.param(["-getMTU", "en99"], "Could not find hardware port or device named en99"),
        pytest.param(["-removenetworkservice", "Wi-Fi"], "Wi-Fi is the only network service on its hardware port"),
        pytest.param(["-setMTU", "en2", "9000"], "9000 is not in the range of 1280-1500"),
        pytest.param(["-deletelocation", "Automatic"], "Automatic is the current network location"),
        pytest.param(["-setmanual", "Wi-Fi", "10.0.0.300", "255.255.255.0"], "** Error"),
        pytest.param(["-setmanual", "Wi-Fi", "10.0.0.3", "255.0.255.0"], "** Error"),
        pytest.param(["-setdnsservers", "Wi-Fi", "dns.example.org"], "** Error"),
        pytest.param(["-ordernetworkservices", "Wi-Fi"], "** Error"),
    ],
)
def test_nothing_happens(network, argv, first_line) -> None:
    """What macOS refuses in words nobody has captured: the status is not 0 and nothing is changed."""
    run(network, "-detectnewhardware")
    path = network.path(NO_BRIDGE)
    before = path.read_bytes()
    result = network.run("networksetup", *argv)
    assert result.rc != 0
    assert result.out.startswith(first_line)
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    ("populate", "services"),
    [
        pytest.param([], "", id="empty"),
        pytest.param(["populate"], "Ethernet\nThunderbolt Bridge\nWi-Fi\n", id="populated"),
    ],
)
def test_a_new_location_copies_nothing(network, populate, services) -> None:
    """What makes exo's helper dangerous: behind the new location every address set by hand is gone."""
    run(network, "-setmanual", "Ethernet", "10.66.1.99", "255.255.255.0", "10.66.1.1")
    run(network, "-createlocation", "exo", *populate)
    run(network, "-switchtolocation", "exo")
    assert run(network, "-listallnetworkservices") == NOTE + services
    if services:
        assert run(network, "-getinfo", "Ethernet") == LEASED
    run(network, "-switchtolocation", "Automatic")
    assert "IP address: 10.66.1.99\n" in run(network, "-getinfo", "Ethernet")
    run(network, "-deletelocation", "exo")
    assert run(network, "-listlocations") == "Automatic\n"


def test_second_service_of_a_port_can_be_removed(network) -> None:
    run(network, "-createnetworkservice", "Spare", "Wi-Fi")
    run(network, "-removenetworkservice", "Wi-Fi")
    assert run(network, "-listallnetworkservices") == NOTE + "Ethernet\nThunderbolt Bridge\nSpare\n"


def test_ipv6_off_is_stored_as_macos_stores_it(network) -> None:
    run(network, "-setv6off", "Ethernet")
    stored = plistlib.loads(network.path(NO_BRIDGE).read_bytes())
    ethernet = next(item for item in stored["NetworkServices"].values() if item["UserDefinedName"] == "Ethernet")
    assert ethernet["IPv6"] == {"ConfigMethod": "Automatic", "__INACTIVE__": 1}


def test_bridge_deleted_from_the_preferences_is_no_port(network) -> None:
    run(network, "-detectnewhardware")
    deleted = network.run("PlistBuddy", "-c", "Delete :VirtualNetworkInterfaces:Bridge:bridge0", NO_BRIDGE)
    assert deleted.rc == 0
    assert "bridge0" not in run(network, "-listallhardwareports")
    # The service stays behind; its hardware is gone, so that it may be removed.
    assert "Device: bridge0" in run(network, "-listnetworkserviceorder")
    run(network, "-removenetworkservice", "Thunderbolt Bridge")
    assert run(network, "-listallnetworkservices") == NOTE + "Ethernet\nWi-Fi\n"


def test_wifi_power_is_real(network) -> None:
    run(network, "-setairportpower", "en1", "off")
    assert ["ip", "link", "set", "en1", "down"] in network.calls


def test_before_26_the_bridge_stands_behind_wi_fi(network) -> None:
    ports = run(network, "-listallhardwareports", release="15.7")
    assert ports.index("Wi-Fi") < ports.index("Thunderbolt Bridge")
    assert "Ethernet Adapter" not in ports


def test_a_usb_c_port_has_no_service(network) -> None:
    assert "en5" in run(network, "-listallhardwareports")
    run(network, "-detectnewhardware")
    assert "Ethernet Adapter" not in run(network, "-listallnetworkservices")
