# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The LAN port: what the tools of a Mac and the kernel of Linux say of it, and what they do not say."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import CommandError, Commands, Result
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._lan_port import linux, mac
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._lan_port.media_text import (
    Media,
    parse_capable,
    parse_media,
    parse_wifi_megabits,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

ACTIVE, INACTIVE = "\tstatus: active\n", "\tstatus: inactive\n"


@pytest.mark.parametrize(
    ("text", "media"),
    [
        # As drivers of several makers and releases write the same.
        ("\tmedia: autoselect (1000baseT <full-duplex>)\n" + ACTIVE, Media(1000, "full", True)),
        (
            "\tmedia: autoselect (1000baseT <full-duplex,flow-control,energy-efficient-ethernet>)\n" + ACTIVE,
            Media(1000, "full", True),
        ),
        ("\tmedia: autoselect (2500Base-T <full-duplex>)\n" + ACTIVE, Media(2500, "full", True)),
        ("\tmedia: autoselect (2.5GbaseT <full-duplex>)\n" + ACTIVE, Media(2500, "full", True)),
        ("\tmedia: autoselect (5000Base-T <full-duplex>)\n" + ACTIVE, Media(5000, "full", True)),
        ("\tmedia: autoselect (10Gbase-T <full-duplex,flow-control>)\n" + ACTIVE, Media(10000, "full", True)),
        ("\tmedia: autoselect (100baseTX <half-duplex>)\n" + ACTIVE, Media(100, "half", True)),
        ("\tmedia: autoselect (10baseT/UTP <half-duplex>)\n" + ACTIVE, Media(10, "half", True)),
        # Chosen by hand, and then used or not.
        ("\tmedia: 1000baseT <full-duplex>\n" + ACTIVE, Media(1000, "full", True)),
        ("\tmedia: 1000baseT <full-duplex> (100baseTX <half-duplex>)\n" + ACTIVE, Media(100, "half", True)),
        ("\tmedia: 1000baseT <full-duplex> (none)\n" + INACTIVE, Media(None, None, False)),
        ("\tmedia: autoselect (none)\n" + INACTIVE, Media(None, None, False)),
        # A port without a link has no speed, whatever it says.
        ("\tmedia: autoselect (1000baseT <full-duplex>)\n" + INACTIVE, Media(None, None, False)),
        # Thunderbolt, a virtual machine, Wi-Fi, a bridge: without a speed.
        ("\tmedia: autoselect <full-duplex>\n" + ACTIVE, Media(None, "full", True)),
        ("\tmedia: autoselect\n" + ACTIVE, Media(None, None, True)),
        ("\tmedia: <unknown type>\n" + ACTIVE, Media(None, None, True)),
        # What nobody knows is unknown, and no number in it a speed.
        ("\tmedia: autoselect (warp 9 <full-duplex>)\n" + ACTIVE, Media(None, "full", True)),
        ("\tmedia: autoselect (baseband 1000)\n" + ACTIVE, Media(None, None, True)),
        ("\tinet 10.0.0.1 netmask 0xffffff00\n", Media()),
        ("", Media()),
        ("\tmedia: autoselect (1000baseT <full-duplex>)\n", Media(1000, "full", None)),
        (
            "\tmedia: autoselect (1000baseT <full-duplex>)\n" + ACTIVE + "\tbond interfaces: en4 en5\n",
            Media(1000, "full", True, bonded=("en4", "en5")),
        ),
        ("\tbond interfaces: <none>\n" + INACTIVE, Media(None, None, False)),
        (
            "\tvlan: 10 parent interface: en0\n\tmedia: autoselect (1000baseT <full-duplex>)\n" + ACTIVE,
            Media(1000, "full", True, parent="en0"),
        ),
        (
            "\tmember: en0 flags=3<LEARNING,DISCOVER>\n\t        ifmaxaddr 0 port 8 priority 0 path cost 0\n" + ACTIVE,
            Media(None, None, True, bridged=("en0",)),
        ),
    ],
)
def test_media(text: str, media: Media) -> None:
    assert parse_media(text) == media


SUPPORTED = "\tmedia: autoselect (100baseTX <full-duplex>)\n\tstatus: active\n\tsupported media:"


@pytest.mark.parametrize(
    ("text", "megabits"),
    [
        (f"{SUPPORTED}\n\t\tmedia autoselect\n\t\tmedia 1000baseT mediaopt full-duplex\n\t\tmedia 100baseTX\n", 1000),
        (f"{SUPPORTED}\n\t\tmedia 10Gbase-T mediaopt full-duplex\n\t\tmedia 5000Base-T\n\t\tmedia none\n", 10000),
        (f"{SUPPORTED}\n\t\tmedia 2.5GbaseT mediaopt full-duplex\n", 2500),
        # As releases before wrote it.
        (f"{SUPPORTED} none autoselect 10baseT/UTP <half-duplex> 1000baseT <full-duplex>\n", 1000),
        (f"{SUPPORTED}\n\t\tmedia autoselect\n", None),
        (f"{SUPPORTED}\n\t\tmedia warp 9\n", None),
        # What is used is not what could be.
        ("\tmedia: autoselect (1000baseT <full-duplex>)\n\tstatus: active\n", None),
        ("", None),
    ],
)
def test_what_a_port_could_do(text: str, megabits: float | None) -> None:
    assert parse_capable(text) == megabits


def wifi(rate: Any, device: str = "en1", **more: Any) -> str:
    network = {"spairport_current_network_information": {"spairport_network_rate": rate, **more}}
    return json.dumps({"SPAirPortDataType": [{"spairport_airport_interfaces": [{"_name": device, **network}]}]})


@pytest.mark.parametrize(
    ("profile", "megabits"),
    [
        (wifi(866), 866),
        (wifi("216"), 216),
        (wifi(1200.9, spairport_network_channel=36), 1200.9),
        (wifi(0), None),
        (wifi("n/a"), None),
        (wifi(None), None),
        (wifi(866, "en0"), None),
        (
            json.dumps(
                {"SPAirPortDataType": [{"spairport_airport_interfaces": [{"_name": "en1"}, {"_name": "awdl0"}]}]}
            ),
            None,
        ),
        ('{"SPAirPortDataType":[]}', None),
        ('{"SPAirPortDataType":[{"spairport_airport_interfaces":"x"}]}', None),
        ("[1,2]", None),
        ("no JSON", None),
        ("", None),
    ],
)
def test_wifi(profile: str, megabits: float | None) -> None:
    assert parse_wifi_megabits(profile, "en1") == megabits


class Answers(Commands):
    """Programs by their words; one that is not here is not installed."""

    def __init__(self, answers: dict[str, str | Result]) -> None:
        self.answers = answers

    def run(self, argv: list[str], stdin: str | None = None, timeout: int = 60) -> Result:
        answer = self.answers.get(" ".join(argv))
        if answer is None:
            raise CommandError(f"{argv[0]} is not installed on this host.")
        return answer if isinstance(answer, Result) else Result(0, answer)


PORTS = """
Hardware Port: Ethernet
Device: en0
Ethernet Address: 1c:f6:4c:00:00:01

Hardware Port: Wi-Fi
Device: en1
Ethernet Address: 1c:f6:4c:00:00:02

Hardware Port: USB 10/100/1G/2.5G LAN
Device: en7
Ethernet Address: 1c:f6:4c:00:00:07

Hardware Port: Thunderbolt 1
Device: en2
Ethernet Address: 36:e3:5e:f0:6d:80
"""
GIGABIT = "\tmedia: autoselect (1000baseT <full-duplex>)\n" + ACTIVE
HUNDRED = "\tmedia: autoselect (100baseTX <full-duplex>)\n" + ACTIVE
MEDIA = "\tsupported media:\n\t\tmedia autoselect\n\t\tmedia 100baseTX\n\t\tmedia {} mediaopt full-duplex\n"
NO_LINK = "\tmedia: autoselect (none)\n" + INACTIVE


def mac_answers(devices: dict[str, str], address_on: str = "en0", **more: str | Result) -> Answers:
    page = "".join(
        f"{name}: flags=8863<UP> mtu 1500\n"
        + ("\tinet 192.168.1.11 netmask 0xffffff00 broadcast 192.168.1.255\n" if name == address_on else "")
        for name in devices
    )
    answers: dict[str, str | Result] = {
        "/sbin/ifconfig -a": page,
        "/usr/sbin/networksetup -listallhardwareports": PORTS,
        **{f"/sbin/ifconfig {name}": f"{name}: flags=8863<UP> mtu 1500\n{text}" for name, text in devices.items()},
        **more,
    }
    return Answers(answers)


ROUTE = "/sbin/route -n get default"
AIRPORT = "/usr/sbin/system_profiler SPAirPortDataType -json"


@pytest.mark.parametrize(
    ("answers", "said", "slowest"),
    [
        pytest.param(mac_answers({"en0": GIGABIT}), "en0: Ethernet, 1 Gbit/s, full duplex", 1000, id="cable"),
        pytest.param(mac_answers({"en0": HUNDRED}), "en0: Ethernet, 100 Mbit/s, full duplex", 100, id="bad cable"),
        pytest.param(
            mac_answers({"en0": NO_LINK, "en1": "\tmedia: autoselect\n" + ACTIVE}, "en1", **{AIRPORT: wifi(866)}),
            "en1: Wi-Fi, 866 Mbit/s",
            866,
            id="Wi-Fi",
        ),
        pytest.param(
            mac_answers({"en1": "\tmedia: autoselect\n" + ACTIVE}, "en1", **{AIRPORT: Result(1)}),
            "en1: Wi-Fi, speed unknown",
            None,
            id="Wi-Fi that does not tell",
        ),
        pytest.param(
            mac_answers({"en1": "\tmedia: autoselect\n" + ACTIVE}, "en1"),
            "en1: Wi-Fi, speed unknown",
            None,
            id="no system_profiler",
        ),
        pytest.param(
            mac_answers({"en7": "\tmedia: autoselect (2500Base-T <full-duplex>)\n" + ACTIVE}, "en7"),
            "en7: Ethernet, 2.5 Gbit/s, full duplex",
            2500,
            id="USB adapter",
        ),
        pytest.param(
            mac_answers({"en2": "\tmedia: autoselect <full-duplex>\n" + ACTIVE}, "en2"),
            "en2: Thunderbolt, speed unknown, full duplex",
            None,
            id="Thunderbolt",
        ),
        pytest.param(
            mac_answers({"utun4": ""}, "utun4"),
            "utun4: its medium is unknown, speed unknown",
            None,
            id="tunnel",
        ),
        pytest.param(
            mac_answers({"bond0": GIGABIT + "\tbond interfaces: en0 en7\n", "en0": GIGABIT, "en7": HUNDRED}, "bond0"),
            "bond0: bond of en0: Ethernet, 1 Gbit/s, full duplex; en7: Ethernet, 100 Mbit/s, full duplex",
            100,
            id="bond",
        ),
        pytest.param(
            mac_answers({"bond0": GIGABIT + "\tbond interfaces: en0 en7\n", "en0": GIGABIT, "en7": NO_LINK}, "bond0"),
            "bond0: bond of en0: Ethernet, 1 Gbit/s, full duplex; en7: Ethernet, no link",
            1000,
            id="bond with one cable",
        ),
        pytest.param(
            mac_answers({"vlan0": "\tvlan: 7 parent interface: en0\n" + GIGABIT, "en0": GIGABIT}, "vlan0"),
            "vlan0: VLAN of en0: Ethernet, 1 Gbit/s, full duplex",
            1000,
            id="VLAN",
        ),
        pytest.param(
            mac_answers({"en0": HUNDRED}, **{"/sbin/ifconfig -m en0": MEDIA.format("10Gbase-T")}),
            "en0: Ethernet, 100 Mbit/s, full duplex (the port can do 10 Gbit/s)",
            100,
            id="less than it can",
        ),
        pytest.param(
            mac_answers({"en0": GIGABIT}, **{"/sbin/ifconfig -m en0": MEDIA.format("1000baseT")}),
            "en0: Ethernet, 1 Gbit/s, full duplex",
            1000,
            id="what it can",
        ),
        pytest.param(
            mac_answers({"en0": GIGABIT}, **{"/sbin/ifconfig -m en0": Result(1, MEDIA.format("10Gbase-T"))}),
            "en0: Ethernet, 1 Gbit/s, full duplex",
            1000,
            id="it does not tell what it can",
        ),
        # An address that a router translates: the port of the default route.
        pytest.param(
            mac_answers({"en0": GIGABIT}, "none", **{ROUTE: "  interface: en0\n"}),
            "en0: Ethernet, 1 Gbit/s, full duplex",
            1000,
            id="default route",
        ),
        pytest.param(mac_answers({"en0": GIGABIT}, "none", **{ROUTE: Result(1)}), None, None, id="no way"),
    ],
)
def test_mac(answers: Answers, said: str | None, slowest: float | None) -> None:
    port = mac.read(answers, "192.168.1.11")
    assert (str(port) if port else None) == said
    assert (port.slowest if port else None) == slowest


def card(root: Path, name: str, *folders: str, **files: str) -> None:
    """A device in /sys; every value stands in a file, and what it lies upon in a folder."""
    place = root / "sys/class/net" / name
    for folder in ("", *folders):
        (place / folder).mkdir(parents=True, exist_ok=True)
    for file, value in {"type": "1", "carrier": "1", **files}.items():
        (place / file).write_text(f"{value}\n", encoding="ascii")


def linux_answers(device: str | None, **more: str) -> Answers:
    links = [{"ifname": device, "addr_info": [{"family": "inet", "local": "192.168.1.12"}]}] if device else []
    return Answers(
        {"ip -json address show": json.dumps(links), "ip -json route show default": "[]", **more},
    )


ETHTOOL = """Settings for eno1:
\tSupported ports: [ TP ]
\tSupported link modes:   10baseT/Half 10baseT/Full
\t                        1000baseT/Full
\t                        2500baseT/Full
\tSupported pause frame use: Symmetric Receive-only
\tAdvertised link modes:  10000baseT/Full
\tSpeed: 1000Mb/s
"""


def plain(root: Path) -> None:
    card(root, "eno1", "device", speed="1000", duplex="full")


def bonded(root: Path) -> None:
    card(root, "bond0", "bonding", "lower_eno1", "lower_eno2", speed="11000", duplex="full")
    card(root, "eno1", "device", speed="1000", duplex="full")
    card(root, "eno2", "device", speed="10000", duplex="full")


def bridged(root: Path) -> None:
    card(root, "br0", "bridge", "lower_eno1", "lower_veth3", speed="10000", duplex="unknown")
    card(root, "eno1", "device", speed="100", duplex="half")
    card(root, "veth3", speed="10000", duplex="full")


def tagged(root: Path) -> None:
    card(root, "eno1.7", "lower_eno1", speed="2500", duplex="full")
    card(root, "eno1", "device", speed="2500", duplex="full")


@pytest.mark.parametrize(
    ("prepare", "answers", "said", "slowest"),
    [
        pytest.param(plain, linux_answers("eno1"), "eno1: Ethernet, 1 Gbit/s, full duplex", 1000, id="cable"),
        pytest.param(
            plain,
            linux_answers("eno1", **{"ethtool eno1": ETHTOOL}),
            "eno1: Ethernet, 1 Gbit/s, full duplex (the port can do 2.5 Gbit/s)",
            1000,
            id="less than it can",
        ),
        pytest.param(
            plain,
            linux_answers("eno1", **{"ethtool eno1": "Settings for eno1:\n\tSupported link modes:   Not reported\n"}),
            "eno1: Ethernet, 1 Gbit/s, full duplex",
            1000,
            id="a card that does not tell what it can",
        ),
        pytest.param(
            bonded,
            linux_answers("bond0"),
            "bond0: bond of eno1: Ethernet, 1 Gbit/s, full duplex; eno2: Ethernet, 10 Gbit/s, full duplex",
            1000,
            id="bond",
        ),
        pytest.param(
            bridged,
            linux_answers("br0"),
            "br0: bridge of eno1: Ethernet, 100 Mbit/s, half duplex",
            100,
            id="bridge, without its virtual machines",
        ),
        pytest.param(
            tagged, linux_answers("eno1.7"), "eno1.7: VLAN of eno1: Ethernet, 2.5 Gbit/s, full duplex", 2500, id="VLAN"
        ),
        pytest.param(
            lambda root: card(root, "eno1", "device", speed="-1", duplex="unknown"),
            linux_answers("eno1"),
            "eno1: Ethernet, speed unknown",
            None,
            id="speed -1",
        ),
        pytest.param(
            lambda root: card(root, "eno1", "device", speed="4294967295", duplex="unknown"),
            linux_answers("eno1"),
            "eno1: Ethernet, speed unknown",
            None,
            id="all ones",
        ),
        pytest.param(
            lambda root: card(root, "eno1", "device", carrier="0", speed="1000", duplex="full"),
            linux_answers("eno1"),
            "eno1: Ethernet, no link",
            None,
            id="no link",
        ),
        pytest.param(
            lambda root: card(root, "wlp2s0", "device", "wireless"),
            linux_answers("wlp2s0", **{"iw dev wlp2s0 link": "Connected to 00:11\n\ttx bitrate: 585.0 MBit/s VHT\n"}),
            "wlp2s0: Wi-Fi, 585 Mbit/s",
            585,
            id="Wi-Fi",
        ),
        pytest.param(
            lambda root: card(root, "wlp2s0", "device", "phy80211"),
            linux_answers("wlp2s0"),
            "wlp2s0: Wi-Fi, speed unknown",
            None,
            id="Wi-Fi without iw",
        ),
        pytest.param(
            lambda root: card(root, "wg0", type="65534"),
            linux_answers("wg0"),
            "wg0: its medium is unknown, speed unknown",
            None,
            id="tunnel",
        ),
        pytest.param(
            plain,
            linux_answers(None, **{"ip -json route show default": '[{"dst":"default","dev":"eno1"}]'}),
            "eno1: Ethernet, 1 Gbit/s, full duplex",
            1000,
            id="default route",
        ),
        pytest.param(plain, linux_answers(None), None, None, id="no way"),
    ],
)
def test_linux(
    host_files: Path, prepare: Callable[[Path], None], answers: Answers, said: str | None, slowest: float | None
) -> None:
    prepare(host_files)
    port = linux.read(answers, "192.168.1.12")
    assert (str(port) if port else None) == said
    assert (port.slowest if port else None) == slowest


def test_an_answer_of_ip_that_is_no_json_is_an_error() -> None:
    with pytest.raises(CommandError, match="printed no JSON"):
        linux.read(Answers({"ip -json address show": 'Object "-json" is unknown'}), "192.168.1.12")
