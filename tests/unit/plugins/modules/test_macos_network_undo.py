# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
from __future__ import annotations

import plistlib
from typing import TYPE_CHECKING, Any

import pytest

from tests.unit.plugins.harness import Call, call
from tests.unit.plugins.mac_network import (
    UNBRIDGED,
    addresses,
    dhcp,
    manual,
    no_dns,
    no_routes,
    order,
    ports,
    setup,
)
from tests.unit.plugins.recorded import warnings_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

LABEL = "hybrid-ai.network-undo"
PLIST = f"/Library/LaunchDaemons/{LABEL}.plist"
SCRIPT = "var/db/hybrid-ai/network-undo"
NOT_THERE = call(["/bin/launchctl", "print", f"system/{LABEL}"], rc=113, err="Bad request.\n")
WAITING = call(["/bin/launchctl", "print", f"system/{LABEL}"], out=f"x = {{\n\tpath = {PLIST}\n\tstate = running\n}}\n")
BOOTSTRAP = call(["/bin/launchctl", "bootstrap", "system", PLIST])
BOOTOUT = call(["/bin/launchctl", "bootout", f"system/{LABEL}"])
ARM = [NOT_THERE, BOOTSTRAP, WAITING]

HEAD = [ports(bridge=False), order(UNBRIDGED)]
OLD = ("10.66.1.11", "255.255.255.0", "10.66.1.1")
NEW = {"method": "manual", "address": "10.66.1.21", "netmask": "255.255.255.0", "router": "10.66.1.1"}
IS_NEW = ("10.66.1.21", "255.255.255.0", "10.66.1.1")
SET_NEW = setup("-setmanual", "Ethernet", *IS_NEW)
ADDRESS = {"services": [{"device": "en0", "ipv4": NEW}], "undo_after": 90}
NETWORKSETUP = "/usr/sbin/networksetup"
WIRED = addresses(en0="10.66.1.11")
BOTH = addresses(en0="10.66.1.11", en1="10.66.2.2")
WAY = call(["/sbin/route", "-n", "get", "10.66.1.1"], out="  interface: en0\n")
NO_ROUTES = no_routes("Ethernet")
ANNOUNCEMENT = "The change is taken back in 90 seconds unless a call with confirm comes through."

# (options, the session's environment, commands, what the script restores; None when nothing is armed)
CASES = [
    pytest.param(
        ADDRESS,
        "",
        [*HEAD, manual("Ethernet", *OLD), WIRED, NO_ROUTES, *ARM, SET_NEW, *HEAD, manual("Ethernet", *IS_NEW)],
        [f"{NETWORKSETUP} -setmanual Ethernet 10.66.1.11 255.255.255.0 10.66.1.1"],
        id="unknown-connection",
    ),
    pytest.param(
        ADDRESS,
        "10.66.1.1 50000 10.66.1.11 22",
        [*HEAD, manual("Ethernet", *OLD), WIRED, WAY, NO_ROUTES, *ARM, SET_NEW, *HEAD, manual("Ethernet", *IS_NEW)],
        [f"{NETWORKSETUP} -setmanual Ethernet 10.66.1.11 255.255.255.0 10.66.1.1"],
        id="connection-of-the-session",
    ),
    pytest.param(
        {**ADDRESS, "connection_address": "10.66.2.2"},
        "",
        [*HEAD, manual("Ethernet", *OLD), BOTH, SET_NEW, *HEAD, manual("Ethernet", *IS_NEW)],
        None,
        id="another-service-carries-the-connection",
    ),
    pytest.param(
        {
            "services": [{"device": "en0", "ipv4": NEW, "dns_servers": ["10.66.1.10"], "enabled": True}],
            "undo_after": 90,
        },
        "",
        [
            *HEAD,
            dhcp("Ethernet"),
            no_dns("Ethernet"),
            WIRED,
            NO_ROUTES,
            *ARM,
            SET_NEW,
            setup("-setdnsservers", "Ethernet", "10.66.1.10"),
            *HEAD,
            manual("Ethernet", *IS_NEW),
            setup("-getdnsservers", "Ethernet", out="10.66.1.10\n"),
        ],
        [f"{NETWORKSETUP} -setdhcp Ethernet", f"{NETWORKSETUP} -setdnsservers Ethernet Empty"],
        id="dhcp-and-name-servers-come-back",
    ),
    pytest.param(
        {
            "services": [{"device": "en0", "enabled": False}, {"device": "en1", "ipv4": {"method": "dhcp"}}],
            "connection_address": "10.66.1.11",
            "undo_after": 90,
        },
        "",
        [
            *HEAD,
            manual("Wi-Fi", "10.66.2.2", "255.255.255.0"),
            BOTH,
            *ARM,
            setup("-setdhcp", "Wi-Fi"),
            setup("-setnetworkserviceenabled", "Ethernet", "off"),
            ports(bridge=False),
            order([("Ethernet", "en0", False), UNBRIDGED[1]]),
            dhcp("Wi-Fi"),
        ],
        [f"{NETWORKSETUP} -setnetworkserviceenabled Ethernet on"],
        id="what-may-cut-comes-last",
    ),
    pytest.param(
        {"order": ["en1"], "undo_after": 90},
        "",
        [
            *HEAD,
            WIRED,
            *ARM,
            setup("-ordernetworkservices", "Wi-Fi", "Ethernet"),
            ports(bridge=False),
            order(UNBRIDGED[::-1]),
        ],
        [f"{NETWORKSETUP} -ordernetworkservices Ethernet Wi-Fi"],
        id="order",
    ),
    pytest.param(
        {"location": "Büro 2", "undo_after": 90},
        "",
        [
            setup("-listlocations", out="Automatic\nBüro 2\n"),
            setup("-getcurrentlocation", out="Automatic\n"),
            *ARM,
            setup("-switchtolocation", "Büro 2"),
            setup("-listlocations", out="Automatic\nBüro 2\n"),
            setup("-getcurrentlocation", out="Büro 2\n"),
        ],
        [f"{NETWORKSETUP} -switchtolocation Automatic"],
        id="location",
    ),
    pytest.param(
        {"services": [{"device": "en0", "ipv4": NEW}]},
        "",
        [*HEAD, manual("Ethernet", *OLD), SET_NEW, *HEAD, manual("Ethernet", *IS_NEW)],
        None,
        id="not-asked-for",
    ),
    pytest.param(ADDRESS, "", [*HEAD, manual("Ethernet", *IS_NEW)], None, id="nothing-changes"),
]


