# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from lab.standins.exo.standin import mac
from lab.standins.exo.standin.programs import ProgramError

PORTS = """
Hardware Port: Ethernet
Device: en0
Ethernet Address: 1c:f6:4c:00:00:01

Hardware Port: Wi-Fi
Device: en1
Ethernet Address: 1c:f6:4c:00:00:02

Hardware Port: Thunderbolt Bridge
Device: bridge0
Ethernet Address: 36:e3:5e:f0:6d:80

Hardware Port: Thunderbolt 1
Device: en2
Ethernet Address: 36:e3:5e:f0:6d:80

VLAN Configurations
===================
"""
ORDER = """An asterisk (*) denotes that a network service is disabled.
(1) Ethernet
(Hardware Port: Ethernet, Device: en0)

(2) Thunderbolt Bridge
(Hardware Port: Thunderbolt Bridge, Device: bridge0)

"""
MEMBER = "bridge0: flags=8863<UP> mtu 1500\n\tmember: en2 flags=3<LEARNING,DISCOVER>\n"
BUS = {"domain_uuid_key": "D1", "receptacle_1_tag": {"receptacle_id_key": "1", "current_speed_key": "Up to 40 Gb/s"}}
THUNDERBOLT = {
    "SPThunderboltDataType": [
        {**BUS, "_items": [{"_name": "Mac mini", "domain_uuid_key": "D9"}]},
        {"_name": "thunderboltusb4_bus_1", "receptacle_1_tag": {"receptacle_id_key": "2"}},
    ]
}


def test_ports() -> None:
    expected = [
        ("Ethernet", "en0"),
        ("Wi-Fi", "en1"),
        ("Thunderbolt Bridge", "bridge0"),
        ("Thunderbolt 1", "en2"),
    ]
    assert mac.parse_ports(PORTS) == expected


@pytest.mark.parametrize(
    ("port", "device", "kind"),
    [
        ("Ethernet", "en0", "ethernet"),
        ("Wi-Fi", "en1", "wifi"),
        ("Thunderbolt Bridge", "bridge0", "thunderbolt"),
        ("Thunderbolt 1", "en2", "maybe_ethernet"),
        ("USB 10/100/1000 LAN", "en7", "maybe_ethernet"),
        ("com.wireguard.macos", "", "unknown"),
    ],
)
def test_interface_type(port: str, device: str, kind: str) -> None:
    assert mac.interface_type(port, device) == kind


def test_thunderbolt() -> None:
    ports, cables = mac.parse_thunderbolt(json.dumps(THUNDERBOLT), {"Thunderbolt 1": "en2"})
    assert ports == [{"rdmaInterface": "rdma_en2", "domainUuid": "D1", "linkSpeed": "Up to 40 Gb/s"}]
    assert cables == [{"sourceUuid": "D1", "sinkUuid": "D9"}]


@pytest.mark.parametrize(
    ("outputs", "expected"),
    [
        pytest.param(
            {"ifconfig": MEMBER, "-getnetworkserviceenabled": "Enabled\n"},
            {"enabled": True, "exists": True, "serviceName": "Thunderbolt Bridge"},
            id="bridged",
        ),
        pytest.param(
            {"ifconfig": MEMBER, "-getnetworkserviceenabled": "Disabled\n"},
            {"enabled": False, "exists": True, "serviceName": "Thunderbolt Bridge"},
            id="service-disabled",
        ),
        pytest.param(
            {"ifconfig": "bridge0: flags=8863<UP> mtu 1500\n"},
            {"enabled": False, "exists": False, "serviceName": None},
            id="bridge-without-members",
        ),
        pytest.param({}, {"enabled": False, "exists": False, "serviceName": None}, id="no-bridge-device"),
    ],
)
def test_bridge_status(monkeypatch: pytest.MonkeyPatch, outputs: dict[str, str], expected: dict[str, Any]) -> None:
    async def output(*argv: str) -> str:
        if argv[1] == "-listnetworkserviceorder":
            return ORDER
        for word, text in outputs.items():
            if word in argv:
                return text
        raise ProgramError(" ".join(argv))

    monkeypatch.setattr(mac, "output", output)
    assert asyncio.run(mac.bridge_status(mac.parse_ports(PORTS))) == expected
