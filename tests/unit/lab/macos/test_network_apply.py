# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Bringing the real interfaces to the preferences: which commands of the kernel's tools are run, and which are not."""

from __future__ import annotations

import json

import pytest

from lab.macos.simulator.network.apply import AREA, apply
from lab.macos.simulator.network.session import boot_session

from .links import SHOW, as_text, link, new_mac, per_port

LEASE = ["10.66.1.11/24"]
DEFAULT = ["10.66.1.1", "en0"]
MANUAL = ["-setmanual", "Ethernet", "10.66.1.51", "255.255.255.0", "10.66.1.1"]
RESOLV = "nameserver 10.66.1.1\n"


def running(mac, links, *, given=None, default=DEFAULT, present=DEFAULT) -> None:
    """A Mac that was started before, with these interfaces, and what was done to them."""
    mac.answer(*SHOW, out=as_text(links))
    routes = [{"dst": "default", "gateway": present[0], "dev": present[1]}] if present else []
    mac.answer("ip", "-j", "-4", "route", "show", "default", out=json.dumps(routes))
    with mac.state.edit(AREA) as applied:
        applied.update(session=boot_session("olab1"), inet=given or {"en0": LEASE}, default=default)


def changes(mac) -> list[str]:
    """The commands that change anything."""
    reading = ("ip -j", "sysctl")
    return [line for line in (" ".join(call) for call in mac.calls) if not line.startswith(reading)]


@pytest.mark.parametrize(
    ("links", "steps", "given", "expected"),
    [
        pytest.param(new_mac(), [], None, [], id="nothing to do"),
        pytest.param(new_mac(), [["-setdnsservers", "Wi-Fi", "9.9.9.9"]], None, [], id="an unrelated change"),
        pytest.param(
            new_mac(),
            [MANUAL],
            None,
            ["ip addr delete 10.66.1.11/24 dev en0", "ip addr add 10.66.1.51/24 broadcast + dev en0"],
            id="another address",
        ),
        pytest.param(
            new_mac(),
            [["-setmanual", "Ethernet", "10.66.1.11", "255.255.255.0", "10.66.1.1"]],
            None,
            [],
            id="the lease's address set by hand stays",
        ),
        pytest.param(
            new_mac(),
            [["-setmanual", "Ethernet", "10.66.1.11", "255.255.255.0"]],
            None,
            ["ip route delete default via 10.66.1.1 dev en0"],
            id="no router",
        ),
        pytest.param(
            new_mac(),
            [["-setv4off", "Ethernet"]],
            None,
            ["ip addr delete 10.66.1.11/24 dev en0", "ip route delete default via 10.66.1.1 dev en0"],
            id="no IPv4",
        ),
        pytest.param(
            new_mac(cabled=("en2",)),
            [],
            None,
            ["ip addr add 169.254.69.212/16 broadcast + dev bridge0"],
            id="no lease on the bridge",
        ),
        pytest.param(
            [*new_mac(cabled=("en2",))[:-1], link("bridge0", "10.42.0.1/24")],
            [["-setmanual", "Thunderbolt Bridge", "10.42.0.1", "255.255.255.0"]],
            {"en0": LEASE, "bridge0": ["10.42.0.1/24"]},
            [],
            id="an address on the bridge",
        ),
        pytest.param(
            [*new_mac(cabled=("en2",))[:-1], link("bridge0", "10.42.0.1/24")],
            [["-setnetworkserviceenabled", "Thunderbolt Bridge", "off"]],
            {"en0": LEASE, "bridge0": ["10.42.0.1/24"]},
            ["ip addr delete 10.42.0.1/24 dev bridge0"],
            id="a disabled bridge stays up with its members",
        ),
        pytest.param(
            new_mac(cabled=("en2",)),
            [
                ["-createnetworkservice", "TB 1", "Thunderbolt 1"],
                ["-setmanual", "TB 1", "10.66.64.1", "255.255.255.252"],
                ["-setnetworkserviceenabled", "Thunderbolt Bridge", "off"],
            ],
            None,
            [],
            id="a port inside the bridge has no address of its own",
        ),
        pytest.param(
            per_port("en2"),
            [
                ["-createnetworkservice", "TB 1", "Thunderbolt 1"],
                ["-setmanual", "TB 1", "10.66.64.1", "255.255.255.252"],
                ["-createnetworkservice", "TB 2", "Thunderbolt 2"],
                ["-setmanual", "TB 2", "10.66.64.5", "255.255.255.252"],
            ],
            None,
            ["ip addr add 10.66.64.1/30 broadcast + dev en2"],
            id="addresses per port, where there is a link",
        ),
        pytest.param(
            [*per_port()[:3], link("en2", "10.66.64.1/30", carrier=False), *per_port()[4:]],
            [],
            {"en0": LEASE, "en2": ["10.66.64.1/30"]},
            ["ip addr delete 10.66.64.1/30 dev en2"],
            id="the cable was pulled",
        ),
        pytest.param(
            [*per_port()[:3], link("en2", "192.168.7.1/24"), *per_port()[4:]],
            [],
            None,
            [],
            id="an alias made by hand is left alone",
        ),
        pytest.param(new_mac(), [["-setMTU", "en0", "1400"]], None, ["ip link set en0 mtu 1400"], id="MTU"),
        pytest.param(
            new_mac(),
            [["-setadditionalroutes", "Ethernet", "10.9.0.0", "255.255.0.0", "10.66.1.9"]],
            None,
            ["ip route replace 10.9.0.0/16 via 10.66.1.9 dev en0"],
            id="a route",
        ),
        pytest.param(
            new_mac(),
            [["-createlocation", "exo"], ["-switchtolocation", "exo"]],
            None,
            ["ip addr delete 10.66.1.11/24 dev en0", "ip route delete default via 10.66.1.1 dev en0"],
            id="an empty location",
        ),
    ],
)
def test_commands(mac, links, steps, given, expected) -> None:
    mac.answer(*SHOW, out=as_text([]))
    running(mac, [])
    for step in steps:
        assert mac.run("networksetup", *step).rc == 0
    running(mac, links, given=given)
    mac.calls.clear()
    apply(mac.context("configd"))
    assert changes(mac) == expected