@pytest.mark.parametrize(("args", "session", "calls", "restores"), CASES)
def test_undo(
    *,
    args: dict[str, Any],
    session: str,
    calls: list[Call],
    restores: list[str] | None,
    run_module: Callable[..., dict[str, Any]],
    host_files: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (host_files / "Library/LaunchDaemons").mkdir(parents=True)
    monkeypatch.setenv("SSH_CONNECTION", session)
    result = run_module("macos_network", args, calls)
    assert result.get("failed") is None
    assert result["undo_pending"] is (restores is not None)
    assert (ANNOUNCEMENT in warnings_of(result)) is (restores is not None)
    if restores is None:
        assert not (host_files / SCRIPT).exists()
        return
    assert (host_files / SCRIPT).read_text().splitlines()[2:] == [
        "/bin/sleep 90",
        *restores,
        f"/bin/rm -f {PLIST} /var/db/hybrid-ai/network-undo",
        f"/bin/launchctl bootout system/{LABEL}",
    ]
    assert plistlib.loads((host_files / PLIST.lstrip("/")).read_bytes()) == {
        "Label": LABEL,
        "ProgramArguments": ["/bin/sh", "/var/db/hybrid-ai/network-undo"],
        "RunAtLoad": True,
        "ProcessType": "Interactive",
    }


@pytest.mark.parametrize(
    ("pending", "calls", "confirmed"),
    [
        pytest.param(True, [WAITING, BOOTOUT, NOT_THERE], True, id="in-time"),
        pytest.param(True, [NOT_THERE], True, id="killed-half-way"),
        pytest.param(False, [NOT_THERE], False, id="nothing-to-confirm"),
    ],
)
def test_confirm(
    *,
    pending: bool,
    calls: list[Call],
    confirmed: bool,
    run_module: Callable[..., dict[str, Any]],
    host_files: Path,
) -> None:
    for path in (PLIST.lstrip("/"), SCRIPT):
        (host_files / path).parent.mkdir(parents=True)
        if pending:
            (host_files / path).touch()
    result = run_module("macos_network", {"confirm": True}, calls)
    assert (result["changed"], result["confirmed"]) == (False, confirmed)
    assert not (host_files / PLIST.lstrip("/")).exists()
    assert not (host_files / SCRIPT).exists()


@pytest.mark.parametrize("pending", [True, False])
def test_confirm_does_nothing_in_check_mode(
    run_module: Callable[..., dict[str, Any]], host_files: Path, *, pending: bool
) -> None:
    (host_files / SCRIPT).parent.mkdir(parents=True)
    if pending:
        (host_files / SCRIPT).touch()
    assert run_module("macos_network", {"confirm": True}, [], check=True)["confirmed"] is pending
    assert (host_files / SCRIPT).exists() is pending


def test_the_service_of_the_connection_is_not_removed(run_module: Callable[..., dict[str, Any]]) -> None:
    args = {"services": [{"device": "en0", "state": "absent"}], "undo_after": 90}
    result = run_module("macos_network", args, [*HEAD, WIRED])
    assert result["msg"] == (
        "The network service Ethernet carries this connection and could not be brought back: set its option enabled to"
        " false instead of removing it."
    )
