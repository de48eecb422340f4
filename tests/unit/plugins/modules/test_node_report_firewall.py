# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The lines that prove what the firewall claims."""

from __future__ import annotations

import json
import socket
from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.hybrid_ai.cluster.plugins.module_utils import _http
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._firewall import change, nft, nft_firewall, nft_units
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._http import Answer

from tests.unit.plugins.exo_stage import Stage
from tests.unit.plugins.harness import Clock, call

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

NETSTAT = ["/usr/sbin/netstat", "-ibn"]
COUNTERS = """\
Name       Mtu   Network       Address            Ipkts Ierrs     Ibytes    Opkts Oerrs     Obytes  Coll
lo0        16384 <Link#1>                            10     0       1000       10     0       1000     0
en0        1500  <Link#4>    1c:f6:4c:00:00:01       10     0     {lan:6}       10     0       1000     0
en0        1500  10.0.0        10.0.0.1              10     -     {lan:6}       10     -       1000     -
en1*       1500  <Link#5>    1c:f6:4c:00:00:02        0     0          0        0     0          0     0
en2        1500  <Link#6>    36:e3:5e:f0:6d:80       10     0     {cable:6}       10     0       1000     0
en2        1500  10.9.0        10.9.0.1              10     -     {cable:6}       10     -       1000     -
en2        1500  fe80::34e3% fe80:6::34e3:5eff       10     -     {cable:6}       10     -       1000     -
"""
WAY = {
    "check": "traffic_path",
    "name": "exo of b",
    "url": "http://10.9.0.2:52415/state",
    "address": "10.9.0.1",
    "other": "10.0.0.1",
}


def line(result: dict[str, Any]) -> dict[str, Any]:
    assert len(result["lines"]) == 1
    return {key: result["lines"][0][key] for key in ("title", "ok", "measured", "expected", "advice")}


def counted(lan: int, cable: int):
    return call(NETSTAT, out=COUNTERS.format(lan=lan, cable=cable))


WAYS = [
    pytest.param((600, 50), True, "600 bytes over en2, 50 bytes over en0", id="the cable"),
    pytest.param((40, 600), False, "40 bytes over en2, 600 bytes over en0", id="the LAN"),
]


@pytest.mark.parametrize(("grown", "ok", "measured"), WAYS)
def test_the_way_of_an_answer(
    run_module: Callable[..., dict[str, Any]],
    monkeypatch: pytest.MonkeyPatch,
    grown: tuple[int, int],
    ok: bool,
    measured: str,
) -> None:
    cable, lan = grown
    monkeypatch.setattr(_http, "fetch", lambda url, timeout: Answer(200, b"x" * 512))
    found = run_module("node_report", {"checks": [WAY]}, [counted(100, 200), counted(100 + lan, 200 + cable)])
    assert line(found) == {
        "title": "way to exo of b",
        "ok": ok,
        "measured": measured,
        "expected": "512 bytes over en2",
        "advice": "" if ok else "Check the cable behind en2.",
    }


def test_an_address_that_no_interface_has(run_module: Callable[..., dict[str, Any]]) -> None:
    found = run_module("node_report", {"checks": [{**WAY, "address": "10.9.0.9"}]}, [counted(1, 1)])
    assert line(found)["measured"] == "not measured: no interface has the address 10.9.0.9"


def knock_result(error: OSError | None) -> Callable[..., Any]:
    def create_connection(address: tuple[str, int], timeout: float) -> Any:
        assert (address, timeout) == (("10.0.0.2", 52415), 5.0)
        if error:
            raise error
        return socket.socket()

    return create_connection


KNOCKS = [
    pytest.param(None, "open", id="open"),
    pytest.param(ConnectionRefusedError(), "refused", id="refused"),
    pytest.param(TimeoutError(), "silent", id="no answer"),
    pytest.param(OSError(113, "No route to host"), "silent", id="no route"),
]


@pytest.mark.parametrize(("error", "measured"), KNOCKS)
@pytest.mark.parametrize("expected", ["open", "refused"])
def test_what_a_connection_meets(
    run_module: Callable[..., dict[str, Any]],
    monkeypatch: pytest.MonkeyPatch,
    error: OSError | None,
    measured: str,
    expected: str,
) -> None:
    monkeypatch.setattr(socket, "create_connection", knock_result(error))
    check = {"check": "tcp_port", "address": "10.0.0.2", "port": 52415, "expected": expected}
    found = line(run_module("node_report", {"checks": [check]}))
    assert (found["title"], found["measured"]) == ("port 52415 of 10.0.0.2", measured)
    assert found["ok"] is (measured == expected)


def view(**edges: list[str]) -> dict[str, Any]:
    """A topology: AB=[addresses] is what A knows of B."""
    connections: dict[str, Any] = {}
    for (source, sink), addresses in edges.items():
        found = [{"sinkMultiaddr": {"ip_address": address}} for address in addresses]
        connections.setdefault(source, {})[sink] = found
    return {"nodes": ["A", "B"], "connections": connections}