def test_default_route_follows_the_order_of_services(mac) -> None:
    mac.host(
        dhcp={
            name: {"address": f"10.{name[2]}.0.9", "netmask": "255.255.255.0", "router": f"10.{name[2]}.0.1"}
            for name in ("en0", "en1")
        }
    )
    links = [link("lo"), link("en0", "10.0.0.9/24"), link("en1", "10.1.0.9/24")]
    given = {"en0": ["10.0.0.9/24"], "en1": ["10.1.0.9/24"]}
    running(mac, links, given=given, default=["10.0.0.1", "en0"], present=["10.0.0.1", "en0"])
    assert mac.run("networksetup", "-ordernetworkservices", "Wi-Fi", "Ethernet", "Thunderbolt Bridge").rc == 0
    assert changes(mac) == [
        "ip route delete default via 10.0.0.1 dev en0",
        "ip route replace default via 10.1.0.1 dev en1",
    ]


def test_the_first_call_after_a_start_makes_the_stored_bridge(mac) -> None:
    mac.answer(*SHOW, out=as_text(per_port()))
    apply(mac.context("configd"))
    assert "ip link add bridge0 type bridge stp_state 0 forward_delay 0 mcast_snooping 0 ageing_time 120000" in changes(
        mac
    )
    assert [line for line in changes(mac) if "bridge0" in line][1:] == [
        "ip link set bridge0 address 36:e3:5e:f0:6d:80",
        "ip link set en2 master bridge0",
        "ip link set en3 master bridge0",
        "ip link set en4 master bridge0",
        "ip link set bridge0 up",
    ]


@pytest.mark.parametrize(
    ("deleted", "relinked", "made"),
    [
        pytest.param(False, (), False, id="destroyed"),
        pytest.param(False, ("en3",), True, id="destroyed, and a cable was plugged in"),
        pytest.param(True, ("en3",), False, id="deleted from the preferences too"),
    ],
)
def test_a_destroyed_bridge_comes_back_with_a_new_link(mac, deleted, relinked, made) -> None:
    running(mac, per_port("en3"))
    apply(mac.context("configd"))
    if deleted:
        path = "/Library/Preferences/SystemConfiguration/preferences.plist"
        assert mac.run("PlistBuddy", "-c", "Delete :VirtualNetworkInterfaces:Bridge:bridge0", path).rc == 0
    mac.calls.clear()
    apply(mac.context("configd"), relinked=relinked)
    assert any(line.startswith("ip link add bridge0") for line in changes(mac)) is made


@pytest.mark.parametrize(
    ("steps", "end"),
    [
        pytest.param([], "#\nnameserver 10.66.1.1\n", id="lease"),
        pytest.param([["-setdnsservers", "Ethernet", "9.9.9.9"]], "#\nnameserver 9.9.9.9\n", id="by hand"),
        pytest.param(
            [["-setsearchdomains", "Ethernet", "olab"]], "#\nsearch olab\nnameserver 10.66.1.1\n", id="search"
        ),
    ],
)
def test_resolver(mac, steps, end) -> None:
    running(mac, new_mac())
    apply(mac.context("configd"))
    for step in steps:
        assert mac.run("networksetup", *step).rc == 0
    assert mac.path("/private/var/run/resolv.conf").read_text().endswith(end)
    assert str(mac.path("/private/etc/resolv.conf").readlink()) == "../var/run/resolv.conf"
