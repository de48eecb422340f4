# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Options, wrong settings and accidents: two fresh nodes each."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest

from tests.contract.exo.cluster import formed, picture, wait_for
from tests.contract.exo.conftest import ISOLATED, REAL, needs_network
from tests.contract.exo.test_cluster import TINY, instances, place, runner_states

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.contract.exo.cluster import Cluster, Node


def answers(node: Node) -> bool:
    """Return whether the API is there."""
    return node.request("GET", "/node_id", timeout=2).status == 200


def settle(cluster: Cluster, seconds: float = 22) -> None:
    """Let pass what a cluster takes to form, and some more."""
    time.sleep(seconds * cluster.factor)


@pytest.fixture
def pair(make_cluster: Callable[..., Cluster]) -> Any:
    """Return two nodes that are not started, and end them afterwards."""
    cluster = make_cluster(2, start=False)
    yield cluster
    cluster.clear()


def start(cluster: Cluster, first: list[str], second: list[str]) -> tuple[Node, Node]:
    """Start both nodes with options of their own."""
    one, two = cluster.nodes
    one.start(*first)
    two.start(*second)
    return one, two


@needs_network
def test_other_api_port_means_no_edges(pair: Cluster) -> None:
    pair.nodes[1].port = 52416
    one, two = start(pair, [], ["--api-port", "52416"])
    assert wait_for(lambda: len(picture(one)[0]) == 2, pair.scaled(20))
    settle(pair)
    assert picture(one) == (frozenset({one.id, two.id}), frozenset())
    assert one.request("GET", f"/instance/placement?model_id={TINY}&min_nodes=2").status == 400


@needs_network
def test_other_namespace_never_joins(pair: Cluster) -> None:
    one, two = pair.nodes
    one.start()
    two.start(environment={"EXO_LIBP2P_NAMESPACE": "elsewhere"})
    assert wait_for(lambda: answers(one) and answers(two), pair.scaled(10))
    settle(pair)
    assert [len(picture(node)[0]) for node in (one, two)] == [1, 1]


@needs_network
def test_without_api_there_is_one_edge(pair: Cluster) -> None:
    one, _ = start(pair, [], ["--no-api"])
    assert wait_for(lambda: len(picture(one)[1]) == 1, pair.scaled(30))
    settle(pair, 12)
    ((source, sink),) = picture(one)[1]
    assert (source != one.id, sink) == (True, one.id)


@needs_network
def test_without_worker_it_is_not_in_the_topology(pair: Cluster) -> None:
    one, two = start(pair, [], ["--no-worker"])
    assert wait_for(lambda: answers(two), pair.scaled(10))
    settle(pair)
    assert picture(two)[0] == picture(one)[0] == frozenset({one.id})


@needs_network
def test_without_downloads_nothing_is_listed(pair: Cluster) -> None:
    one, two = start(pair, [], ["--no-downloads"])
    assert wait_for(lambda: formed([one, two]), pair.scaled(40))
    assert list(one.get("/state/downloads")) == [one.id]


@needs_network
@pytest.mark.parametrize("peer", ["10.99.0.1:4001", "/dns4/node1.example/tcp/4001", "/ip4/10.99.0.1/udp/4001"])
def test_wrong_peer_address_is_taken_without_a_word(pair: Cluster, peer: str) -> None:
    _, two = pair.nodes
    two.start("--bootstrap-peers", peer)
    assert wait_for(lambda: answers(two), pair.scaled(10))
    assert two.process is not None
    assert two.process.poll() is None


@needs_network
@pytest.mark.skipif(bool(REAL), reason="the real program dies at its own time")
def test_static_peers_form_and_die(make_cluster: Callable[..., Cluster]) -> None:
    cluster = make_cluster(2, start=False, factor=0.03)
    peers = [f"/ip4/{node.address}/tcp/4001" for node in cluster.nodes]
    one, two = start(
        cluster,
        ["--libp2p-port", "4001", "--bootstrap-peers", peers[1]],
        ["--libp2p-port", "4001", "--bootstrap-peers", peers[0]],
    )
    assert wait_for(lambda: formed([one, two]), cluster.scaled(60))
    dead = wait_for(
        lambda: [node for node in (one, two) if node.process is not None and node.process.poll() is not None],
        cluster.scaled(240),
    )
    assert dead[0].process.returncode == 1
    assert "EXO terminated due to unhandled exception" in dead[0].log
    assert "BrokenResourceError" in dead[0].log
    cluster.clear()


