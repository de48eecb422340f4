# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""``ifconfig``: section 13 of the collected outputs, and what Ansible reads from it."""

from __future__ import annotations

import pytest
from ansible.module_utils.facts.network.darwin import DarwinNetwork
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._lan_port.media_text import (
    parse_capable,
    parse_wifi_megabits,
)

from lab.macos.simulator.network.apply import AREA
from lab.macos.simulator.network.session import boot_session

from .links import SHOW, as_text, link, new_mac, per_port

BRIDGE = """\
bridge0: flags=8863<UP,BROADCAST,SMART,RUNNING,SIMPLEX,MULTICAST> mtu 1500
	options=63<RXCSUM,TXCSUM,TSO4,TSO6>
	ether 36:e3:5e:f0:6d:80
{address}	Configuration:
		id 0:0:0:0:0:0 priority 0 hellotime 0 fwddelay 0
		maxage 0 holdcnt 0 proto stp maxaddr 100 timeout 1200
		root id 0:0:0:0:0:0 priority 0 ifcost 0 port 0
		ipfilter disabled flags 0x0
	member: en2 flags=3<LEARNING,DISCOVER>
	\x20       ifmaxaddr 0 port 8 priority 0 path cost 0
	member: en3 flags=3<LEARNING,DISCOVER>
	\x20       ifmaxaddr 0 port 9 priority 0 path cost 0
{cache}	nd6 options=201<PERFORMNUD,DAD>
	media: <unknown type>
	status: {status}
"""
MEMBER = """\
en2: flags=8963<UP,BROADCAST,SMART,RUNNING,PROMISC,SIMPLEX,MULTICAST> mtu 1500
	options=460<TSO4,TSO6,CHANNEL_IO>
	ether 36:e3:5e:f0:6d:80
	media: autoselect <full-duplex>
	status: active
"""
TWO_PORTS = [link("en2", bridge="bridge0"), link("en3", bridge="bridge0", carrier=False)]
ADDRESS = "\tinet 10.42.0.1 netmask 0xffffff00 broadcast 10.42.0.255\n"
CACHE = "\tAddress cache:\n"


def started(mac, links) -> None:
    """A Mac that was started before."""
    mac.answer(*SHOW, out=as_text(links))
    with mac.state.edit(AREA) as applied:
        applied.update(session=boot_session("olab1"))


@pytest.mark.parametrize(
    ("links", "argv", "expected"),
    [
        pytest.param(
            [*TWO_PORTS, link("bridge0", carrier=False)],
            ["bridge0"],
            BRIDGE.format(address="", cache=CACHE, status="inactive"),
            id="bridge alone",
        ),
        pytest.param(
            [*TWO_PORTS, link("bridge0", "10.42.0.1/24")],
            ["bridge0"],
            BRIDGE.format(address=ADDRESS, cache=CACHE, status="active"),
            id="bridge with an address",
        ),
        pytest.param([*TWO_PORTS[:1], link("bridge0")], ["en2"], MEMBER, id="member"),
        pytest.param([link("lo"), link("en0"), {}], ["-l"], "lo0 en0\n", id="names"),
    ],
)
def test_show(mac, links, argv, expected) -> None:
    mac.answer(*SHOW, out=as_text(links))
    result = mac.run("ifconfig", *argv)
    assert (result.rc, result.out, result.err) == (0, expected, "")


@pytest.mark.parametrize(
    ("device", "changes", "carrier", "media"),
    [
        ("en0", {}, True, "autoselect (1000baseT <full-duplex>)"),
        ("en0", {"ethernet": "100baseTX"}, True, "autoselect (100baseTX <full-duplex>)"),
        ("en0", {"model": "Mac16,9"}, True, "autoselect (10Gbase-T <full-duplex>)"),
        ("en0", {}, False, "autoselect (none)"),
        ("en1", {}, True, "autoselect"),
        ("en2", {}, True, "autoselect <full-duplex>"),
    ],
)
def test_only_ethernet_tells_its_speed(mac, device, changes, carrier, media) -> None:
    mac.host(**changes)
    mac.answer(*SHOW, out=as_text([link(device, carrier=carrier)]))
    assert f"\tmedia: {media}\n" in mac.run("ifconfig", device).out


@pytest.mark.parametrize(
    ("device", "model", "megabits"),
    [("en0", "Mac16,10", 1000), ("en0", "Mac16,9", 10000), ("en1", "Mac16,10", None), ("en2", "Mac16,10", None)],
)
def test_a_port_tells_what_it_could_do(mac, device, model, megabits) -> None:
    mac.host(model=model, ethernet="100baseTX")
    mac.answer(*SHOW, out=as_text([link(device, carrier=True)]))
    shown = mac.run("ifconfig", "-m", device)
    assert (shown.rc, parse_capable(shown.out)) == (0, megabits)


@pytest.mark.parametrize(("carrier", "megabits"), [(True, 866), (False, None)])
def test_wifi_tells_its_speed_elsewhere(mac, carrier, megabits) -> None:
    mac.answer(*SHOW, out=as_text([link("en1", carrier=carrier)]))
    profile = mac.run("system_profiler", "SPAirPortDataType", "-json").out
    assert parse_wifi_megabits(profile, "en1") == megabits


