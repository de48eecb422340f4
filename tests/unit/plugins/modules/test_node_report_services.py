# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The lines about services, files, links and the cluster, and what the report makes of bad checks."""

from __future__ import annotations

import plistlib
import socket
from typing import TYPE_CHECKING, Any

import pytest

from tests.unit.plugins.harness import Call, call
from tests.unit.plugins.recorded import recorded

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

LAUNCHCTL = "/bin/launchctl"
EXO = [LAUNCHCTL, "print", "system/hybrid-ai.exo"]
RUNNING = call(EXO, out="x = {\n\tstate = running\n\tpid = 42\n\tlast exit code = (never exited)\n}\n")
STARTED = ["/bin/ps", "-o", "lstart=", "-p", "42"]
SYSTEMD = [
    "systemctl",
    "show",
    "--property=LoadState,ActiveState,MainPID,ActiveEnterTimestamp",
    "hybrid-ai-gateway.service",
]
HELPER = {"check": "launchd_absent", "label": "io.exo.networksetup", "location": "exo", "paths": ["/opt/left"]}
HELPER_PLIST = "/Library/LaunchDaemons/io.exo.networksetup.plist"
HELPER_GONE = call([LAUNCHCTL, "print", "system/io.exo.networksetup"], rc=113)
LOCATIONS = ["/usr/sbin/networksetup", "-listlocations"]
APPLICATION = {"check": "application", "path": "/Applications/EXO.app", "version": "1.0.71"}
CODESIGN = ["/usr/bin/codesign", "--verify", "/Applications/EXO.app"]
IFCONFIG = ["/sbin/ifconfig", "en2"]
EN2 = call(IFCONFIG, out="en2: flags=8863<UP> mtu 1500\n\tinet 10.66.64.1 netmask 0xfffffffc broadcast 10.66.64.3\n")
SELF_ASSIGNED = call(IFCONFIG, out="\tinet 169.254.7.7 netmask 0xffff0000 broadcast 169.254.255.255\n")
LOOKS = 7
"""How often what macOS applies by itself is looked at: with everybody, and once a second."""
ORDER = call(
    ["/usr/sbin/networksetup", "-listnetworkserviceorder"],
    out="An asterisk (*) denotes that a network service is disabled.\n(1) Ethernet\n(Hardware Port: Ethernet, Device: "
    "en0)\n\n(2) Thunderbolt 1\n(Hardware Port: Thunderbolt 1, Device: en2)\n\n",
)
INFO = ["/usr/sbin/networksetup", "-getinfo", "Thunderbolt 1"]
ADDRESS = {"check": "addresses", "device": "en2", "address": "10.66.64.1", "prefix": 30, "method": "manual"}
BRIDGE = ["/sbin/ifconfig", "bridge0"]
NO_BRIDGE = call(BRIDGE, rc=1, err="ifconfig: interface bridge0 does not exist\n")
BRIDGE_UP = call(
    BRIDGE, out="bridge0: flags=8863<UP> mtu 1500\n\tmember: en2 flags=3<LEARNING,DISCOVER>\n\tmember: en4 \n"
)
PROFILE = call(
    ["/usr/sbin/system_profiler", "SPThunderboltDataType", "-json"],
    out=recorded("system_profiler-thunderbolt.macos-26.json"),
)
PORTS = call(
    ["/usr/sbin/networksetup", "-listallhardwareports"],
    out=recorded("networksetup-listallhardwareports.macos-26.txt"),
)
POWER = {"check": "macos_setting", "setting": "power"}
NOT_SET_UP = (
    "unknown: olab2.tb (10.66.64.2) does not answer; "
    "olab2 is not in this run, or was left out, and may not be set up yet"
)
PEER = "0E6A7C55-1C34-4A0E-9BB5-4F3E4F3A6A10"
PING = ["/sbin/ping", "-n", "-c", "1", "-W", "1000", "10.66.64.2"]
PINGS = ["/sbin/ping", "-n", "-c", "3", "-W", "1000", "-i", "0.2", "10.66.64.2"]
LINK = {"check": "link", "name": "olab2.tb", "address": "10.66.64.2", "host": "olab2"}


def exo(version: str) -> dict[str, bytes]:
    return {"Applications/EXO.app/Contents/Info.plist": plistlib.dumps({"CFBundleShortVersionString": version})}


STORED_BRIDGE = {
    "Library/Preferences/SystemConfiguration/preferences.plist": plistlib.dumps(
        {"VirtualNetworkInterfaces": {"Bridge": {"bridge0": {"Interfaces": ["en2"]}}}}
    )
}


