# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.unit.plugins.harness import Call, call
from tests.unit.plugins.recorded import recorded, warnings_of

if TYPE_CHECKING:
    from collections.abc import Callable

ADDRESS = "10.66.64.2"
NEIGHBOUR = {"name": "olab2.tb", "address": ADDRESS, "host": "olab2", "receptacle": 1, "cable": "olab1-olab2"}
MAC_FIRST = ["/sbin/ping", "-n", "-c", "1", "-W", "1000", ADDRESS]
MAC_REST = ["/sbin/ping", "-n", "-c", "3", "-W", "1000", "-i", "0.2", ADDRESS]
LINUX_FIRST = ["ping", "-n", "-c", "1", "-W", "1", ADDRESS]
LINUX_REST = ["ping", "-n", "-c", "2", "-W", "1", "-i", "0.2", ADDRESS]
ONE = "1 packets transmitted, 1 packets received, 0.0% packet loss\nround-trip min/avg/max/stddev = 1/1/1/0 ms\n"
NONE = "1 packets transmitted, 0 packets received, 100.0% packet loss\n"
SILENT = call(MAC_FIRST, rc=2, out=NONE)
MAC = recorded("ping.macos-26.txt")
LINUX = recorded("ping.iputils.txt")
MAC_TIMES, LINUX_TIMES = [0.211, 0.302], [0.041, 0.05]


@pytest.mark.parametrize(
    ("count", "system", "calls", "link"),
    [
        pytest.param(
            3,
            "Darwin",
            [call(MAC_FIRST, out=ONE), call(MAC_REST, out=MAC)],
            {"min": 0.211, "avg": 0.257, "max": 0.302, "lost": 1, "sent": 3, "times": MAC_TIMES},
            id="mac",
        ),
        pytest.param(
            2,
            "Linux",
            [call(LINUX_FIRST, out=LINUX), call(LINUX_REST, out=LINUX)],
            {"min": 0.041, "avg": 0.045, "max": 0.05, "lost": 0, "sent": 2, "times": LINUX_TIMES},
            id="linux",
        ),
        pytest.param(
            3,
            "Darwin",
            [SILENT, SILENT, call(MAC_FIRST, out=ONE), call(MAC_REST, out=MAC)],
            {"min": 0.211, "avg": 0.257, "max": 0.302, "lost": 1, "sent": 3, "times": MAC_TIMES},
            id="first-packets-of-a-new-link-are-lost",
        ),
    ],
)
def test_round_trip(
    run_module: Callable[..., dict[str, Any]], count: int, system: str, calls: list[Call], link: dict[str, Any]
) -> None:
    result = run_module("link_check", {"neighbours": [NEIGHBOUR], "count": count}, calls, system=system)
    assert (result["changed"], result["links"]) == (False, {"olab2.tb": link})


@pytest.mark.parametrize(
    ("args", "calls", "message"),
    [
        pytest.param(
            {"neighbours": [NEIGHBOUR], "warm_up_seconds": 1},
            [SILENT, SILENT, SILENT],
            "olab2.tb (10.66.64.2) does not answer. Check host olab2, this host's Thunderbolt port 1, cable "
            "olab1-olab2.",
            id="dead-link-after-the-warm-up",
        ),
        pytest.param(
            {"neighbours": [{"name": "olab2.tb", "address": ADDRESS}], "warm_up_seconds": 0},
            [call(MAC_FIRST, rc=68, err="ping: cannot resolve: Unknown host\n")],
            "olab2.tb (10.66.64.2) does not answer. Check its cable and its address.",
            id="no-summary",
        ),
        pytest.param(
            {"neighbours": [NEIGHBOUR, NEIGHBOUR]},
            [],
            "neighbours has olab2.tb more than once: every link needs a name of its own.",
            id="name-used-twice",
        ),
        pytest.param(
            {"neighbours": [NEIGHBOUR]},
            [call(MAC_FIRST, hangs=True)],
            f"`{' '.join(MAC_FIRST)}` did not finish within 11 seconds and was ended.",
            id="ping-hangs",
        ),
    ],
)
def test_failures(
    run_module: Callable[..., dict[str, Any]], args: dict[str, Any], calls: list[Call], message: str
) -> None:
    result = run_module("link_check", args, calls, check=True)
    assert (result["failed"], result["msg"]) == (True, message)


def test_who_need_not_answer_is_named(run_module: Callable[..., dict[str, Any]]) -> None:
    result = run_module(
        "link_check",
        {"neighbours": [{**NEIGHBOUR, "required": False}], "warm_up_seconds": 0},
        [SILENT],
        system="Darwin",
    )
    assert (result["changed"], result["links"]["olab2.tb"]["lost"]) == (False, 1)
    assert warnings_of(result) == [
        "olab2.tb (10.66.64.2) does not answer; olab2 is not in this run, or was left out, and may not be set up yet."
    ]


def test_nobody_to_ask(run_module: Callable[..., dict[str, Any]]) -> None:
    assert run_module("link_check", {"neighbours": []})["links"] == {}
