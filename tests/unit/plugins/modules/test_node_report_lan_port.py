# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The line about the LAN port: a slow cable is false, Wi-Fi a warning with its figure, and unknown is unknown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.unit.plugins.harness import call

if TYPE_CHECKING:
    from collections.abc import Callable

    Run = Callable[..., dict[str, Any]]

HARDWARE = """
Hardware Port: Ethernet
Device: en0
Ethernet Address: 1c:f6:4c:00:00:01

Hardware Port: Wi-Fi
Device: en1
Ethernet Address: 1c:f6:4c:00:00:02
"""
WIFI = '{"SPAirPortDataType":[{"spairport_airport_interfaces":[{"_name":"en1",%s}]}]}'
RATE = WIFI % '"spairport_current_network_information":{"spairport_network_rate":"144"}'
EXPECTED = "1 Gbit/s or more, full duplex"
WARNING = "Warning: Wi-Fi, which everybody around shares; members of a cluster belong on a cable"


SUPPORTED = "\tsupported media:\n\t\tmedia autoselect\n\t\tmedia 1000baseT mediaopt full-duplex\n"


def device(name: str, media: str) -> list[Any]:
    head = f"{name}: flags=8863<UP,RUNNING> mtu 1500\n\tinet 192.168.1.11 netmask 0xffffff00 broadcast 192.168.1.255\n"
    text = f"{head}\tmedia: {media}\n\tstatus: active\n"
    return [
        call(["/sbin/ifconfig", "-a"], out=text),
        call(["/usr/sbin/networksetup", "-listallhardwareports"], out=HARDWARE),
        call(["/sbin/ifconfig", name], out=text),
        *([call(["/sbin/ifconfig", "-m", name], out=text + SUPPORTED)] if name == "en0" else []),
    ]


def airport(out: str) -> Any:
    return call(["/usr/sbin/system_profiler", "SPAirPortDataType", "-json"], out=out)


@pytest.mark.parametrize(
    ("minimum", "calls", "ok", "measured", "expected"),
    [
        pytest.param(
            1000,
            device("en0", "autoselect (1000baseT <full-duplex>)"),
            True,
            "en0: Ethernet, 1 Gbit/s, full duplex",
            EXPECTED,
            id="gigabit",
        ),
        pytest.param(
            1000,
            device("en0", "autoselect (100baseTX <full-duplex>)"),
            False,
            "en0: Ethernet, 100 Mbit/s, full duplex (the port can do 1 Gbit/s)",
            EXPECTED,
            id="100 Mbit/s",
        ),
        pytest.param(
            10000,
            device("en0", "autoselect (2500Base-T <full-duplex>)"),
            False,
            "en0: Ethernet, 2.5 Gbit/s, full duplex",
            "10 Gbit/s or more, full duplex",
            id="less than this host is to have",
        ),
        pytest.param(
            1000,
            device("en0", "autoselect (1000baseT <half-duplex>)"),
            False,
            "en0: Ethernet, 1 Gbit/s, half duplex",
            EXPECTED,
            id="half duplex",
        ),
        pytest.param(
            0,
            device("en0", "autoselect (100baseTX <half-duplex>)"),
            True,
            "en0: Ethernet, 100 Mbit/s, half duplex (the port can do 1 Gbit/s)",
            "any speed",
            id="any",
        ),
        pytest.param(
            1000,
            device("en0", "autoselect <full-duplex>"),
            True,
            "en0: Ethernet, speed unknown, full duplex",
            EXPECTED,
            id="unknown",
        ),
        pytest.param(
            1000,
            [*device("en1", "autoselect"), airport(RATE)],
            True,
            f"en1: Wi-Fi, 144 Mbit/s. {WARNING}",
            EXPECTED,
            id="Wi-Fi",
        ),
        pytest.param(
            1000,
            [*device("en1", "autoselect"), airport(WIFI % '"spairport_status_information":"x"')],
            True,
            f"en1: Wi-Fi, speed unknown. {WARNING}",
            EXPECTED,
            id="Wi-Fi without a figure",
        ),
        pytest.param(
            1000,
            [
                call(
                    ["/sbin/ifconfig", "-a"], out="lo0: flags=8049<UP> mtu 16384\n\tinet 127.0.0.1 netmask 0xff000000\n"
                ),
                call(["/sbin/route", "-n", "get", "default"], rc=1),
            ],
            True,
            "unknown: no port has 192.168.1.11, and there is no default route",
            EXPECTED,
            id="no port",
        ),
        pytest.param(
            1000,
            [call(["/sbin/ifconfig", "-a"], rc=1, err="ifconfig: broken")],
            False,
            "not measured: `/sbin/ifconfig -a` failed with status 1: ifconfig: broken",
            "a measurement",
            id="failure",
        ),
    ],
)
def test_line(run_module: Run, minimum: int, calls: list[Any], *, ok: bool, measured: str, expected: str) -> None:
    check = {"capability": "node_exporter", "check": "lan_port", "address": "192.168.1.11", "minimum_megabits": minimum}
    [line] = run_module("node_report", {"checks": [check]}, calls)["lines"]
    assert (line["ok"], line["measured"], line["expected"]) == (ok, measured, expected)
    if not ok and expected != "a measurement":
        assert "cluster_lan_minimum_megabits" in line["advice"]