@pytest.mark.parametrize(
    ("check", "calls", "files", "line"),
    [
        pytest.param(
            {"check": "service", "name": "exo"},
            [RUNNING, call(STARTED, out="Sat Nov 21 10:00:00 2026\n")],
            {},
            (True, "running, pid 42, since Sat Nov 21 10:00:00 2026", "running"),
            id="service",
        ),
        pytest.param(
            {"check": "service", "name": "exo"},
            [call(EXO, out="x = {\n\tstate = not running\n\tlast exit code = 78: EX_CONFIG\n}\n")],
            {},
            (False, "stopped, last exit code 78: EX_CONFIG", "running"),
            id="service-false",
        ),
        pytest.param(
            {"check": "service", "name": "exo", "expected": "absent"},
            [call(EXO, rc=113)],
            {},
            (True, "absent", "absent"),
            id="service-absent",
        ),
        pytest.param(
            HELPER, [HELPER_GONE, call(LOCATIONS, out="Automatic\n")], {}, (True, "nothing", "nothing"), id="gone"
        ),
        pytest.param(
            HELPER,
            [
                call([LAUNCHCTL, "print", "system/io.exo.networksetup"], out="x = {\n\tstate = not running\n}\n"),
                call(LOCATIONS, out="Automatic\nexo\n"),
            ],
            {"opt/left": b"", HELPER_PLIST[1:]: b""},
            (
                False,
                f"io.exo.networksetup is loaded, {HELPER_PLIST}, /opt/left, network location exo",
                "nothing",
            ),
            id="gone-false",
        ),
        pytest.param(
            APPLICATION,
            [call(CODESIGN)],
            exo("1.0.71"),
            (True, "version 1.0.71, signature valid", "version 1.0.71, signature valid"),
            id="application",
        ),
        pytest.param(
            APPLICATION,
            [call(CODESIGN, rc=1, err="/Applications/EXO.app: code object is not signed at all\n")],
            exo("1.0.70"),
            (
                False,
                "version 1.0.70, signature not valid: /Applications/EXO.app: code object is not signed at all",
                "version 1.0.71, signature valid",
            ),
            id="application-false",
        ),
        pytest.param(APPLICATION, [], {}, (False, "not installed", "version 1.0.71"), id="application-absent"),
        pytest.param(
            ADDRESS,
            [EN2, ORDER, call(INFO, out="Manual Configuration\nIP address: 10.66.64.1\n")],
            {},
            (True, "10.66.64.1/30 (manual)", "10.66.64.1/30 (manual)"),
            id="addresses",
        ),
        pytest.param(
            ADDRESS,
            [
                *[SELF_ASSIGNED] * LOOKS,
                ORDER,
                call(INFO, out="DHCP Configuration\nClient ID: \n"),
            ],
            {},
            (False, "169.254.7.7/16 (dhcp)", "10.66.64.1/30 (manual)"),
            id="addresses-false",
        ),
        pytest.param(
            ADDRESS,
            [
                SELF_ASSIGNED,
                SELF_ASSIGNED,
                EN2,
                ORDER,
                call(INFO, out="Manual Configuration\nIP address: 10.66.64.1\n"),
            ],
            {},
            (True, "10.66.64.1/30 (manual)", "10.66.64.1/30 (manual)"),
            id="addresses-that-are-applied-later",
        ),
        pytest.param(
            {"check": "addresses", "device": "en2"}, [EN2], {}, (True, "10.66.64.1/30", "an address"), id="any-address"
        ),
        pytest.param(
            {"check": "bridge", "expected": "absent"}, [NO_BRIDGE], {}, (True, "absent", "absent"), id="bridge-absent"
        ),
        pytest.param(
            {"check": "bridge", "expected": "absent"},
            [NO_BRIDGE],
            STORED_BRIDGE,
            (
                False,
                "bridge0 in /Library/Preferences/SystemConfiguration/preferences.plist, so it comes back",
                "absent",
            ),
            id="bridge-absent-false-when-stored",
        ),
        pytest.param(
            {"check": "bridge", "expected": "present", "cables": 2},
            [BRIDGE_UP, PROFILE, PORTS],
            {},
            (True, "bridge0 of en2, en4, cables in en2, en4", "bridge0 with at most 2 cables"),
            id="bridge",
        ),
        pytest.param(
            {"check": "bridge", "expected": "present", "cables": 1},
            [BRIDGE_UP, PROFILE, PORTS],
            {},
            (False, "bridge0 of en2, en4, cables in en2, en4", "bridge0 with at most 1 cables"),
            id="bridge-false-with-a-cable-too-many",
        ),
        pytest.param(
            LINK,
            [call(PING, out=recorded("ping.iputils.txt")), call(PINGS, out=recorded("ping.iputils.txt"))],
            {},
            (True, "0.045 ms, 0 of 2 lost", "an answer, none lost"),
            id="link",
        ),
        pytest.param(
            {**LINK, "maximum_ms": 0.01},
            [call(PING, out=recorded("ping.macos-26.txt")), call(PINGS, out=recorded("ping.macos-26.txt"))],
            {},
            (False, "0.257 ms, 1 of 3 lost", "an answer within 0.01 ms, none lost"),
            id="link-false-when-slow",
        ),
        pytest.param(
            {**LINK, "warm_up_seconds": 0},
            [call(PING, rc=2, out="1 packets transmitted, 0 packets received, 100.0% packet loss\n")],
            {},
            (False, "no answer", "an answer"),
            id="link-false-when-dead",
        ),
        pytest.param(
            {**LINK, "warm_up_seconds": 0, "required": False, "host": "olab2"},
            [call(PING, rc=2, out="1 packets transmitted, 0 packets received, 100.0% packet loss\n")],
            {},
            (
                True,
                NOT_SET_UP,
                "an answer once it is set up",
            ),
            id="link-that-need-not-answer",
        ),
        pytest.param(
            {"check": "thunderbolt_cable", "receptacle": 1, "peer": "olab2", "peer_domain_uuid": PEER},
            [PROFILE, PORTS],
            {},
            (True, f"Mac15,14 ({PEER}), 80 Gb/s", f"a cable to olab2 ({PEER})"),
            id="cable",
        ),
        pytest.param(
            {"check": "thunderbolt_cable", "receptacle": 1, "peer": "olab3", "peer_domain_uuid": "1-2"},
            [PROFILE, PORTS],
            {},
            (False, f"Mac15,14 ({PEER}), 80 Gb/s", "a cable to olab3 (1-2)"),
            id="cable-false-at-another-mac",
        ),
        *(
            pytest.param(
                {"check": "thunderbolt_cable", "receptacle": 1, "peer": "olab3", "minimum_gigabits": minimum},
                [PROFILE, PORTS],
                {},
                (ok, f"Mac15,14 ({PEER}), 80 Gb/s", f"a cable to olab3 with {minimum} Gb/s or more"),
                id=f"cable-that-is-to-have-{minimum}",
            )
            for minimum, ok in ((80, True), (120, False))
        ),
        pytest.param(
            {"check": "thunderbolt_cable", "receptacle": 2, "minimum_gigabits": 40},
            [PROFILE, PORTS],
            {},
            (False, "nothing plugged in", "a cable to another Mac with 40 Gb/s or more"),
            id="cable-false-when-unplugged",
        ),
        pytest.param(
            {"check": "thunderbolt_external", "receptacle": 1, "peer": "laptop", "hosts": {"1-2": "port 1 of olab3"}},
            [PROFILE, PORTS],
            {},
            (
                True,
                f"leads to laptop, which is outside of the inventory: Mac15,14 ({PEER}), 80 Gb/s",
                "leads to laptop, which is outside of the inventory, or nothing plugged in",
            ),
            id="cable-outside",
        ),
        pytest.param(
            {"check": "thunderbolt_external", "receptacle": 2, "peer": "laptop", "hosts": {}},
            [PROFILE, PORTS],
            {},
            (
                True,
                "leads to laptop, which is outside of the inventory: nothing plugged in",
                "leads to laptop, which is outside of the inventory, or nothing plugged in",
            ),
            id="cable-outside-unplugged",
        ),
        pytest.param(
            {"check": "thunderbolt_external", "receptacle": 1, "peer": "laptop", "hosts": {PEER: "port 1 of olab3"}},
            [PROFILE, PORTS],
            {},
            (
                False,
                "leads to port 1 of olab3",
                "leads to laptop, which is outside of the inventory, or nothing plugged in",
            ),
            id="cable-outside-false-at-a-host",
        ),
        pytest.param(
            {"check": "thunderbolt_external", "receptacle": 9, "peer": "laptop", "hosts": {}},
            [PROFILE, PORTS],
            {},
            (
                False,
                "this Mac has no port 9",
                "leads to laptop, which is outside of the inventory, or nothing plugged in",
            ),
            id="cable-outside-false-without-the-port",
        ),
        pytest.param(
            {**POWER, "expected": {"sleep": 0}},
            [call(["/usr/bin/pmset", "-g", "custom"], hangs=True)],
            {},
            (
                False,
                "not measured: `/usr/bin/pmset -g custom` did not finish within 60 seconds and was ended",
                "a measurement",
            ),
            id="not-measured",
        ),
        pytest.param({"check": "wify"}, [], {}, (False, None, "a measurement"), id="unknown-kind-is-a-false-line"),
        pytest.param(
            {"check": "tcp_port", "address": "127.0.0.1", "port": 1, "state": "open"},
            [],
            {},
            (False, "not measured: this kind of check does not know state", "a measurement"),
            id="misspelt-argument-is-a-false-line",
        ),
        pytest.param(
            POWER,
            [],
            {},
            (False, "not measured: the check has no expected: say what to measure", "a measurement"),
            id="missing-argument-is-a-false-line",
        ),
        pytest.param(
            {"check": "link", **LINK, "count": "many"},
            [],
            {},
            (False, "not measured: count is 'many' and must be a whole number", "a measurement"),
            id="wrong-type-is-a-false-line",
        ),
    ],
)
def test_line(
    *,
    run_module: Callable[..., dict[str, Any]],
    host_files: Path,
    check: dict[str, Any],
    calls: list[Call],
    files: dict[str, bytes],
    line: tuple[bool, str | None, str],
) -> None:
    for path, content in files.items():
        (host_files / path).parent.mkdir(parents=True, exist_ok=True)
        (host_files / path).write_bytes(content)
    [found] = run_module("node_report", {"checks": [check]}, calls)["lines"]
    assert (found["ok"], found["measured"], found["expected"]) == (line[0], line[1] or found["measured"], line[2])


