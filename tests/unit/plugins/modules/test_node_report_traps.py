# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The lines about what people run into on a Mac: daemons that are kept out, a stolen route, ports without RDMA."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.hybrid_ai.cluster.plugins.module_utils import _http, _names
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._exo import api

from tests.unit.plugins.exo_stage import Stage, topology
from tests.unit.plugins.harness import Clock, call
from tests.unit.plugins.recorded import recorded

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Run = Callable[..., dict[str, Any]]

ABSENT = call(["/bin/launchctl", "print", "system/hybrid-ai.exo"], rc=113)
DISABLED = ["/bin/launchctl", "print-disabled", "system"]
IFCONFIG = call(
    ["/sbin/ifconfig", "-a"],
    out="lo0: flags=8049<UP> mtu 16384\n\tinet 127.0.0.1 netmask 0xff000000\n"
    "en0: flags=8863<UP> mtu 1500\n\tinet 10.0.0.5 netmask 0xffffff00 broadcast 10.0.0.255\n"
    "bridge0: flags=8863<UP> mtu 1500\n\tinet 192.168.2.7 netmask 0xffffff00 broadcast 192.168.2.255\n",
)
ROUTE = ["/sbin/route", "-n", "get", "default"]
PORTS = call(
    ["/usr/sbin/networksetup", "-listallhardwareports"],
    out=recorded("networksetup-listallhardwareports.macos-26.txt"),
)
PROFILER = ["/usr/sbin/system_profiler", "SPThunderboltDataType", "-json"]
RECORDED = recorded("system_profiler-thunderbolt.macos-26.json")


def line(found: dict[str, Any]) -> dict[str, Any]:
    (only,) = found["lines"]
    return only


@pytest.mark.parametrize(
    ("printed", "measured", "advice"),
    [
        pytest.param(
            '\t"hybrid-ai.exo" => disabled\n', "absent, switched off in launchd", "Repeat site.yml.", id="launchctl"
        ),
        pytest.param("", "absent, its file is there, and launchd has not loaded it", "Login Items", id="login items"),
    ],
)
def test_a_daemon_that_is_kept_out(run_module: Run, host_files: Path, printed: str, measured: str, advice: str) -> None:
    plist = host_files / _names.launchd_plist("hybrid-ai.exo").lstrip("/")
    plist.parent.mkdir(parents=True)
    plist.touch()
    checks = {"checks": [{"check": "service", "name": "exo"}]}
    found = line(run_module("node_report", checks, [ABSENT, call(DISABLED, out=printed)]))
    assert (found["ok"], found["measured"], found["check"]) == (False, measured, "service")
    assert advice in found["advice"]


@pytest.mark.parametrize(
    ("address", "route", "ok", "measured"),
    [
        pytest.param("10.0.0.5", "  interface: en0\n", True, "by en0", id="by the LAN"),
        pytest.param("10.0.0.5", "  interface: bridge0\n", False, "by bridge0", id="a lease on the bridge"),
        pytest.param(
            "10.9.0.5",
            "  interface: en0\n",
            True,
            "by en0; this Mac itself does not have the address 10.9.0.5",
            id="behind NAT",
        ),
        pytest.param("10.0.0.5", None, True, "no default route", id="none"),
    ],
)
def test_the_default_route(run_module: Run, address: str, route: str | None, ok: bool, measured: str) -> None:
    asked = call(ROUTE, out=route) if route else call(ROUTE, err="route: writing to routing socket: not in table", rc=1)
    checks = {"checks": [{"check": "default_route", "address": address}]}
    found = line(run_module("node_report", checks, [IFCONFIG, asked]))
    assert (found["ok"], found["measured"]) == (ok, measured)
    assert bool(found["advice"]) is not ok


def slower(profile: str) -> str:
    """Make a Mac of Thunderbolt 4 of the recorded one."""
    return profile.replace("Up to 120 Gb/s", "Up to 40 Gb/s").replace('"80 Gb/s"', '"40 Gb/s"')


def cabled(profile: str) -> str:
    """Leave the ports that have a cable, at the speed of Thunderbolt 4."""
    buses = json.loads(slower(profile))["SPThunderboltDataType"]
    free = [bus for bus in buses if "Up to" in json.dumps(bus)]
    return json.dumps({"SPThunderboltDataType": [bus for bus in buses if bus not in free]})


@pytest.mark.parametrize(
    ("profile", "measured", "values"),
    [
        pytest.param(RECORDED, "possible, Thunderbolt 5 with 120 Gb/s", {"gigabits": 120}, id="5"),
        pytest.param(
            slower(RECORDED),
            "not possible, 40 Gb/s; ignore what exo shows about enabling RDMA",
            {"gigabits": 40},
            id="4",
        ),
        pytest.param(cabled(RECORDED), "unknown: every port has a cable", None, id="all in use"),
    ],
)
def test_what_the_ports_can_do(run_module: Run, profile: str, measured: str, values: dict[str, int] | None) -> None:
    checks = {"checks": [{"check": "thunderbolt_generation"}]}
    found = line(run_module("node_report", checks, [call(PROFILER, out=profile), PORTS]))
    assert (found["ok"], found["measured"], found.get("values")) == (True, measured, values)


def test_who_does_not_see_whom(run_module: Run, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    both = topology("AB", "BA")
    stage = Stage(
        clock, [(0, {"10.0.0.65": ("A", both), "10.0.0.66": ("B", both), "10.0.0.67": ("C", topology(nodes="C"))})]
    )
    monkeypatch.setattr(_http, "fetch", stage.fetch)
    members = [{"name": name, "address": f"10.0.0.{ord(name)}"} for name in "ABC"]
    found = line(run_module("node_report", {"checks": [{"check": "exo_cluster", "members": members}]}, []))
    assert found["values"] == {"unseen": {"A": ["C"], "B": ["C"], "C": ["A", "B"]}}
    picture = api.look(api.members_from(members[:2]), 52415, stage.fetch)
    assert picture.unseen == {}
