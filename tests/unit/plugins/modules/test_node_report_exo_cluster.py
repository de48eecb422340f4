# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The lines about the exo cluster."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.hybrid_ai.cluster.plugins.module_utils import _http

from tests.unit.plugins.exo_stage import Stage, topology

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.unit.plugins.harness import Clock


@pytest.mark.parametrize(
    ("edges", "ok", "measured"),
    [
        pytest.param(("AB", "BA"), True, "2 nodes, 2 connections", id="whole"),
        pytest.param(("AB",), False, "2 nodes, 1 connection", id="one-way"),
    ],
)
def test_exo_cluster(
    *,
    run_module: Callable[..., dict[str, Any]],
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
    edges: tuple[str, ...],
    ok: bool,
    measured: str,
) -> None:
    view = topology(*edges)
    monkeypatch.setattr(_http, "fetch", Stage(clock, [(0, {"a": ("A", view), "b": ("B", view)})]).fetch)
    check = {"check": "exo_cluster", "members": [{"name": "x", "address": "a"}, {"name": "y", "address": "b"}]}
    [found] = run_module("node_report", {"checks": [check]})["lines"]
    assert (found["ok"], found["measured"]) == (ok, measured)


PLACED = {"i": {"NewInstance": {"shardAssignments": {"modelId": "org/name", "nodeToRunner": {"A": "r", "B": "s"}}}}}


@pytest.mark.parametrize(
    ("edges", "pages", "timeout", "ok", "measured", "advice"),
    [
        pytest.param(
            ("AB", "BA", "AX"),
            {},
            60,
            False,
            "2 nodes, 2 connections, and X",
            "X at 10.0.0.88 is in the exo cluster, seen by x and y, and no host of the inventory answers to that "
            "identity: it may be z, which does not answer; look at exo there, then here again.",
            id="identity-of-nobody",
        ),
        pytest.param(
            ("AB", "BA"),
            {"state/instances": PLACED, "state/runners": {"r": {"RunnerReady": {}}}},
            0,
            True,
            "without z, outside of this run and silent, org/name is placed and not ready (y absent)",
            "",
            id="model-that-waits",
        ),
        pytest.param(
            ("AB", "BA"),
            {
                "state/instances": {**PLACED, "j": {"Odd": {}}, "k": 7},
                "state/runners": {"r": {"RunnerReady": {}}, "s": {"RunnerRunning": {}}},
            },
            0,
            True,
            "unknown is placed and not ready (a runner is on no node), unknown is placed and not ready (a runner",
            "",
            id="model-of-unknown-form",
        ),
    ],
)
def test_exo_cluster_says_who_else_is_there_and_what_waits(
    *,
    run_module: Callable[..., dict[str, Any]],
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
    edges: tuple[str, ...],
    pages: dict[str, Any],
    timeout: int,
    ok: bool,
    measured: str,
    advice: str,
) -> None:
    scene = {"a": ("A", topology(*edges)), "b": ("B", topology(*edges))}
    monkeypatch.setattr(_http, "fetch", Stage(clock, [(0, scene)], pages).fetch)
    members = [{"name": name, "address": address} for name, address in zip("xyz", "abc")]
    members[2]["required"] = False
    check = {"check": "exo_cluster", "members": members, "timeout": timeout}
    [found] = run_module("node_report", {"checks": [check]})["lines"]
    assert (found["ok"], found["advice"]) == (ok, advice)
    assert measured in found["measured"]