@pytest.mark.parametrize(
    ("answer", "line"),
    [
        pytest.param(
            "LoadState=loaded\nActiveState=active\nMainPID=7\nActiveEnterTimestamp=Sat 2026-11-21 10:00:00 UTC\n",
            (True, "running, pid 7, since Sat 2026-11-21 10:00:00 UTC"),
            id="running",
        ),
        pytest.param("LoadState=loaded\nActiveState=failed\nMainPID=0\n", (False, "stopped, failed"), id="failed"),
        pytest.param("LoadState=not-found\nActiveState=inactive\n", (False, "absent"), id="absent"),
    ],
)
def test_systemd_service(run_module: Callable[..., dict[str, Any]], answer: str, line: tuple[bool, str]) -> None:
    check = {"check": "service", "name": "gateway"}
    [found] = run_module("node_report", {"checks": [check]}, [call(SYSTEMD, out=answer)], system="Linux")["lines"]
    assert (found["ok"], found["measured"]) == line


def test_linux_addresses(run_module: Callable[..., dict[str, Any]]) -> None:
    check = {"check": "addresses", "device": "eth0", "address": "10.66.1.10"}
    calls = [
        call(
            ["ip", "-json", "-4", "address", "show", "dev", "eth0"],
            out='[{"ifname":"eth0","addr_info":[{"local":"10.66.1.10","prefixlen":24}]}]\n',
        )
    ]
    [found] = run_module("node_report", {"checks": [check]}, calls, system="Linux")["lines"]
    assert (found["ok"], found["measured"]) == (True, "10.66.1.10/24")


