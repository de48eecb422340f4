# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.unit.plugins.harness import Call, call
from tests.unit.plugins.mac_network import addresses
from tests.unit.plugins.recorded import recorded

if TYPE_CHECKING:
    from collections.abc import Callable

NETWORKSETUP = "/usr/sbin/networksetup"
MINI = recorded("networksetup-listallhardwareports.macos-26.txt")
PORTS = call([NETWORKSETUP, "-listallhardwareports"], out=MINI)
WIRED = call([NETWORKSETUP, "-listallhardwareports"], out=MINI.replace("Hardware Port: Wi-Fi", "Hardware Port: USB"))
READ = [NETWORKSETUP, "-getairportpower", "en1"]
ON = call(READ, out="Wi-Fi Power (en1): On\n")
OFF = call(READ, out="Wi-Fi Power (en1): Off\n")
CABLE = addresses(en0="10.66.1.11", en1="")
TURN_OFF = call([NETWORKSETUP, "-setairportpower", "en1", "off"])


@pytest.mark.parametrize(
    ("power", "calls", "check", "expected"),
    [
        pytest.param(
            False,
            [PORTS, ON, CABLE, TURN_OFF, OFF],
            False,
            {"changed": True, "power": False, "device": "en1"},
            id="change",
        ),
        pytest.param(
            True,
            [PORTS, OFF, call([NETWORKSETUP, "-setairportpower", "en1", "on"]), ON],
            False,
            {"changed": True, "power": True},
            id="turn-on",
        ),
        pytest.param(False, [PORTS, OFF], False, {"changed": False}, id="no-change"),
        pytest.param(False, [WIRED], False, {"changed": False, "power": False}, id="no-radio-is-off"),
        pytest.param(False, [PORTS, ON, CABLE], True, {"changed": True, "power": False}, id="check-mode"),
    ],
)
def test_wifi(
    run_module: Callable[..., dict[str, Any]], power: bool, calls: list[Call], check: bool, expected: dict[str, Any]
) -> None:
    result = run_module("macos_wifi", {"power": power}, calls, check=check)
    assert {key: result.get(key) for key in expected} == expected


@pytest.mark.parametrize(
    ("power", "calls", "message"),
    [
        pytest.param(
            False,
            [PORTS, ON, CABLE, TURN_OFF, ON],
            "The change did not take effect: power is on instead of off. `/usr/sbin/networksetup -setairportpower en1 "
            "off` ended with status 0.",
            id="read-back-mismatch-with-exit-status-0",
        ),
        pytest.param(
            True,
            [WIRED],
            "This Mac has no Wi-Fi: `networksetup -listallhardwareports` lists no port Wi-Fi.",
            id="no-radio-to-turn-on",
        ),
        pytest.param(
            False,
            [
                PORTS,
                call(
                    READ,
                    out="en1 is not a Wi-Fi interface.\n** Error: Error obtaining wireless information.\n",
                ),
            ],
            'networksetup says "en1 is not a Wi-Fi interface. ** Error: Error obtaining wireless information.", so the '
            "Wi-Fi power of en1 is unknown.",
            id="failed-read",
        ),
    ],
)
def test_failures(run_module: Callable[..., dict[str, Any]], power: bool, calls: list[Call], message: str) -> None:
    result = run_module("macos_wifi", {"power": power}, calls)
    assert (result["failed"], result["msg"]) == (True, message)
