# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.unit.plugins.harness import Call, call
from tests.unit.plugins.recorded import recorded

if TYPE_CHECKING:
    from collections.abc import Callable

PROFILER = ["/usr/sbin/system_profiler", "SPThunderboltDataType", "-json"]
LIST_PORTS = ["/usr/sbin/networksetup", "-listallhardwareports"]
PROFILE = call(PROFILER, out=recorded("system_profiler-thunderbolt.macos-26.json"))
LISTED = recorded("networksetup-listallhardwareports.macos-26.txt")
PORTS = call(LIST_PORTS, out=LISTED)
ETHERNET = call(LIST_PORTS, out=LISTED.partition("\nHardware Port: Wi-Fi")[0])

TO_A_MAC = {
    "receptacle": 1,
    "device": "en2",
    "connected": True,
    "speed": "80 Gb/s",
    "speed_gigabits": 80,
    "capability_gigabits": None,
    "domain_uuid": "3D589BC7-F32A-4054-BE1A-F8253AD4FE51",
    "peer_domain_uuid": "0E6A7C55-1C34-4A0E-9BB5-4F3E4F3A6A10",
    "peer_model": "Mac15,14",
    "peer_name": "Mac Studio",
}
EMPTY = {
    **dict.fromkeys(TO_A_MAC),
    "receptacle": 2,
    "device": "en3",
    "connected": False,
    "speed": "Up to 120 Gb/s",
    "capability_gigabits": 120,
    "domain_uuid": "3D589BC7-F32A-4054-BE1A-F8253AD4FE52",
}
TO_A_DOCK = {
    **dict.fromkeys(TO_A_MAC),
    "receptacle": 3,
    "device": "en4",
    "connected": True,
    "speed": "40 Gb/s",
    "speed_gigabits": 40,
    "domain_uuid": "3D589BC7-F32A-4054-BE1A-F8253AD4FE53",
}
NO_DEVICES = [{**port, "device": None} for port in (TO_A_MAC, EMPTY, TO_A_DOCK)]


@pytest.mark.parametrize(
    ("calls", "check", "ports"),
    [
        pytest.param([PROFILE, PORTS], False, [TO_A_MAC, EMPTY, TO_A_DOCK], id="mac-nothing-and-dock"),
        pytest.param([PROFILE, PORTS], True, [TO_A_MAC, EMPTY, TO_A_DOCK], id="check-mode"),
        pytest.param([PROFILE, ETHERNET], False, NO_DEVICES, id="ports-without-device"),
        pytest.param([call(PROFILER, out='{"SPThunderboltDataType" : []}'), PORTS], False, [], id="no-thunderbolt"),
    ],
)
def test_ports(
    run_module: Callable[..., dict[str, Any]], calls: list[Call], check: bool, ports: list[dict[str, Any]]
) -> None:
    result = run_module("macos_thunderbolt_info", {}, calls, check=check)
    assert (result["changed"], result["ports"]) == (False, ports)


@pytest.mark.parametrize(
    ("calls", "message"),
    [
        pytest.param(
            [call(PROFILER, out="{}"), PORTS],
            "`/usr/sbin/system_profiler SPThunderboltDataType -json` gave no list of Thunderbolt buses: "
            "'SPThunderboltDataType'",
            id="no-list",
        ),
        pytest.param(
            [call(PROFILER, rc=1)],
            "`/usr/sbin/system_profiler SPThunderboltDataType -json` failed with status 1: it printed nothing",
            id="failed-read",
        ),
        pytest.param(
            [PROFILE, call(LIST_PORTS)],
            "networksetup says nothing, so which hardware ports there are is unknown.",
            id="no-hardware-ports",
        ),
    ],
)
def test_failures(run_module: Callable[..., dict[str, Any]], calls: list[Call], message: str) -> None:
    result = run_module("macos_thunderbolt_info", {}, calls)
    assert (result["failed"], result["msg"]) == (True, message)