@pytest.mark.parametrize(
    ("address", "ok"), [pytest.param("10.66.64.2", True, id="known"), pytest.param("10.9.9.9", False, id="other")]
)
def test_resolves(
    run_module: Callable[..., dict[str, Any]], monkeypatch: pytest.MonkeyPatch, address: str, ok: bool
) -> None:
    answer = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("10.66.64.2", 0))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_: answer)
    check = {"check": "resolves", "name": "olab2.tb", "address": address}
    [found] = run_module("node_report", {"checks": [check]})["lines"]
    assert (found["ok"], found["measured"]) == (ok, "10.66.64.2")


def test_one_bad_check_stops_no_other_and_commands_run_once(run_module: Callable[..., dict[str, Any]]) -> None:
    checks = [
        {"capability": "macos_headless", **POWER, "expected": {"sleep": 0}},
        {"capability": "macos_headless", "check": "bridge", "expected": "maybe"},
        {"capability": "macos_headless", **POWER, "expected": {"womp": 1}, "title": "wake"},
    ]
    calls = [call(["/usr/bin/pmset", "-g", "custom"], out=recorded("pmset-g-custom.macos-26.5.txt"))]
    result = run_module("node_report", {"checks": checks, "fail_on_false": True}, calls)
    assert [(line["title"], line["ok"]) for line in result["lines"]] == [
        ("power settings", True),
        ("Thunderbolt bridge", False),
        ("wake", True),
    ]
    assert result["failed"] is True
    assert result["msg"] == (
        "Thunderbolt bridge: not measured: expected is maybe and must be one of absent, present, "
        "expected a measurement."
    )
