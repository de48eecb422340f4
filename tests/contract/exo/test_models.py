# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Models that were not there when the nodes started, models under another name, and models larger than a node."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._exo import cards

from lab.standins.exo import tiny_model
from tests.contract.exo.cluster import formed, wait_for
from tests.contract.exo.conftest import REAL, needs_network
from tests.contract.exo.test_cluster import TINY, instances, is_ready, place

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.contract.exo.cluster import Cluster, Node

pytestmark = needs_network
NAME = "org/small:1"
"""A name of ours for the tiny model, which exo takes for a model of its own."""
LARGE = "lab/larger-than-one"
MEBIBYTE = 1024 * 1024


@pytest.fixture(scope="module")
def cluster(make_cluster: Callable[..., Cluster]) -> Cluster:
    """Return three nodes of one MiB of memory each, which also read models from a directory of links."""
    made = make_cluster(3, start=False)
    for node in made.nodes:
        links = node.home / "served"
        links.mkdir()
        node.start(environment={"EXO_MODELS_READ_ONLY_DIRS": str(links), "OVERRIDE_MEMORY_MB": "1"})
    assert wait_for(lambda: formed(made.nodes), made.scaled(60) + 40)
    return made


def serve(node: Node, name: str, size: int | None = None, layers: int | None = None, *, keeper: bool = False) -> None:
    """Give a node the tiny model under another name: links, an index, and a card where exo or our keeper looks."""
    source = node.models / TINY.replace("/", "--")
    links = node.home / "served" / name.replace("/", "--")
    links.mkdir()
    for path in source.iterdir():
        if not path.name.endswith(".index.json"):
            (links / path.name).symlink_to(path)
    config = json.loads((source / "config.json").read_text())
    index = cards.make_index({"model.safetensors": source / "model.safetensors"})
    (links / cards.INDEX).write_text(index)
    own = node.home / ("cards" if keeper else ".local/share/exo/custom_model_cards/hybrid-ai")
    own.mkdir(parents=True, exist_ok=True)
    total = size or tiny_model.storage()
    config["num_hidden_layers"] = layers or config["num_hidden_layers"]
    (own / cards.file_name(name)).write_text(cards.make_card(name, config, total).as_toml())


def downloaded(node: Node, name: str) -> bool:
    entries: list[dict[str, Any]] = node.get(f"/state/downloads/{node.id}")
    return any(
        "DownloadCompleted" in entry
        and next(iter(entry["DownloadCompleted"]["shardMetadata"].values()))["modelCard"]["modelId"] == name
        for entry in entries
    )


def known(node: Node) -> set[str]:
    return {model["id"] for model in node.get("/v1/models")["data"]}


def test_a_card_is_read_when_its_model_is_asked_for(cluster: Cluster) -> None:
    first = cluster.nodes[0]
    for node in cluster.nodes:
        serve(node, NAME)
    assert NAME not in known(first)
    for node in cluster.nodes:
        assert node.request("GET", f"/instance/previews?model_id={NAME}").status == 200
        assert NAME in known(node)


def test_links_are_a_complete_model_that_nobody_deletes(cluster: Cluster) -> None:
    for node in cluster.nodes:
        assert wait_for(lambda node=node: downloaded(node, NAME), cluster.scaled(70)), node.log  # type: ignore[misc]
    first = cluster.nodes[0]
    answer = first.request("DELETE", f"/download/{first.id}/{NAME}")
    assert answer.status == 200
    time.sleep(1)
    assert (first.home / "served" / NAME.replace("/", "--") / "config.json").exists()
    assert downloaded(first, NAME)


def test_it_answers_to_the_name_of_its_card_alone(cluster: Cluster) -> None:
    first = cluster.nodes[0]
    instance = first.get(f"/instance/placement?model_id={NAME}")
    assert first.request("POST", "/instance", {"instance": instance}).status == 200
    assert wait_for(lambda: is_ready(first, 1), cluster.scaled(30)), first.log
    body = {"messages": [{"role": "user", "content": "hi"}], "max_tokens": 4}
    answer = first.request("POST", "/v1/chat/completions", {**body, "model": NAME})
    assert (answer.status, answer.json["model"]) == (200, NAME)
    assert first.request("POST", "/v1/chat/completions", {**body, "model": TINY}).status == 404
    (identity,) = instances(first)
    first.request("DELETE", f"/instance/{identity}")
    assert wait_for(lambda: instances(first) == {}, cluster.scaled(10))


def test_a_changed_card_is_read_at_the_next_start(cluster: Cluster) -> None:
    first = cluster.nodes[0]
    path = first.home / ".local/share/exo/custom_model_cards/hybrid-ai" / cards.file_name(NAME)
    before = path.read_text()
    path.write_text(before.replace("n_layers = 4", "n_layers = 3"))
    shard = first.get(f"/instance/placement?model_id={NAME}")["MlxRingInstance"]["shardAssignments"]["runnerToShard"]
    assert [next(iter(part.values()))["nLayers"] for part in shard.values()] == [4]
    path.write_text(before)


def test_a_model_larger_than_any_node_is_spread(cluster: Cluster) -> None:
    first = cluster.nodes[0]
    for node in cluster.nodes:
        serve(node, LARGE, size=int(2.5 * MEBIBYTE), layers=6)
        node.request("GET", f"/instance/previews?model_id={LARGE}")
    for node in cluster.nodes:
        assert wait_for(lambda node=node: downloaded(node, LARGE), cluster.scaled(70))  # type: ignore[misc]
    instance = first.get(f"/instance/placement?model_id={LARGE}")["MlxRingInstance"]
    assert len(instance["shardAssignments"]["nodeToRunner"]) == 3
    assert first.request("GET", f"/instance/placement?model_id={LARGE}&min_nodes=4").status == 400


def test_empty_messages_end_a_runner_and_at_the_fifth_time_at_last_the_model(cluster: Cluster) -> None:
    first = cluster.nodes[0]
    place(first, 1)
    assert wait_for(lambda: is_ready(first, 1), cluster.scaled(30))
    for _ in range(5):
        answer = first.request("POST", "/v1/chat/completions", {"model": TINY, "messages": []}, timeout=60)
        assert (answer.status, answer.text) == (200, "")
        # A request that comes before the runner is seen to be gone is never answered, and the real one hangs on it.
        time.sleep(4 * cluster.factor)
        assert wait_for(lambda: is_ready(first, 1) or instances(first) == {}, cluster.scaled(40)), first.log
        if instances(first) == {}:
            # The real one counts a crash twice when the request is given to the new runner as well.
            break
    assert wait_for(lambda: instances(first) == {}, cluster.scaled(30))


def test_one_request_for_an_image_ends_a_placed_model(cluster: Cluster) -> None:
    first = cluster.nodes[0]
    place(first, 1)
    assert wait_for(lambda: is_ready(first, 1), cluster.scaled(30))
    body = {"model": TINY, "prompt": "a boat", "n": 1, "size": "auto"}
    try:
        answer = first.request("POST", "/v1/images/generations", body, timeout=120)
    except TimeoutError:
        # The real one may not see that its runner is gone: the model stays ready and answers nobody.
        assert REAL
        return
    assert answer.status == 500
    assert instances(first) == {}
