# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The keeper beside every node: models are placed, placed again, and cured; one cluster, in this order."""

from __future__ import annotations

import http.client
import json
import os
import shutil
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._exo import cards

from lab.standins.exo import tiny_model
from lab.standins.model_hub.models import LAYERS
from tests.contract.exo.cluster import connect_in, formed, wait_for
from tests.contract.exo.conftest import REAL, needs_network
from tests.contract.exo.test_cluster import instances, is_ready, runner_states
from tests.contract.exo.test_models import LARGE, MEBIBYTE, NAME, serve
from tests.unit.monitoring.conftest import ROLES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.contract.exo.cluster import Cluster, Node

pytestmark = needs_network
PORT = 9109
HUGE = "huge"
QUESTION = {"model": NAME, "messages": [{"role": "user", "content": "hi"}], "max_tokens": 4}


class Kept:
    """A cluster whose nodes are started again when they end, with a keeper beside each."""

    def __init__(self, cluster: Cluster, library: Path) -> None:
        self.cluster, self.library = cluster, library
        self.keepers: dict[int, subprocess.Popen[bytes]] = {}
        self.starts: dict[int, int] = dict.fromkeys((node.number for node in cluster.nodes), 0)
        self.down: set[int] = set()
        self._stop = threading.Event()
        self._supervisor = threading.Thread(target=self._supervise)

    @property
    def first(self) -> Node:
        return self.cluster.nodes[0]

    def start(self) -> None:
        self._supervisor.start()
        assert wait_for(lambda: formed(self.cluster.nodes), self.cluster.scaled(60) + 40)

    def _supervise(self) -> None:
        while not self._stop.is_set():
            for node in self.cluster.nodes:
                ended = node.process is None or node.process.poll() is not None
                if ended and node.number not in self.down:
                    small = {"OVERRIDE_MEMORY_MB": "1"} if (node.home / "memory").exists() else {}
                    node.start(environment={"EXO_MODELS_READ_ONLY_DIRS": str(node.home / "served"), **small})
                    assert node.process is not None
                    (node.home / "group").write_text(f"{node.process.pid} boot")
                    self.starts[node.number] += 1
            time.sleep(0.05)

    def keep(self, *models: dict[str, Any], removed: tuple[str, ...] = ()) -> None:
        """Give every keeper another table."""
        self.stop_keepers()
        factor = self.cluster.factor
        for node in self.cluster.nodes:
            settings = {
                "node": f"mini{node.number}",
                "hosts": {f"mini{other.number}": other.address for other in self.cluster.nodes},
                "models": [
                    {
                        "hosts": [f"mini{other.number}" for other in self.cluster.nodes],
                        "layers": LAYERS,
                        "size": tiny_model.storage(),
                        "card": cards.file_name(model["name"]),
                        "folder": cards.folder(model["name"]),
                        **model,
                    }
                    for model in models
                ],
                "removed": list(removed),
                "cards": str(node.home / "cards"),
                "served": str(node.home / "served"),
                "exo_cards": str(node.home / ".local/share/exo/custom_model_cards/hybrid-ai"),
                "status_file": str(node.home / "status.json"),
                "service": {"group_file": str(node.home / "group")},
                "interval": max(0.5, 5 * factor),
                "deadline": max(4.0, 30 * factor),
                "settle": max(0.5, 5 * factor),
                "grace": 90 * factor,
                "blocked_after": max(1.5, 10 * factor),
            }
            path = node.home / "keeper.json"
            path.write_text(json.dumps(settings))
            self._run_keeper(node)
        for node in self.cluster.nodes:
            # Before it listens, it refuses who asks for its state.
            assert self.wait(lambda node=node: self.status(node), 20), self.told

    def _run_keeper(self, node: Node) -> None:
        with (node.home / "keeper.log").open("ab") as log:
            self.keepers[node.number] = subprocess.Popen(
                [
                    *("ip", "netns", "exec", str(node.namespace), sys.executable, "-m", "exo_keeper"),
                    *("--listen", f"{node.address}:{PORT}", "--configuration", str(node.home / "keeper.json")),
                ],
                env={"PYTHONPATH": str(self.library), "PATH": os.environ["PATH"]},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    def status(self, node: Node) -> dict[str, Any]:
        connection = http.client.HTTPConnection(node.address, PORT, timeout=5)
        connection.sock = connect_in(node.namespace, node.address, PORT, 5)
        connection.request("GET", "/status")
        found: dict[str, Any] = json.loads(connection.getresponse().read())
        connection.close()
        return found

    def model(self, node: Node, name: str = NAME) -> dict[str, Any]:
        return next(model for model in self.status(node)["models"] if model["name"] == name)

    def ready(self, node: Node, name: str = NAME) -> bool:
        return bool(self.model(node, name)["state"] == "ready")

    def wait(self, what: Callable[[], Any], seconds: float) -> Any:
        return wait_for(what, self.cluster.scaled(seconds) + 30, pause=0.2)

    @property
    def told(self) -> str:
        """What everybody said, for a test that fails."""
        logs = [(node.home / "keeper.log").read_text() for node in self.cluster.nodes]
        return "\n".join([*logs, *(node.log[-2000:] for node in self.cluster.nodes)])

    def stop_keepers(self) -> None:
        for keeper in self.keepers.values():
            keeper.terminate()
            keeper.wait(timeout=20)
        self.keepers = {}

    def close(self) -> None:
        self.stop_keepers()
        self._stop.set()
        self._supervisor.join()


def answers(node: Node) -> bool:
    return node.request("POST", "/v1/chat/completions", QUESTION).status == 200


@pytest.fixture(scope="module")
def kept(make_cluster: Callable[..., Cluster], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kept]:
    """Return three nodes that have the tiny model under a name of ours, and keepers without a table."""
    library = tmp_path_factory.mktemp("library")
    package = shutil.copytree(ROLES / "exo_models/files/exo_keeper", library / "exo_keeper")
    for shared in ("exo_state.py", "exo_placed.py"):
        shutil.copy(ROLES / "cluster_exporter/files/cluster_exporter" / shared, package)
    shutil.copy(ROLES / "program/files/exposition.py", package)
    shutil.copy(ROLES / "mlx_lm/files/mlx_front/memory.py", package)
    cluster = make_cluster(3, start=False)
    for node in cluster.nodes:
        (node.home / "served").mkdir()
        serve(node, NAME, keeper=True)
    made = Kept(cluster, library)
    try:
        made.start()
        yield made
    finally:
        made.close()


def test_a_model_is_placed_and_answers(kept: Kept) -> None:
    kept.keep({"name": NAME, "min_nodes": 1, "revision": "1"})
    for node in kept.cluster.nodes:
        assert kept.wait(lambda node=node: kept.ready(node), 90), kept.told
    assert len(instances(kept.first)) == 1
    assert kept.wait(lambda: answers(kept.first), 60), kept.told
    shown = kept.model(kept.first)
    assert (len(shown["nodes"]), shown["download"]) == (1, "DownloadCompleted")
    assert "fits on one" in shown["why"]


def test_there_is_one_leader(kept: Kept) -> None:
    states = [kept.status(node) for node in kept.cluster.nodes]
    assert {state["leader"] for state in states} == {"mini1"}
    assert [state["leads"] for state in states] == [True, False, False]
    assert sum(state["counts"]["placements"] for state in states) == 1


def test_a_table_that_wants_more_nodes_is_obeyed(kept: Kept) -> None:
    kept.keep({"name": NAME, "min_nodes": 2, "revision": "1"})
    assert kept.wait(lambda: kept.model(kept.first)["wanted"] and len(kept.model(kept.first)["nodes"]) == 2, 120), (
        kept.told
    )
    assert kept.wait(lambda: len(instances(kept.first)) == 1, 30)


def test_it_survives_a_lost_node(kept: Kept) -> None:
    lost = kept.model(kept.first)["nodes"][-1]
    node = next(node for node in kept.cluster.nodes if f"mini{node.number}" == lost)
    rest = [other for other in kept.cluster.nodes if other is not node]
    before = set(instances(rest[0]))
    kept.down.add(node.number)
    node.kill()
    assert kept.wait(lambda: before.isdisjoint(instances(rest[0])), 90), kept.told
    assert kept.wait(lambda: kept.ready(rest[0]), 200), kept.told
    assert kept.wait(lambda: answers(rest[0]), 60), kept.told
    kept.down.clear()
    assert kept.wait(lambda: formed(kept.cluster.nodes), 90), kept.told
    assert kept.wait(lambda: kept.ready(node), 90), kept.told
    assert len(instances(node)) == 1


def test_another_keeper_leads_where_the_first_is_gone(kept: Kept) -> None:
    kept.keepers.pop(1).terminate()
    for identity in instances(kept.first):
        kept.first.request("DELETE", f"/instance/{identity}")
    assert kept.wait(lambda: kept.status(kept.cluster.nodes[1])["leads"], 30)
    assert kept.wait(lambda: not kept.ready(kept.cluster.nodes[1]), 30)
    assert kept.wait(lambda: kept.ready(kept.cluster.nodes[1]), 120), kept.told
    assert len(instances(kept.first)) == 1
    kept._run_keeper(kept.first)
    assert kept.wait(lambda: kept.status(kept.first)["leads"], 30)


@pytest.mark.skipif(bool(REAL), reason="the real program hangs when it likes")
def test_a_placement_that_hangs_is_cured(kept: Kept) -> None:
    for identity in instances(kept.first):
        kept.first.request("DELETE", f"/instance/{identity}")
    kept.stop_keepers()
    assert kept.wait(lambda: instances(kept.first) == {}, 30)
    flags = [node.home / ".config/exo/standin-hang" for node in kept.cluster.nodes]
    for flag in flags:
        flag.write_text("1")
    starts = dict(kept.starts)
    kept.keep({"name": NAME, "min_nodes": 3, "revision": "1"})
    assert kept.wait(lambda: sum(flag.exists() for flag in flags) == 1, 90), kept.told
    # A node that has been started again may have failed to reach one that still hangs.
    assert set(runner_states(kept.first).values()) <= {"RunnerIdle", "RunnerConnecting", "RunnerFailed"}
    for flag in flags:
        flag.unlink(missing_ok=True)
    assert kept.wait(lambda: kept.ready(kept.first), 400), kept.told
    assert kept.wait(lambda: answers(kept.first), 60), kept.told
    again = [number for number, count in kept.starts.items() if count > starts[number]]
    assert 1 <= len(again) <= 2, "the last rank was not held up"


def test_weights_that_cannot_be_read_are_told_and_tried_less_and_less(kept: Kept) -> None:
    weights = [node.models / "lab--tiny-llama-random" / "model.safetensors" for node in kept.cluster.nodes]
    good = weights[0].read_bytes()
    kept.stop_keepers()
    for identity in instances(kept.first):
        kept.first.request("DELETE", f"/instance/{identity}")
    try:
        for path in weights:
            path.write_bytes(bytes(len(good)))
        kept.keep({"name": NAME, "min_nodes": 1, "revision": "1"})
        assert kept.wait(lambda: kept.model(kept.first)["failures"] >= 2, 300), kept.told
        assert "no nearer to answering" in kept.model(kept.first)["error"]
    finally:
        for path in weights:
            path.write_bytes(good)
    assert kept.wait(lambda: kept.ready(kept.first), 400), kept.told


def test_what_the_table_drops_is_taken_down_and_others_stay(kept: Kept) -> None:
    tiny = "lab/tiny-llama-random"
    instance = kept.first.get(f"/instance/placement?model_id={tiny}")
    kept.first.request("POST", "/instance", {"instance": instance})
    assert kept.wait(lambda: len(instances(kept.first)) == 2, 30)
    kept.keep(removed=(NAME,))
    assert kept.wait(lambda: len(instances(kept.first)) == 1, 60), kept.told
    assert kept.status(kept.first)["others"][0]["model"] == tiny
    for identity in instances(kept.first):
        kept.first.request("DELETE", f"/instance/{identity}")


@pytest.mark.skipif(bool(REAL), reason="the model has other layers than its card says")
def test_a_model_larger_than_any_node_is_on_three(kept: Kept) -> None:
    kept.stop_keepers()
    for node in kept.cluster.nodes:
        serve(node, LARGE, size=int(2.5 * MEBIBYTE), layers=6, keeper=True)
        (node.home / "memory").touch()
        node.kill()
    assert kept.wait(lambda: formed(kept.cluster.nodes), 90)
    kept.keep({"name": LARGE, "layers": 6, "size": int(2.5 * MEBIBYTE), "revision": "1"})
    assert kept.wait(lambda: kept.ready(kept.first, LARGE), 200), kept.told
    shown = kept.model(kept.first, LARGE)
    assert (len(shown["nodes"]), shown["why"]) == (3, "it takes 2.5 MiB, and no node has more than 1.0 MiB free")
    assert is_ready(kept.first, 3)


def test_a_model_without_room_is_said_by_all_and_placed_when_there_is(kept: Kept) -> None:
    size = 4 * MEBIBYTE
    kept.stop_keepers()
    for node in kept.cluster.nodes:
        serve(node, HUGE, size=size, layers=LAYERS, keeper=True)
        (node.home / "memory").touch()
        node.kill()
    assert kept.wait(lambda: formed(kept.cluster.nodes), 90)
    kept.keep({"name": HUGE, "size": size, "revision": "1"})
    for node in kept.cluster.nodes:
        assert kept.wait(lambda node=node: kept.model(node, HUGE)["refusal"], 120), kept.told
        assert kept.model(node, HUGE)["refusal"].startswith(
            f"exo has no room for {HUGE}, which takes 4.0 MiB: its nodes have 3.0 MiB free (mini1 1.0 MiB of "
        )
    assert "sufficient memory" in kept.model(kept.first, HUGE)["error"]
    for node in kept.cluster.nodes:
        (node.home / "memory").unlink()
        node.kill()
    assert kept.wait(lambda: kept.ready(kept.first, HUGE), 300), kept.told
    assert kept.model(kept.first, HUGE)["refusal"] == ""