@needs_network
@pytest.mark.skipif(bool(REAL), reason="the real program hangs when it likes to")
def test_hanging_placement_and_its_cure(make_cluster: Callable[..., Cluster]) -> None:
    cluster = make_cluster(3)
    for node in cluster.nodes:
        (node.home / ".config/exo/standin-hang").write_text("1")
    first = cluster.nodes[0]
    place(first, 3)
    assert wait_for(lambda: len(set(runner_states(first).values()) & {"RunnerIdle"}) == 1, cluster.scaled(10))
    settle(cluster, 20)
    states = sorted(runner_states(first).values())
    assert set(states) <= {"RunnerIdle", "RunnerConnecting"}
    assert len(states) == 3
    for identity in instances(first):
        first.request("DELETE", f"/instance/{identity}")
    assert wait_for(lambda: instances(first) == {}, cluster.scaled(5))
    place(first, 3)
    settle(cluster, 15)
    assert "" in runner_states(first).values(), "a blocked node makes no runner"
    for node in cluster.nodes:
        (node.home / ".config/exo/standin-hang").unlink(missing_ok=True)
        node.kill()
    for node in cluster.nodes:
        node.start()
    assert wait_for(lambda: formed(cluster.nodes), cluster.scaled(60))
    place(first, 3)
    ready = {"RunnerReady"}
    assert wait_for(lambda: set(runner_states(first).values()) == ready, cluster.scaled(30)), first.log
    cluster.clear()


def test_second_start_on_a_taken_port(pair: Cluster) -> None:
    one, two = pair.nodes
    one.start()
    assert wait_for(lambda: answers(one), pair.scaled(10))
    two.namespace, two.address = one.namespace, one.address
    two.start()
    assert two.process is not None
    assert two.process.wait(timeout=pair.scaled(20)) == 1
    assert "[Errno 98]" in two.output
    assert answers(one)


@pytest.mark.skipif(not ISOLATED, reason="the damage is only done where nothing else lives")
def test_delete_with_dots_wipes_the_data_and_ends_it(pair: Cluster) -> None:
    one = pair.nodes[0]
    one.start()
    assert wait_for(lambda: answers(one) and one.get("/state/topology/nodes"), pair.scaled(10))
    answer = one.request("DELETE", f"/download/{one.id}/..")
    assert (answer.status, list(answer.json)) == (200, ["commandId"])
    assert one.process is not None
    assert one.process.wait(timeout=pair.scaled(20)) != 0
    assert not one.models.exists()


def test_missing_models_directory_is_a_warning(pair: Cluster) -> None:
    one = pair.nodes[0]
    one.start(environment={"EXO_DEFAULT_MODELS_DIR": str(one.home / "nowhere")})
    assert wait_for(lambda: "Error gathering disk usage" in one.log, pair.scaled(10))
    assert "FileNotFoundError" in one.log


def test_first_start_opens_a_browser_once(pair: Cluster) -> None:
    one = pair.nodes[0]
    for count in (1, 1):
        one.start(environment={"EXO_RUNTIME_DIR": "", "BROWSER": "true"})
        assert wait_for(lambda: answers(one), pair.scaled(10))
        one.kill()
        assert one.output.count("First run detected") == count


def test_exo_home_holds_everything(pair: Cluster) -> None:
    one = pair.nodes[0]
    one.start(environment={"EXO_HOME": "elsewhere"})
    assert wait_for(lambda: answers(one), pair.scaled(10))
    names = {path.name for path in (one.home / "elsewhere").iterdir()}
    assert {"exo_log", "event_log", "config.toml"} <= names
    assert not (one.home / ".config").exists()


@pytest.mark.parametrize("argument", ["--version", "--host=127.0.0.1"])
def test_no_such_option(pair: Cluster, argument: str) -> None:
    one = pair.nodes[0]
    one.start(argument)
    assert one.process is not None
    assert one.process.wait(timeout=20) == 2
    assert "unrecognized arguments" in one.output