PATHS = [
    {"source": "a", "sink": "b", "addresses": ["10.9.0.2"], "thunderbolt": True, "own": "10.9.0.1"},
    {"source": "b", "sink": "a", "addresses": ["10.9.0.1"], "thunderbolt": True, "own": "10.9.0.2"},
]
TOPOLOGIES = [
    pytest.param(
        view(AB=["10.9.0.2"], BA=["10.9.0.1"]),
        (True, "2 connections over Thunderbolt, 0 elsewhere", ""),
        id="cables only",
    ),
    pytest.param(
        view(AB=["10.0.0.2", "10.9.0.2"], BA=["10.9.0.1"]),
        (False, "2 connections over Thunderbolt, 1 elsewhere", "another way from a to b at 10.0.0.2"),
        id="the LAN as well",
    ),
    pytest.param(
        view(AB=["10.9.0.2"]),
        (False, "1 connection over Thunderbolt, 0 elsewhere", "no connection from b to a"),
        id="one way only",
    ),
]


@pytest.mark.parametrize(("topology", "expected"), TOPOLOGIES)
def test_exo_knows_no_other_way(
    run_module: Callable[..., dict[str, Any]],
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
    topology: dict[str, Any],
    expected: tuple[bool, str, str],
) -> None:
    scene = {"127.0.0.1": ("A", topology), "10.9.0.2": ("B", topology)}
    monkeypatch.setattr(_http, "fetch", Stage(clock, [(0, scene)]).fetch)
    members = [{"name": "a", "address": "127.0.0.1"}, {"name": "b", "address": "10.9.0.2"}]
    check = {"check": "exo_over_thunderbolt", "members": members, "paths": PATHS, "timeout": 10}
    started = clock.time
    found = line(run_module("node_report", {"checks": [check]}))
    assert (found["ok"], found["measured"], found["advice"]) == expected
    assert clock.time - started == (0 if expected[0] else 10)


def test_a_way_that_is_just_being_forgotten_is_waited_for(
    run_module: Callable[..., dict[str, Any]], clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    both = view(AB=["10.0.0.2", "10.9.0.2"], BA=["10.9.0.1"])
    one = view(AB=["10.9.0.2"], BA=["10.9.0.1"])
    scenes = [(when, {"127.0.0.1": ("A", seen), "10.9.0.2": ("B", seen)}) for when, seen in ((0, both), (5, one))]
    monkeypatch.setattr(_http, "fetch", Stage(clock, scenes).fetch)
    members = [{"name": "a", "address": "127.0.0.1"}, {"name": "b", "address": "10.9.0.2"}]
    check = {"check": "exo_over_thunderbolt", "members": members, "paths": PATHS, "timeout": 60}
    assert line(run_module("node_report", {"checks": [check]}))["ok"] is True


FILTER = {
    "tables": {"exo": ["10.0.0.2"]},
    "rules": [
        {"action": "pass", "protocol": "tcp", "port": 80, "source": "exo"},
        {"action": "reset", "protocol": "tcp", "port": 80},
    ],
}
LOST = [
    pytest.param(False, True, "2 rules and 1 tables in effect", id="in effect"),
    pytest.param(True, False, "rules: 3 missing, 0 too many; tables: exo differ", id="flushed"),
]


@pytest.mark.parametrize(("flushed", "ok", "measured"), LOST)
def test_the_packet_filter(
    run_module: Callable[..., dict[str, Any]], host_files: Path, flushed: bool, ok: bool, measured: str
) -> None:
    text = nft.document(change.wanted_from(FILTER["tables"], FILTER["rules"]))  # type: ignore[arg-type]
    ours = {nft.RULES: text, nft_units.UNIT_FILE: nft_units.UNIT_TEXT, **nft_units.KEEPER_FILES}
    for path, content in ours.items():
        real = host_files / path.lstrip("/")
        real.parent.mkdir(parents=True, exist_ok=True)
        real.write_text(content)
    added = [entry["add"] for entry in json.loads(text)["nftables"] if "add" in entry]
    table = call(nft.LIST, out=json.dumps({"nftables": [] if flushed else added}))
    words = [word for name in nft_firewall.PROPERTIES for word in ("-p", name)]
    shown = "ActiveState=active\nSubState=exited\nUnitFileState=enabled\nNeedDaemonReload=no\n"
    calls = [
        table,
        call(["/usr/bin/systemctl", "show", *words, nft_units.UNIT], out=shown),
        call(["/usr/bin/systemctl", "show", *words, nft_units.KEEPER_TIMER], out=shown),
        call(["/usr/bin/systemctl", "is-active", "hybrid-ai-firewall-undo.timer"], out="inactive\n", rc=3),
        call(["/usr/sbin/nft", "-c", "-j", "-f", "-"], stdin=text),
    ]
    found = line(run_module("node_report", {"checks": [{"check": "firewall", **FILTER}]}, calls, system="Linux"))
    assert (found["title"], found["ok"], found["measured"]) == ("packet filter", ok, measured)
