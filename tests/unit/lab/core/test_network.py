# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
from __future__ import annotations

import ipaddress

import pytest

from lab import cables, names, network, process, uplink
from lab.errors import LabError
from lab.topology import Cable, End, Host, Topology


def test_ports_of_a_linux_host() -> None:
    host = Host("olab0", "linux", "10.66.1.10", "02:00:00:00:00:01")
    assert network.port_commands("desk", host) == [
        (
            "link add name olab0.eth0 netns lab-desk mtu 9216 type veth "
            "peer name eth0 netns lab-desk-olab0 address 02:00:00:00:00:01 mtu 1500"
        )
    ]
    assert network.attach_command(host) == "link set dev olab0.eth0 master lan up"
    assert network.rate_commands(host) == [
        "qdisc replace dev olab0.eth0 root tbf rate 1gbit burst 256k limit 256k mpu 6000"
    ]


def test_only_thunderbolt_ports_take_cables(desk: Topology) -> None:
    lines = network.rate_commands(desk.host("olab1"))
    assert [line for line in lines if line.endswith("ingress")] == [
        f"qdisc add dev olab1.en{number} ingress" for number in (2, 3, 4)
    ]


@pytest.mark.parametrize(("exists", "count"), [(False, 5), (True, 4)], ids=["new", "repair"])
def test_fabric(desk: Topology, exists: bool, count: int) -> None:
    lines = network.fabric_commands(desk, exists=exists)
    assert len(lines) == count
    assert lines[-2:] == ["address replace 10.66.1.1/24 dev lan", "address replace 10.66.1.2/24 dev lan"]


def test_power_loss_leaves_nothing_on_the_ports() -> None:
    assert network.reset_commands(["en0"], ["bridge0"]) == [
        "link delete dev bridge0",
        "link set dev en0 nomaster",
        "link set dev en0 down mtu 1500",
        "address flush dev en0",
    ]


@pytest.mark.parametrize(
    ("powered", "alive"),
    [
        pytest.param({"olab1", "olab2"}, {"olab1.en2", "olab2.en3"}, id="both on"),
        pytest.param({"olab1"}, set(), id="far end off"),
        pytest.param(set(), set(), id="both off"),
    ],
)
def test_carrier_needs_a_cable_and_two_running_hosts(desk: Topology, powered: set[str], alive: set[str]) -> None:
    links, traffic = cables.commands(desk, powered)
    assert {line.split()[3] for line in links if line.endswith(" up")} == alive
    assert len([line for line in links if line.endswith(" down")]) == 6 - len(alive)
    assert {line.split()[3] for line in traffic} == alive


def test_everything_a_port_receives_goes_to_the_far_end(desk: Topology) -> None:
    _, traffic = cables.commands(desk, {"olab1", "olab2"})
    assert traffic[0] == (
        "filter replace dev olab1.en2 parent ffff: protocol all prio 1 handle 800::800 "
        "u32 match u32 0 0 action mirred egress redirect dev olab2.en3"
    )


def test_plugging_pulls_out_what_was_in_the_ports(desk: Topology) -> None:
    cable = Cable.between(End("olab1", 1), End("olab2", 3))
    assert cables.plug(desk, cable).cables == (cable,)
    assert cables.unplug(desk, desk.cables[0]).cables == ()


def test_what_a_mac_sees_of_its_cables(desk: Topology) -> None:
    seen = cables.seen_by(desk, "olab1", {"olab1", "olab2"})
    assert '"host": "olab2"' in seen
    assert '"receptacle": 2' in seen
    assert cables.seen_by(desk, "olab1", {"olab1"}) == "{}\n"


def test_link_avoids_the_routes_of_this_machine() -> None:
    first = uplink.free_link("desk", [])
    second = uplink.free_link("desk", [first])
    assert first.prefixlen == second.prefixlen == 30
    assert not first.overlaps(second)
    with pytest.raises(LabError, match="routes to all of"):
        uplink.free_link("desk", [ipaddress.IPv4Network("198.16.0.0/12")])


def test_packet_filter_names_the_lab() -> None:
    rules = uplink.root_rules("desk", "198.18.0.4/30")
    assert rules.startswith("table ip lab_desk\ndelete table ip lab_desk\n")
    assert 'ip saddr 198.18.0.4/30 oifname != "lab-desk" masquerade' in rules


@pytest.mark.parametrize(
    ("host", "device", "expected"),
    [("olab1", "en2", "olab1.en2"), ("a-rather-long-name", "eth0", None)],
    ids=["short", "long"],
)
def test_interface_names_fit_the_kernel(host: str, device: str, expected: str | None) -> None:
    name = names.fabric_port(host, device)
    assert len(name) <= 15
    assert name.endswith(f".{device}")
    assert expected in (None, name)


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("RTNETLINK answers: File exists\nCommand failed -:2\n", "RTNETLINK answers: File exists (at `link add b`)"),
        ('Error: argument "x" is wrong\n', 'Error: argument "x" is wrong'),
        ("", "it said nothing."),
    ],
    ids=["kernel", "program", "silent"],
)
def test_failure_of_a_batch_names_the_command(said: str, expected: str) -> None:
    assert process.batch_error(said, ["link add a", "link add b"]) == expected
