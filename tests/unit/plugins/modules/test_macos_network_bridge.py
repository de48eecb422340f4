# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
from __future__ import annotations

import plistlib
from typing import TYPE_CHECKING, Any

import pytest

from tests.unit.plugins.harness import Call, call
from tests.unit.plugins.mac_network import (
    BRIDGED,
    IFCONFIG,
    NO_BRIDGE,
    UNBRIDGED,
    bridge,
    dhcp,
    encode,
    manual,
    order,
    ports,
    preferences,
    setup,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

FILE = "Library/Preferences/SystemConfiguration/preferences.plist"
BACKUP = "var/db/hybrid-ai/network-preferences.plist"
OFF = [*UNBRIDGED, ("Thunderbolt Bridge", "bridge0", False)]
CABLES = [("Thunderbolt 1", "en2", True), ("Thunderbolt 2", "en3", True)]
ADDRESS = {"method": "manual", "address": "10.66.64.1", "netmask": "255.255.255.0"}
ABSENT = {"bridge": {"state": "absent"}}
PRESENT = {"bridge": {"state": "present"}}
STORED, FORGOTTEN = preferences("en2", "en3"), preferences(stored=False)


def ifconfig(*words: str, rc: int = 0, err: str = "") -> Call:
    return call([IFCONFIG, "bridge0", *words], rc=rc, err=err)


DESTROY = [ifconfig("deletem", "en2"), ifconfig("deletem", "en3"), ifconfig("destroy")]
SWITCH_OFF = setup("-setnetworkserviceenabled", "Thunderbolt Bridge", "off")

# (options, preferences before and after, what is read before, what is run, what is read afterwards)
CASES = [
    pytest.param(
        ABSENT,
        STORED,
        FORGOTTEN,
        [bridge("en2", "en3"), ports(), order(BRIDGED)],
        [SWITCH_OFF, *DESTROY],
        [NO_BRIDGE, ports(bridge=False), order(OFF)],
        id="ended",
    ),
    pytest.param(ABSENT, FORGOTTEN, FORGOTTEN, [NO_BRIDGE, ports(), order(OFF)], [], [], id="ended-already"),
    pytest.param(
        ABSENT,
        STORED,
        FORGOTTEN,
        [NO_BRIDGE, ports(), order(OFF)],
        [],
        [NO_BRIDGE, ports(), order(OFF)],
        id="would-come-back-at-boot",
    ),
    pytest.param(
        ABSENT,
        FORGOTTEN,
        FORGOTTEN,
        [bridge("en3"), ports(), order(OFF)],
        [ifconfig("deletem", "en3"), ifconfig("destroy")],
        [NO_BRIDGE, ports(), order(OFF)],
        id="killed-half-way",
    ),
    pytest.param(
        {**ABSENT, "services": [{"port": "Thunderbolt 1", "enabled": True, "ipv4": ADDRESS}]},
        STORED,
        FORGOTTEN,
        [bridge("en2", "en3"), ports(), order(BRIDGED)],
        [
            SWITCH_OFF,
            *DESTROY,
            setup("-createnetworkservice", "Thunderbolt 1", "Thunderbolt 1"),
            setup("-setmanual", "Thunderbolt 1", "10.66.64.1", "255.255.255.0"),
        ],
        [
            NO_BRIDGE,
            ports(bridge=False),
            order([*OFF, CABLES[0]]),
            manual("Thunderbolt 1", "10.66.64.1", "255.255.255.0"),
        ],
        id="ended-and-the-port-addressed",
    ),
    pytest.param(
        {**PRESENT, "services": [{"device": "bridge0", "enabled": True, "ipv4": ADDRESS}]},
        STORED,
        STORED,
        [bridge("en2", "en3"), ports(), order(BRIDGED), dhcp("Thunderbolt Bridge", None)],
        [setup("-setmanual", "Thunderbolt Bridge", "10.66.64.1", "255.255.255.0")],
        [
            bridge("en2", "en3"),
            ports(),
            order(BRIDGED),
            manual("Thunderbolt Bridge", "10.66.64.1", "255.255.255.0"),
        ],
        id="addressed",
    ),
    pytest.param(PRESENT, STORED, STORED, [bridge("en2", "en3"), ports(), order(BRIDGED)], [], [], id="there-already"),
    pytest.param(
        {**PRESENT, "services": [{"device": "bridge0", "enabled": True, "ipv4": ADDRESS}]},
        FORGOTTEN,
        STORED,
        [NO_BRIDGE, ports(bridge=False), order([*UNBRIDGED, *CABLES])],
        [
            setup("-setnetworkserviceenabled", "Thunderbolt 1", "off"),
            setup("-setnetworkserviceenabled", "Thunderbolt 2", "off"),
            ifconfig("create"),
            ifconfig("addm", "en2"),
            ifconfig("addm", "en3"),
            ifconfig("up"),
            setup("-createnetworkservice", "Thunderbolt Bridge", "Thunderbolt Bridge"),
            setup("-setmanual", "Thunderbolt Bridge", "10.66.64.1", "255.255.255.0"),
        ],
        [
            bridge("en2", "en3"),
            ports(),
            order([*BRIDGED, *((name, device, False) for name, device, _ in CABLES)]),
            manual("Thunderbolt Bridge", "10.66.64.1", "255.255.255.0"),
        ],
        id="made-again-from-single-cables",
    ),
    pytest.param(
        PRESENT,
        STORED,
        STORED,
        [bridge("en2"), ports(), order(BRIDGED)],
        [ifconfig("addm", "en3")],
        [bridge("en2", "en3"), ports(), order(BRIDGED)],
        id="a-member-is-missing",
    ),
]


def put(host: Path, content: bytes) -> None:
    (host / FILE).parent.mkdir(parents=True, exist_ok=True)
    (host / FILE).write_bytes(content)


@pytest.mark.parametrize(("args", "before", "after", "reads", "writes", "reads_back"), CASES)
@pytest.mark.parametrize("binary", [False, True], ids=["xml", "binary"])
def test_bridge(
    *,
    args: dict[str, Any],
    before: dict[str, object],
    after: dict[str, object],
    reads: list[Call],
    writes: list[Call],
    reads_back: list[Call],
    binary: bool,
    run_module: Callable[..., dict[str, Any]],
    host_files: Path,
) -> None:
    put(host_files, encode(before, binary=binary))
    original = (host_files / FILE).read_bytes()
    predicted = run_module("macos_network", args, reads, check=True)
    assert (host_files / FILE).read_bytes() == original

    result = run_module("macos_network", args, [*reads, *writes, *reads_back])
    assert predicted["changed"] == result["changed"] == bool(reads_back)
    assert predicted["diff"] == result["diff"]
    assert plistlib.loads((host_files / FILE).read_bytes()) == after
    assert (host_files / FILE).read_bytes().startswith(b"bplist") is binary
    assert (host_files / BACKUP).exists() is (before != after)
    if before != after:
        assert (host_files / BACKUP).read_bytes() == original


FAILURES = [
    pytest.param(
        [
            bridge("en2"),
            ports(),
            order(OFF),
            ifconfig("deletem", "en2", rc=1, err="ifconfig: BRDGDEL en2: Device busy\n"),
        ],
        encode(FORGOTTEN),
        "`/sbin/ifconfig bridge0 deletem en2` failed with status 1: ifconfig: BRDGDEL en2: Device busy",
        id="refused",
    ),
    pytest.param(
        [
            bridge("en2"),
            ports(),
            order(OFF),
            ifconfig("deletem", "en2"),
            ifconfig("destroy"),
            bridge(),
            ports(),
            order(OFF),
        ],
        encode(FORGOTTEN),
        "The setting bridge of the network service bridge0 was written but is"
        " {'running': True, 'members': [], 'stored': False} instead of"
        " {'running': False, 'members': [], 'stored': False}.",
        id="read-back-mismatch",
    ),
    pytest.param(
        [NO_BRIDGE],
        b"half a file",
        "/Library/Preferences/SystemConfiguration/preferences.plist is damaged (",
        id="damaged-preferences",
    ),
]


@pytest.mark.parametrize(("calls", "content", "message"), FAILURES)
def test_failures(
    *,
    calls: list[Call],
    content: bytes,
    message: str,
    run_module: Callable[..., dict[str, Any]],
    host_files: Path,
) -> None:
    put(host_files, content)
    result = run_module("macos_network", ABSENT, calls)
    assert result["failed"]
    assert result["msg"].startswith(message)
