# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""macos_network: what was before the first change is remembered, and set back where nobody has changed it since."""

from __future__ import annotations

import json
import plistlib
from typing import TYPE_CHECKING, Any

import pytest

from tests.unit.plugins.harness import Call, call
from tests.unit.plugins.mac_network import (
    BRIDGED,
    IFCONFIG,
    NO_BRIDGE,
    UNBRIDGED,
    addresses,
    bridge,
    dhcp,
    encode,
    manual,
    no_dns,
    order,
    ports,
    preferences,
    proxy,
    setup,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Run = Callable[..., dict[str, Any]]

STATE = "var/db/hybrid-ai"
STORED = "Library/Preferences/SystemConfiguration/preferences.plist"
HEAD = [ports(bridge=False), order(UNBRIDGED)]
PROXY = {"enabled": True, "server": "127.0.0.1", "port": 3127}
NO_PROXY = {"enabled": False, "server": "", "port": 0}
ADDRESS = {"method": "manual", "address": "10.66.64.1", "netmask": "255.255.255.252"}
MANUAL = manual("Thunderbolt 1", "10.66.64.1", "255.255.255.252")
OFF = [*UNBRIDGED, ("Thunderbolt Bridge", "bridge0", False)]
ONE_CABLE = [*OFF, ("Thunderbolt 1", "en2", True)]


def servers(*found: str) -> Call:
    return (
        setup("-getdnsservers", "Ethernet", out="".join(f"{one}\n" for one in found)) if found else no_dns("Ethernet")
    )


def noted(before: Any, after: Any) -> dict[str, Any]:
    return {"before": before, "after": after}


def remembered(host: Path, record: str) -> dict[str, Any] | None:
    path = host / STATE / f"network-{record}.before.json"
    return json.loads(path.read_text()) if path.exists() else None


def put(host: Path, record: str, areas: dict[str, Any]) -> None:
    (host / STATE).mkdir(parents=True)
    (host / STATE / f"network-{record}.before.json").write_text(json.dumps(areas))


def test_the_first_change_is_remembered_and_a_later_one_does_not_replace_it(run_module: Run, host_files: Path) -> None:
    def ask(server: str, before: Call) -> None:
        wanted = {"services": [{"device": "en0", "dns_servers": [server]}], "record": "dns"}
        write = setup("-setdnsservers", "Ethernet", server)
        run_module("macos_network", wanted, [*HEAD, before], check=True)
        assert run_module("macos_network", wanted, [*HEAD, before, write, *HEAD, servers(server)])["changed"]

    ask("10.66.1.10", servers("9.9.9.9"))
    assert remembered(host_files, "dns") == {"Ethernet": {"dns_servers": noted(["9.9.9.9"], ["10.66.1.10"])}}
    assert (host_files / STATE / "network-dns.before.json").stat().st_mode & 0o777 == 0o600
    ask("10.66.1.20", servers("10.66.1.10"))
    assert remembered(host_files, "dns") == {"Ethernet": {"dns_servers": noted(["9.9.9.9"], ["10.66.1.20"])}}


def test_without_a_record_or_in_check_mode_nothing_is_remembered(run_module: Run, host_files: Path) -> None:
    wanted = {"services": [{"device": "en0", "dns_servers": ["10.66.1.10"]}]}
    write = setup("-setdnsservers", "Ethernet", "10.66.1.10")
    run_module("macos_network", {**wanted, "record": "dns"}, [*HEAD, servers()], check=True)
    run_module("macos_network", wanted, [*HEAD, servers(), write, *HEAD, servers("10.66.1.10")])
    assert not (host_files / STATE).exists()


# (what is remembered, what is read before, what is run, what is read afterwards, what is left and why)
CASES = [
    pytest.param(
        {"Ethernet": {"dns_servers": noted(["9.9.9.9"], ["10.66.1.10"])}},
        [*HEAD, servers("10.66.1.10")],
        [setup("-setdnsservers", "Ethernet", "9.9.9.9")],
        [*HEAD, servers("9.9.9.9")],
        [],
        id="written-by-hand-before",
    ),
    pytest.param(
        {"Ethernet": {"dns_servers": noted([], ["10.66.1.10"])}},
        [*HEAD, servers("10.66.1.10")],
        [setup("-setdnsservers", "Ethernet", "Empty")],
        [*HEAD, servers()],
        [],
        id="from-dhcp-before",
    ),
    pytest.param(
        {"Ethernet": {"web_proxy": noted(NO_PROXY, PROXY)}},
        [*HEAD, proxy("-getwebproxy", "Ethernet", "127.0.0.1", 3127, enabled=True)],
        [setup("-setwebproxy", "Ethernet", "", "0"), setup("-setwebproxystate", "Ethernet", "off")],
        [*HEAD, proxy("-getwebproxy", "Ethernet")],
        [],
        id="no-proxy-before",
    ),
    pytest.param(
        {"Ethernet": {"dns_servers": noted([], ["10.66.1.10"])}},
        [*HEAD, servers()],
        [],
        [],
        [],
        id="taken-back-already",
    ),
    pytest.param(
        {"Ethernet": {"dns_servers": noted([], ["10.66.1.10"])}},
        [*HEAD, servers("1.1.1.1")],
        [],
        [],
        ["dns_servers of the network service Ethernet: somebody has changed it since"],
        id="changed-by-somebody-since",
    ),
    pytest.param(
        {"USB LAN": {"dns_servers": noted([], ["10.66.1.10"])}},
        HEAD,
        [],
        [],
        ["the network service USB LAN: it is no longer there"],
        id="unplugged-since",
    ),
]


@pytest.mark.parametrize(("areas", "reads", "writes", "reads_back", "kept"), CASES)
def test_what_is_remembered_is_set_back_and_forgotten(
    *,
    areas: dict[str, Any],
    reads: list[Call],
    writes: list[Call],
    reads_back: list[Call],
    kept: list[str],
    run_module: Run,
    host_files: Path,
) -> None:
    # What the services say counts where nothing is remembered, and only there.
    args = {"record": "any", "state": "restored", "services": [{"device": "en0", "ipv4": {"method": "dhcp"}}]}
    put(host_files, "any", areas)
    predicted = run_module("macos_network", args, reads, check=True)
    assert remembered(host_files, "any") == areas
    result = run_module("macos_network", args, [*reads, *writes, *reads_back])
    assert (predicted["changed"], result["changed"]) == (bool(writes), bool(writes))
    assert predicted["diff"] == result["diff"]
    assert (predicted["kept"], result["kept"]) == (kept, kept)
    assert remembered(host_files, "any") is None


OURS = {"device": "en0", "dns_servers": ["10.66.1.10"], "web_proxy": PROXY}
PROXIED = proxy("-getwebproxy", "Ethernet", "127.0.0.1", 3127, enabled=True)
UNPROXIED = proxy("-getwebproxy", "Ethernet")
NEW = "settings of a new service for Ethernet: what they were before is not remembered"
NO_MORE_PROXY = [setup("-setwebproxy", "Ethernet", "", "0"), setup("-setwebproxystate", "Ethernet", "off")]


@pytest.mark.parametrize(
    ("found", "writes", "left"),
    [
        pytest.param(
            [servers("10.66.1.10"), PROXIED],
            [setup("-setdnsservers", "Ethernet", "Empty"), *NO_MORE_PROXY],
            [servers(), UNPROXIED],
            id="still-ours",
        ),
        pytest.param([servers("9.9.9.9"), UNPROXIED], [], [], id="somebody-else's"),
        pytest.param([servers("9.9.9.9"), PROXIED], NO_MORE_PROXY, [servers("9.9.9.9"), UNPROXIED], id="one-of-two"),
        pytest.param([servers(), UNPROXIED], [], [], id="a-new-one's"),
    ],
)
def test_where_nothing_is_remembered_what_is_still_ours_goes(
    run_module: Run, found: list[Call], writes: list[Call], left: list[Call]
) -> None:
    args = {
        "record": "dns",
        "state": "restored",
        "services": [OURS, {"port": "USB LAN", "dns_servers": ["10.66.1.10"]}],
    }
    reads = [*HEAD, *HEAD, *found]
    assert run_module("macos_network", args, reads, check=True)["changed"] is bool(writes)
    result = run_module("macos_network", args, [*reads, *writes, *(HEAD if writes else []), *left])
    assert (result["changed"], result["kept"]) == (bool(writes), [NEW] if writes else [])


def test_where_nothing_is_remembered_the_port_of_the_connection_is_found(run_module: Run) -> None:
    service = {"device": "auto", "dns_servers": ["10.66.1.10"]}
    args = {"record": "dns", "state": "restored", "services": [service], "connection_address": "10.66.1.11"}
    wired = addresses(en0="10.66.1.11")
    finding = [ports(bridge=False), wired, order(UNBRIDGED)]
    calls = [
        *finding,
        *HEAD,
        *HEAD,
        servers("10.66.1.10"),
        setup("-setdnsservers", "Ethernet", "Empty"),
        *HEAD,
        servers(),
    ]
    assert run_module("macos_network", args, calls)["changed"]


ENDED = {
    "bridge0": {
        "bridge": noted(
            {"running": True, "members": ["en2", "en3"], "stored": True},
            {"running": False, "members": [], "stored": False},
        )
    },
    "Thunderbolt Bridge": {"enabled": noted(before=True, after=False)},
    "Thunderbolt 1": {
        "state": noted("absent", "present"),
        "ipv4": noted({"method": "dhcp"}, {**ADDRESS, "router": None}),
    },
}
MADE = "the network service Thunderbolt 1: macOS keeps the only one of a port"
REMADE = [
    setup("-setdhcp", "Thunderbolt 1"),
    setup("-setnetworkserviceenabled", "Thunderbolt 1", "off"),
    *(call([IFCONFIG, "bridge0", *words]) for words in (["create"], ["addm", "en2"], ["addm", "en3"], ["up"])),
    setup("-setnetworkserviceenabled", "Thunderbolt Bridge", "on"),
]
BRIDGES = [
    pytest.param(
        {},
        REMADE,
        [
            ports(),
            order([*BRIDGED, ("Thunderbolt 1", "en2", False)]),
            dhcp("Thunderbolt 1", None),
            bridge("en2", "en3"),
        ],
        [MADE],
        True,
        id="made-again",
    ),
    pytest.param(
        {"keep": ["bridge"]},
        [REMADE[0]],
        [ports(bridge=False), order(ONE_CABLE), dhcp("Thunderbolt 1", None), NO_BRIDGE],
        [MADE, "the bridge bridge0: System Settings > Network makes it again, where no cables form a loop"],
        False,
        id="left-where-cables-form-a-loop",
    ),
]


def test_ending_the_bridge_is_remembered(run_module: Run, host_files: Path) -> None:
    (host_files / STORED).parent.mkdir(parents=True)
    (host_files / STORED).write_bytes(encode(preferences("en2", "en3")))
    args = {
        "bridge": {"state": "absent"},
        "services": [{"port": "Thunderbolt 1", "enabled": True, "ipv4": ADDRESS}],
        "record": "thunderbolt",
    }
    calls = [
        *[bridge("en2", "en3"), ports(), order(BRIDGED)],
        setup("-setnetworkserviceenabled", "Thunderbolt Bridge", "off"),
        *(call([IFCONFIG, "bridge0", *words]) for words in (["deletem", "en2"], ["deletem", "en3"], ["destroy"])),
        setup("-createnetworkservice", "Thunderbolt 1", "Thunderbolt 1"),
        setup("-setmanual", "Thunderbolt 1", "10.66.64.1", "255.255.255.252"),
        setup("-createnetworkservice", "Thunderbolt 2", "Thunderbolt 2"),
        setup("-setnetworkserviceenabled", "Thunderbolt 2", "off"),
        *[NO_BRIDGE, ports(bridge=False), order([*ONE_CABLE, ("Thunderbolt 2", "en3", False)]), MANUAL],
    ]
    assert run_module("macos_network", args, calls)["changed"]
    found = remembered(host_files, "thunderbolt")
    assert found.pop("Thunderbolt 2") == {"state": {"before": "absent", "after": "present"}}
    assert found == ENDED


@pytest.mark.parametrize(("options", "writes", "reads_back", "kept", "stored"), BRIDGES)
def test_the_bridge_is_made_again_unless_it_would_loop(
    *,
    options: dict[str, Any],
    writes: list[Call],
    reads_back: list[Call],
    kept: list[str],
    stored: bool,
    run_module: Run,
    host_files: Path,
) -> None:
    put(host_files, "thunderbolt", ENDED)
    (host_files / STORED).parent.mkdir(parents=True)
    (host_files / STORED).write_bytes(encode(preferences(stored=False)))
    args = {"record": "thunderbolt", "state": "restored", **options}
    reads = [ports(bridge=False), order(ONE_CABLE), MANUAL, NO_BRIDGE]
    predicted = run_module("macos_network", args, reads, check=True)
    result = run_module("macos_network", args, [*reads, *writes, *reads_back])
    assert predicted["changed"] is result["changed"] is True
    assert predicted["changes"] == result["changes"]
    assert result["kept"] == kept
    bridges = plistlib.loads((host_files / STORED).read_bytes())["VirtualNetworkInterfaces"]["Bridge"]
    assert ("bridge0" in bridges) is stored
    assert remembered(host_files, "thunderbolt") is None


def test_what_does_not_show_is_a_failure_and_stays_remembered(run_module: Run, host_files: Path) -> None:
    areas = {"Ethernet": {"dns_servers": noted([], ["10.66.1.10"])}}
    put(host_files, "dns", areas)
    reads = [*HEAD, servers("10.66.1.10")]
    calls = [*reads, setup("-setdnsservers", "Ethernet", "Empty"), *reads]
    result = run_module("macos_network", {"record": "dns", "state": "restored"}, calls)
    assert result["msg"] == ("The setting dns_servers of Ethernet was set back but is ['10.66.1.10'] instead of [].")
    assert remembered(host_files, "dns") == areas


def test_what_waits_for_its_confirmation_is_remembered_until_then(run_module: Run, host_files: Path) -> None:
    label = "hybrid-ai.network-undo"
    plist = f"/Library/LaunchDaemons/{label}.plist"
    loaded = call(
        ["/bin/launchctl", "print", f"system/{label}"], out=f"x = {{\n\tpath = {plist}\n\tstate = running\n}}\n"
    )
    missing = call(["/bin/launchctl", "print", f"system/{label}"], rc=113, err="Bad request.\n")
    (host_files / "Library/LaunchDaemons").mkdir(parents=True)
    put(host_files, "dns", {"Ethernet": {"dns_servers": noted([], ["10.66.1.10"])}})
    args = {"record": "dns", "state": "restored"}
    guarded = {**args, "undo_after": 90, "connection_address": "10.66.1.11"}
    calls = [
        *[*HEAD, servers("10.66.1.10"), addresses(en0="10.66.1.11")],
        *[missing, call(["/bin/launchctl", "bootstrap", "system", plist]), loaded],
        *[setup("-setdnsservers", "Ethernet", "Empty"), *HEAD, servers()],
    ]
    assert run_module("macos_network", guarded, calls)["undo_pending"]
    assert remembered(host_files, "dns")
    confirming = [loaded, call(["/bin/launchctl", "bootout", f"system/{label}"]), missing]
    assert run_module("macos_network", {**args, "confirm": True}, confirming)["confirmed"]
    assert remembered(host_files, "dns") is None


def test_a_damaged_record_is_a_sentence(run_module: Run, host_files: Path) -> None:
    (host_files / STATE).mkdir(parents=True)
    (host_files / STATE / "network-dns.before.json").write_text("half a file")
    result = run_module("macos_network", {"record": "dns", "state": "restored"})
    assert result["msg"].startswith("/var/db/hybrid-ai/network-dns.before.json is damaged (")
    assert result["msg"].endswith("): remove it, and nothing is known of the settings before.")