def test_all_hides_what_a_mac_does_not_have(mac) -> None:
    mac.answer(*SHOW, out=as_text([*new_mac(), {**link("en0"), "ifname": "sit0"}]))
    heads = [line.partition(":")[0] for line in mac.run("ifconfig", "-a").out.splitlines() if line[0] != "\t"]
    assert heads == ["lo0", "en0", "en1", "en2", "en3", "en4", "bridge0"]


@pytest.mark.parametrize(
    ("links", "argv", "uid", "expected"),
    [
        pytest.param(new_mac(), ["bridge9"], 0, "interface bridge9 does not exist", id="unknown"),
        pytest.param(new_mac(), ["bridge0", "destroy"], 501, "SIOCIFDESTROY: Operation not permitted", id="not root"),
        pytest.param(
            per_port(), ["en0", "deletem", "en2"], 0, "BRDGDEL en2: No such file or directory", id="no member"
        ),
        pytest.param(
            new_mac(), ["bridge0", "addm", "en2"], 0, "BRDGADD en2: Device or resource busy", id="member twice"
        ),
        pytest.param(
            new_mac(), ["bridge0", "addm", "en9"], 0, "BRDGADD en9: No such file or directory", id="no such port"
        ),
    ],
)
def test_errors(mac, links, argv, uid, expected) -> None:
    mac.answer(*SHOW, out=as_text(links))
    result = mac.run("ifconfig", *argv, uid=uid)
    assert (result.rc, result.out, result.err) == (1, "", f"ifconfig: {expected}\n")


@pytest.mark.parametrize(
    ("links", "argv", "expected"),
    [
        pytest.param(new_mac(), ["bridge0", "deletem", "en2"], ["ip link set en2 nomaster"], id="deletem"),
        pytest.param(
            new_mac(),
            ["bridge0", "deletem", "en2", "deletem", "en3"],
            ["ip link set en2 nomaster", "ip link set en3 nomaster"],
            id="two members",
        ),
        pytest.param(new_mac(), ["bridge0", "destroy"], ["ip link delete bridge0 type bridge"], id="destroy"),
        pytest.param(
            per_port(),
            ["bridge1", "create"],
            ["ip link add bridge1 type bridge stp_state 0 forward_delay 0 mcast_snooping 0 ageing_time 120000"],
            id="create",
        ),
        pytest.param(new_mac(), ["en1", "down"], ["ip link set en1 down"], id="down"),
        pytest.param(new_mac(), ["en1", "mtu", "1400"], ["ip link set en1 mtu 1400"], id="mtu"),
        pytest.param(
            new_mac(),
            ["en0", "inet", "192.168.7.1", "netmask", "255.255.255.0", "alias"],
            ["ip addr replace 192.168.7.1/24 broadcast + dev en0"],
            id="alias",
        ),
        pytest.param(
            new_mac(),
            ["en0", "alias", "192.168.7.1/32"],
            ["ip addr replace 192.168.7.1/32 broadcast + dev en0"],
            id="alias before its address",
        ),
        pytest.param(
            new_mac(),
            ["en0", "alias", "192.168.7.1", "255.255.255.0"],
            ["ip addr replace 192.168.7.1/24 broadcast + dev en0"],
            id="alias with a bare netmask",
        ),
        pytest.param(
            new_mac(),
            ["lo0", "alias", "127.0.0.2", "up"],
            ["ip addr replace 127.0.0.2/8 broadcast + dev lo"],
            id="alias of the loopback",
        ),
        pytest.param(
            new_mac(),
            ["en0", "192.168.7.1", "netmask", "0xffffff00"],
            ["ip addr delete 10.66.1.11/24 dev en0", "ip addr replace 192.168.7.1/24 broadcast + dev en0"],
            id="replaced",
        ),
        pytest.param(
            new_mac(),
            ["en0", "inet", "10.66.1.11", "-alias"],
            ["ip addr delete 10.66.1.11/24 dev en0"],
            id="alias removed",
        ),
    ],
)
def test_changes(mac, links, argv, expected) -> None:
    started(mac, links)
    mac.run("ifconfig", *argv)
    calls = [" ".join(call) for call in mac.calls]
    assert [call for call in calls if call.startswith("ip") and " -j " not in call][: len(expected)] == expected


def test_ansible_reads_it(mac) -> None:
    mac.answer(*SHOW, out=as_text(new_mac(cabled=("en2",))))

    class Module:
        """The part of a module that the collector uses."""

        def run_command(self, argv):
            result = mac.run(*argv)
            return result.rc, result.out, result.err

    interfaces, addresses = DarwinNetwork(Module()).get_interfaces_info("ifconfig")
    assert addresses["all_ipv4_addresses"] == ["10.66.1.11"]
    assert interfaces["en0"]["ipv4"] == [
        {
            "address": "10.66.1.11",
            "netmask": "255.255.255.0",
            "network": "10.66.1.0",
            "broadcast": "10.66.1.255",
        }
    ]
    assert interfaces["en0"]["status"] == "active"
    assert interfaces["en3"]["status"] == "inactive"
    assert interfaces["bridge0"]["macaddress"] == "36:e3:5e:f0:6d:80"
    assert interfaces["lo0"]["type"] == "loopback"
