# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What becomes of a cluster when nodes and links are lost; one cluster, in this order."""

from __future__ import annotations

import os
import signal
import time
from typing import TYPE_CHECKING

import pytest

from tests.contract.exo.cluster import formed, picture, wait_for
from tests.contract.exo.conftest import needs_network
from tests.contract.exo.test_cluster import QUESTION, children, instances, is_ready, place, place_until_ready

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.contract.exo.cluster import Cluster

pytestmark = needs_network


@pytest.fixture(scope="module")
def cluster(make_cluster: Callable[..., Cluster]) -> Cluster:
    """Return three nodes whose first is master for certain."""
    made = make_cluster(3, start=False)
    for node in made.nodes:
        node.start(*(["-m"] if node is made.nodes[0] else []))
    assert wait_for(lambda: formed(made.nodes), made.scaled(60))
    return made


def test_forced_master_wins(cluster: Cluster) -> None:
    master = cluster.nodes[0].id
    assert all(f"Node {master} elected master" in node.log for node in cluster.nodes[1:])
    assert "Node elected Master" in cluster.nodes[0].log


def test_killed_worker_leaves_after_its_timeout(cluster: Cluster) -> None:
    first, second, third = cluster.nodes
    place_until_ready(cluster, first, 3)
    gone = third.id
    began = time.monotonic()
    third.kill(group=False)
    runners = children(third)
    assert runners, "the runners outlive a killed exo"
    os.killpg(third.process.pid, signal.SIGKILL)  # type: ignore[union-attr]
    assert wait_for(lambda: all(gone != sink for _, sink in picture(first)[1]), cluster.scaled(16))
    assert gone in picture(first)[0], "the edges to it go before the node"
    assert wait_for(lambda: gone not in picture(second)[0], cluster.scaled(40))
    assert time.monotonic() - began >= 25 * cluster.factor
    assert gone in first.get("/state/nodeIdentities"), "dead nodes keep their identity"
    assert gone not in first.get("/state/nodeMemory")
    assert wait_for(lambda: instances(first) == {}, cluster.scaled(14)), "an instance ends with its node"


def test_restarted_node_has_a_new_id(cluster: Cluster) -> None:
    third = cluster.nodes[2]
    old = set(cluster.nodes[0].get("/state/nodeIdentities"))
    third.start()
    assert wait_for(lambda: formed(cluster.nodes), cluster.scaled(60))
    assert third.id not in old


def test_cut_link_heals(cluster: Cluster) -> None:
    first, second, third = cluster.nodes
    gone = third.id
    third.link("down")
    assert wait_for(lambda: gone not in picture(first)[0], cluster.scaled(45))
    assert formed([first, second])
    third.link("up")
    assert wait_for(lambda: formed(cluster.nodes), cluster.scaled(40)), [node.log for node in cluster.nodes]
    assert third.id == gone


def test_killed_master_takes_the_instances_along(cluster: Cluster) -> None:
    first, second, third = cluster.nodes
    place(second, 1)
    assert wait_for(lambda: is_ready(second, 1), cluster.scaled(30))
    gone = first.id
    began = time.monotonic()
    first.kill()
    assert wait_for(lambda: gone not in picture(second)[0] and instances(second) == {}, cluster.scaled(6))
    assert time.monotonic() - began >= 2.5 * cluster.factor
    assert wait_for(lambda: formed([second, third]), cluster.scaled(20))
    assert gone not in second.get("/state/nodeIdentities"), "a new master begins with nothing"
    assert second.request("POST", "/v1/chat/completions", QUESTION).status == 404


def test_first_signal_ends_it_well(cluster: Cluster) -> None:
    third = cluster.nodes[2]
    third.signal(signal.SIGTERM)
    assert third.process is not None
    assert third.process.wait(timeout=cluster.scaled(6)) == 0
    assert "EXO Shutdown complete" in third.log


def test_second_signal_ends_it_at_once(cluster: Cluster) -> None:
    second = cluster.nodes[1]
    assert second.process is not None
    second.signal(signal.SIGTERM)
    time.sleep(0.05)
    second.signal(signal.SIGTERM)
    assert second.process.wait(timeout=cluster.scaled(3)) == 1
