# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
from __future__ import annotations

import fcntl
import plistlib
from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._macos_network import bridge as bridge_edit
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._macos_network.tool import NetworkError

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
from tests.unit.plugins.recorded import warnings_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.unit.plugins.harness import Clock

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
GUARDED = [("Thunderbolt 1", "en2", False), ("Thunderbolt 2", "en3", False)]


def guard(name: str, port: str = "") -> list[Call]:
    """A service that keeps its port out of macOS's bridge."""
    return [setup("-createnetworkservice", name, port or name), setup("-setnetworkserviceenabled", name, "off")]


GUARDS = [*guard("Thunderbolt 1"), *guard("Thunderbolt 2")]
SWITCH_OFF = setup("-setnetworkserviceenabled", "Thunderbolt Bridge", "off")

# (options, preferences before and after, what is read before, what is run, what is read afterwards)
CASES = [
    pytest.param(
        ABSENT,
        STORED,
        FORGOTTEN,
        [bridge("en2", "en3"), ports(), order(BRIDGED)],
        [SWITCH_OFF, *DESTROY, *GUARDS],
        [NO_BRIDGE, ports(bridge=False), order([*OFF, *GUARDED])],
        id="ended",
    ),
    pytest.param(
        ABSENT, FORGOTTEN, FORGOTTEN, [NO_BRIDGE, ports(), order([*OFF, *GUARDED])], [], [], id="ended-already"
    ),
    pytest.param(
        ABSENT,
        FORGOTTEN,
        FORGOTTEN,
        [NO_BRIDGE, ports(bridge=False), order([*UNBRIDGED, *CABLES])],
        [],
        [],
        id="services-that-others-made-keep-it-away-too",
    ),
    pytest.param(
        ABSENT,
        FORGOTTEN,
        FORGOTTEN,
        [NO_BRIDGE, ports(bridge=False), order([*UNBRIDGED, GUARDED[0], ("Thunderbolt 2", "en0", False)])],
        guard("Thunderbolt 2 2", "Thunderbolt 2"),
        [
            NO_BRIDGE,
            ports(bridge=False),
            order([*UNBRIDGED, GUARDED[0], ("Thunderbolt 2", "en0", False), ("Thunderbolt 2 2", "en3", False)]),
        ],
        id="a-port-that-would-come-back-whose-name-is-taken",
    ),
    pytest.param(
        ABSENT,
        STORED,
        FORGOTTEN,
        [NO_BRIDGE, ports(), order(OFF)],
        GUARDS,
        [NO_BRIDGE, ports(), order([*OFF, *GUARDED])],
        id="would-come-back-at-boot",
    ),
    pytest.param(
        ABSENT,
        FORGOTTEN,
        FORGOTTEN,
        [bridge("en3"), ports(), order(OFF)],
        [ifconfig("deletem", "en3"), ifconfig("destroy"), *GUARDS],
        [NO_BRIDGE, ports(), order([*OFF, *GUARDED])],
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
            *guard("Thunderbolt 2"),
        ],
        [
            NO_BRIDGE,
            ports(bridge=False),
            order([*OFF, CABLES[0], GUARDED[1]]),
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


TWO = [("Thunderbolt 1", "en2", True), ("Old cable", "en2", True), GUARDED[1]]


def test_another_service_of_a_port_that_is_ours_is_switched_off(
    run_module: Callable[..., dict[str, Any]], host_files: Path
) -> None:
    put(host_files, encode(FORGOTTEN))
    args = {**ABSENT, "services": [{"port": "Thunderbolt 1", "enabled": True, "ipv4": ADDRESS}]}
    there = manual("Thunderbolt 1", "10.66.64.1", "255.255.255.0")
    reads = [NO_BRIDGE, ports(bridge=False), order([*UNBRIDGED, *TWO]), there]
    off = [TWO[0], ("Old cable", "en2", False), GUARDED[1]]
    writes = [setup("-setnetworkserviceenabled", "Old cable", "off")]
    result = run_module(
        "macos_network", args, [*reads, *writes, NO_BRIDGE, ports(bridge=False), order([*UNBRIDGED, *off]), there]
    )
    assert result["changes"] == [{"service": "Old cable", "setting": "enabled", "before": True, "after": False}]
    assert warnings_of(result) == []


def test_another_service_of_a_port_of_others_is_named(run_module: Callable[..., dict[str, Any]]) -> None:
    args = {"services": [{"device": "en0", "enabled": True}]}
    found = [("Ethernet", "en0", True), ("Guest", "en0", True), ("Old", "en0", False)]
    result = run_module("macos_network", args, [ports(), order(found)])
    assert not result["changed"]
    assert warnings_of(result) == [
        (
            "Ethernet (en0) has 2 network services in use: Ethernet, which is managed, and Guest, which is not. Switch "
            "off what nobody needs in System Settings > Network."
        )
    ]


def test_a_change_by_others_between_read_and_write_is_kept(
    run_module: Callable[..., dict[str, Any]], host_files: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(host_files, encode(STORED))
    theirs = {**STORED, "Sets": {"theirs": 1}}
    real, times = bridge_edit._edited, []

    def edited(edit: Any, content: bytes) -> bytes:
        times.append(content)
        if len(times) == 1:
            put(host_files, encode(theirs))
        return real(edit, content)

    monkeypatch.setattr(bridge_edit, "_edited", edited)
    bridge_edit.apply_edit(bridge_edit.Edit("bridge0", None))
    assert plistlib.loads((host_files / FILE).read_bytes()) == {**FORGOTTEN, "Sets": {"theirs": 1}}
    assert not (host_files / f"{FILE}-lock").exists()


def test_preferences_that_never_stand_still_are_left_alone(host_files: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(host_files, encode(STORED))
    real, times = bridge_edit._edited, []

    def edited(edit: Any, content: bytes) -> bytes:
        times.append(content)
        put(host_files, encode({**STORED, "Sets": {"round": len(times)}}))
        return real(edit, content)

    monkeypatch.setattr(bridge_edit, "_edited", edited)
    with pytest.raises(NetworkError, match="changes all the time, so that nothing was written"):
        bridge_edit.apply_edit(bridge_edit.Edit("bridge0", None))
    assert "bridge0" in plistlib.loads((host_files / FILE).read_bytes())["VirtualNetworkInterfaces"]["Bridge"]


def test_who_holds_the_lock_is_waited_for(host_files: Path, clock: Clock) -> None:
    put(host_files, encode(STORED))
    path = host_files / f"{FILE}-lock"
    with path.open("w") as theirs:
        fcntl.flock(theirs, fcntl.LOCK_EX)
        with pytest.raises(NetworkError, match="Another program has been changing the network preferences for 30 s"):
            bridge_edit.apply_edit(bridge_edit.Edit("bridge0", None))
        assert clock.time >= 1030
        assert plistlib.loads((host_files / FILE).read_bytes()) == STORED
        path.unlink()  # as SCPreferences does when it is done: the name is free again
        bridge_edit.apply_edit(bridge_edit.Edit("bridge0", None))
    assert plistlib.loads((host_files / FILE).read_bytes()) == FORGOTTEN


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
            *GUARDS,
            bridge(),
            ports(),
            order([*OFF, *GUARDED]),
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
