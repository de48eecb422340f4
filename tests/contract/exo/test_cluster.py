# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Three nodes: forming, placing, answering; the tests use one cluster, in this order."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.hybrid_ai.cluster.plugins.module_utils import _http
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._exo import api, strangers
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._exo import cluster as clusters

from tests.contract.exo.cluster import formed, picture, wait_for
from tests.contract.exo.conftest import REAL, needs_network
from tests.contract.exo.shape import CAPTURES, differences, recorded

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.contract.exo.cluster import Cluster, Node

pytestmark = needs_network
TINY = "lab/tiny-llama-random"
ABSENT = "mlx-community/Llama-3.2-1B-Instruct-4bit"
QUESTION = {"model": TINY, "messages": [{"role": "user", "content": "hi you"}], "max_tokens": 8}


@pytest.fixture(scope="module")
def cluster(make_cluster: Callable[..., Cluster]) -> Cluster:
    """Return three nodes that see each other."""
    began = time.monotonic()
    made = make_cluster(3)
    made.formation = time.monotonic() - began  # type: ignore[attr-defined]
    return made


def place(node: Node, count: int, model: str = TINY) -> None:
    body = {"model_id": model, "sharding": "Pipeline", "instance_meta": "MlxRing", "min_nodes": count}
    answer = node.request("POST", "/place_instance", body)
    assert answer.status == 200
    if model == TINY:
        assert differences(answer.json, recorded("place_instance_answer.json")) == []


def instances(node: Node) -> dict[str, Any]:
    return {key: next(iter(value.values())) for key, value in node.get("/state/instances").items()}


def children(node: Node) -> list[int]:
    """Return the processes of a node's group that are not the program itself."""
    assert node.process is not None
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            fields = (entry / "stat").read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue
        if int(fields[2]) == node.process.pid and int(entry.name) != node.process.pid and fields[0] != "Z":
            found.append(int(entry.name))
    return found


def runner_states(node: Node) -> dict[str, str]:
    """Return the status of each runner of the existing instances."""
    runners = node.get("/state/runners")
    return {
        runner: next(iter(runners.get(runner, {"": {}})))
        for instance in instances(node).values()
        for runner in instance["shardAssignments"]["runnerToShard"]
    }


def is_ready(node: Node, count: int) -> bool:
    states = runner_states(node)
    return len(states) == count and set(states.values()) <= {"RunnerReady", "RunnerRunning"}


def tries_to_load(node: Node, count: int) -> bool:
    """Return whether every runner of the one instance has been told to load its weights."""
    (identity,) = instances(node)
    tasks = [content for kind, content in map(_one, node.get("/state/tasks").values()) if kind == "LoadModel"]
    return len([task for task in tasks if task["instanceId"] == identity]) >= count


def _one(tagged: dict[str, Any]) -> tuple[str, Any]:
    ((kind, content),) = tagged.items()
    return kind, content


def hangs(node: Node) -> bool:
    """Return whether the ranks wait for each other for ever, as the real program's do now and then."""
    return "RunnerConnecting" in (states := set(runner_states(node).values())) and states <= {
        "RunnerIdle",
        "RunnerConnecting",
    }


def place_until_ready(cluster: Cluster, node: Node, count: int, watch: Callable[[], object] = lambda: None) -> None:
    """Place the tiny model; a hang of the real program is cured as on a real cluster, by starting its nodes again."""
    for _ in range(3):
        place(node, count)

        def ready() -> bool:
            watch()
            return is_ready(node, count)

        if wait_for(ready, cluster.scaled(30), pause=0.01):
            return
        assert REAL, node.log
        assert hangs(node), node.log
        for other in cluster.nodes:
            other.kill()
            other.start(*other.arguments)
        assert wait_for(lambda: formed(cluster.nodes), cluster.scaled(60))
    pytest.fail("three placements in a row hung")


def remove_instances(cluster: Cluster) -> None:
    node = cluster.nodes[0]
    for identity in instances(node):
        answer = node.request("DELETE", f"/instance/{identity}")
        assert differences(answer.json, recorded("delete_instance_answer.json")) == []
    assert wait_for(lambda: all(instances(other) == {} for other in cluster.nodes), cluster.scaled(10))
    time.sleep(1.0 * cluster.factor)


@pytest.fixture
def clean(cluster: Cluster) -> Cluster:
    """Return the cluster without instances."""
    remove_instances(cluster)
    return cluster


def test_does_not_form_faster_than_measured(cluster: Cluster) -> None:
    assert cluster.formation >= 5 * cluster.factor  # type: ignore[attr-defined]


def test_one_master_by_the_logs_alone(cluster: Cluster) -> None:
    last = [re.findall(r"Node (?:(\S+) )?elected [Mm]aster", node.log)[-1] for node in cluster.nodes]
    masters = {name or cluster.nodes[index].id for index, name in enumerate(last)}
    assert len(masters) == 1
    assert masters <= {node.id for node in cluster.nodes}


def test_every_node_sees_the_same(cluster: Cluster) -> None:
    assert len({picture(node) for node in cluster.nodes}) == 1
    assert differences(cluster.nodes[0].get("/state/topology"), recorded("state_topology.json")) == []
    assert differences(cluster.nodes[1].get("/state/nodeNetwork"), recorded("state_nodeNetwork.json")) == []


def test_edges_name_the_address_and_the_own_port(cluster: Cluster) -> None:
    first, second, _ = cluster.nodes
    (edge,) = first.get(f"/state/topology/connections/{first.id}/{second.id}")
    address = second.address
    assert edge == {
        "sinkMultiaddr": {
            "address": f"/ip4/{address}/tcp/52415",
            "address_type": "ip4",
            "ip_address": address,
            "port": 52415,
        }
    }


def test_previews(cluster: Cluster) -> None:
    previews = cluster.nodes[0].get(f"/instance/previews?model_id={TINY}")
    assert differences(previews, recorded("instance_previews.json")) == []
    sizes = {
        (preview["sharding"], preview["instance_meta"], len(preview["memory_delta_by_node"] or {}))
        for preview in previews["previews"]
    }
    assert {("Pipeline", "MlxRing", size) for size in (1, 2, 3)} <= sizes
    refused = [preview for preview in previews["previews"] if preview["instance"] is None]
    assert {(preview["instance_meta"], preview["error"]) for preview in refused} >= {
        ("MlxJaccl", "Requested RDMA (MlxJaccl) but no RDMA-connected cycles available")
    }


def test_placement_uses_the_smallest_cycle(cluster: Cluster) -> None:
    sizes = {}
    for minimum in (1, 2, 3):
        instance = cluster.nodes[2].get(f"/instance/placement?model_id={TINY}&min_nodes={minimum}")
        sizes[minimum] = len(instance["MlxRingInstance"]["hostsByNode"])
        assert differences(instance, recorded("instance_placement.json")) == []
    assert sizes == {1: 1, 2: 2, 3: 3}


def test_ring_addresses(cluster: Cluster) -> None:
    instance = cluster.nodes[0].get(f"/instance/placement?model_id={TINY}&min_nodes=3")["MlxRingInstance"]
    addresses = {node.id: node.address for node in cluster.nodes}
    order = sorted(
        instance["shardAssignments"]["nodeToRunner"],
        key=lambda node: next(
            iter(
                instance["shardAssignments"]["runnerToShard"][
                    instance["shardAssignments"]["nodeToRunner"][node]
                ].values()
            )
        )["deviceRank"],
    )
    for rank, node in enumerate(order):
        expected = [addresses[other] for other in order]
        expected[rank] = "0.0.0.0"
        assert [host["ip"] for host in instance["hostsByNode"][node]] == expected
        assert {host["port"] for host in instance["hostsByNode"][node]} == {instance["ephemeralPort"]}
    assert 49153 <= instance["ephemeralPort"] <= 65535


def test_impossible_placement_is_taken_and_only_logged(clean: Cluster) -> None:
    place(clean.nodes[0], 9)
    told = wait_for(
        lambda: [node for node in clean.nodes if "No cycles found with sufficient memory" in node.log], clean.scaled(5)
    )
    assert len(told) == 1
    assert instances(clean.nodes[0]) == {}


def test_two_node_pipeline_becomes_ready(clean: Cluster) -> None:
    seen: set[str] = set()
    node = clean.nodes[1]
    place_until_ready(clean, node, 2, lambda: seen.update(runner_states(node).values()))
    order = ["RunnerIdle", "RunnerConnecting", "RunnerConnected", "RunnerLoading", "RunnerLoaded", "RunnerWarmingUp"]
    assert seen & set(order)
    assert differences(clean.nodes[0].get("/state"), recorded("state_ready.json")) == []
    identity = next(iter(instances(clean.nodes[0])))
    assert differences(clean.nodes[2].get(f"/instance/{identity}"), recorded("instance_placement.json")) == []


def test_chat_from_any_node(cluster: Cluster) -> None:
    answers = [node.request("POST", "/v1/chat/completions", QUESTION) for node in cluster.nodes]
    assert {answer.status for answer in answers} == {200}
    for answer in answers:
        assert differences(answer.json, recorded("chat.json")) == []
    assert len({answer.json["choices"][0]["message"]["content"] for answer in answers}) == 1
    assert answers[0].json["choices"][0]["finish_reason"] == "length"
    assert answers[0].json["usage"]["completion_tokens"] == 8


def _lines(text: str) -> list[tuple[str, Any]]:
    """Return the stream's lines as (what comes before the JSON, the JSON)."""
    found = []
    for line in text.splitlines():
        if line and not line.isdigit():
            head, _, content = line.partition("{")
            found.append((head, json.loads("{" + content) if content else None))
    return found


def test_stream(cluster: Cluster) -> None:
    answer = cluster.nodes[2].request("POST", "/v1/chat/completions", {**QUESTION, "stream": True})
    assert answer.headers["content-type"] == "text/event-stream; charset=utf-8"
    actual, expected = _lines(answer.text), _lines((CAPTURES / "chat_stream.txt").read_text(encoding="utf-8"))
    assert [head for head, _ in actual] == [head for head, _ in expected]
    for (head, content), (_, wanted) in zip(actual, expected, strict=True):
        assert differences(content, wanted, head) == []
    assert answer.text.endswith("data: [DONE]\n\n")


@pytest.mark.parametrize(
    ("path", "body", "capture"),
    [
        pytest.param("/bench/chat/completions", QUESTION, "bench_chat.json", id="bench"),
        pytest.param("/v1/messages", QUESTION, "messages.json", id="anthropic"),
        pytest.param(
            "/v1/responses",
            {"model": TINY, "input": "hi you", "max_output_tokens": 6},
            "responses.json",
            id="responses",
        ),
        pytest.param(
            "/ollama/api/chat",
            {"model": TINY, "messages": QUESTION["messages"], "stream": False, "options": {"num_predict": 6}},
            "ollama_chat.json",
            id="ollama",
        ),
    ],
)
def test_other_ways_to_ask(cluster: Cluster, path: str, body: dict[str, Any], capture: str) -> None:
    answer = cluster.nodes[1].request("POST", path, body)
    assert answer.status == 200
    assert differences(answer.json, recorded(capture)) == []


ASKED = {"model": TINY, "stream": True}
TOKENS = 6


def events(text: str) -> list[tuple[str, dict[str, Any]]]:
    """Return the kind and the content of each event of a stream, which begins with a comment."""
    assert text.startswith(": keep-alive\n\n")
    blocks = [block.splitlines() for block in text.split("\n\n") if block and not block.startswith(":")]
    found = [(kind.removeprefix("event: "), json.loads(data.removeprefix("data: "))) for kind, data in blocks]
    assert [kind for kind, _ in found] == [content["type"] for _, content in found]
    return found


def test_stream_of_anthropics_kind(cluster: Cluster) -> None:
    body = {**ASKED, "messages": QUESTION["messages"], "max_tokens": TOKENS}
    answer = cluster.nodes[1].request("POST", "/v1/messages", body)
    assert answer.headers["content-type"] == "text/event-stream; charset=utf-8"
    found = events(answer.text)
    deltas = ["content_block_delta"] * TOKENS
    ends = ["content_block_stop", "message_delta", "message_stop"]
    assert [kind for kind, _ in found] == ["message_start", "content_block_start", *deltas, *ends]
    start, end = found[0][1]["message"], found[-2][1]
    assert differences(start, recorded("messages.json")) == []
    assert (start["content"], start["usage"]) == ([], {"input_tokens": 0, "output_tokens": 0})
    assert end["delta"] == {"stop_reason": "max_tokens", "stop_sequence": None}
    assert end["usage"] == {"output_tokens": TOKENS}


def test_stream_of_responses(cluster: Cluster) -> None:
    body = {**ASKED, "input": "hi you", "max_output_tokens": TOKENS}
    answer = cluster.nodes[1].request("POST", "/v1/responses", body)
    found = events(answer.text)
    begin = ["created", "in_progress", "output_item.added", "content_part.added"]
    end = ["output_text.done", "content_part.done", "output_item.done", "completed"]
    kinds = [*begin, *["output_text.delta"] * TOKENS, *end]
    assert [kind for kind, _ in found] == [f"response.{kind}" for kind in kinds]
    assert [content["sequence_number"] for _, content in found] == list(range(1, len(kinds) + 1))
    whole = found[-1][1]["response"]
    assert differences(whole, recorded("responses.json")) == []
    deltas = [content["delta"] for kind, content in found if kind == "response.output_text.delta"]
    assert whole["output_text"] == "".join(deltas) == found[-4][1]["text"]


@pytest.mark.parametrize(
    ("path", "question"), [("/ollama/api/chat", {"messages": QUESTION["messages"]}), ("/ollama/api/generate", {})]
)
def test_stream_of_ollamas_kind_is_an_object_for_each_token(
    cluster: Cluster, path: str, question: dict[str, Any]
) -> None:
    body = {"model": TINY, "prompt": "hi you", "options": {"num_predict": TOKENS}, **question}
    answer = cluster.nodes[1].request("POST", path, body)
    assert answer.headers["content-type"] == "application/x-ndjson"
    lines = [json.loads(line) for line in answer.text.splitlines()]
    assert [line["done"] for line in lines] == [False] * (TOKENS - 1) + [True]
    assert (lines[-1]["done_reason"], lines[-1]["eval_count"]) == ("length", TOKENS)
    assert not any("done_reason" in line for line in lines[:-1])


def test_running_models(cluster: Cluster) -> None:
    assert cluster.nodes[0].get("/ollama/api/ps") == recorded("ollama_ps.json")


def test_killed_runner_comes_back_with_the_others(cluster: Cluster) -> None:
    before = runner_states(cluster.nodes[0])
    node = next(node for node in cluster.nodes if children(node))
    for process in children(node):
        os.kill(process, signal.SIGKILL)
    assert wait_for(lambda: "RunnerFailed" in runner_states(node).values(), cluster.scaled(10))
    assert wait_for(lambda: is_ready(node, 2), cluster.scaled(30)), runner_states(node)
    assert set(runner_states(cluster.nodes[1])) == set(before)
    assert cluster.nodes[2].request("POST", "/v1/chat/completions", QUESTION).status == 200


def test_same_text_on_one_node(clean: Cluster) -> None:
    place(clean.nodes[1], 1)
    assert wait_for(lambda: is_ready(clean.nodes[1], 1), clean.scaled(30))
    states = {next(iter(state)) for state in clean.nodes[0].get("/state/runners").values()}
    assert "RunnerShuttingDown" in states, "the entries of deleted instances stay"
    one = clean.nodes[0].request("POST", "/v1/chat/completions", QUESTION).json
    assert differences(one, recorded("chat.json")) == []


def test_runner_that_fails_five_times_is_given_up_and_its_entry_stays(
    clean: Cluster, figures: Callable[..., Callable[[], dict[str, float]]]
) -> None:
    first, measure = clean.nodes[0], figures(clean.nodes)
    place(first, 1)
    assert wait_for(lambda: is_ready(first, 1), clean.scaled(30))
    (runner,) = runner_states(first)
    failed: set[float] = set()

    def given_up() -> bool:
        for node in clean.nodes:
            for process in children(node):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(process, signal.SIGKILL)
        failed.add(measure()['exo_runners{state="RunnerFailed"}'])
        return instances(first) == {}

    assert wait_for(given_up, clean.scaled(120))
    assert failed >= {1.0}
    assert list(first.get("/state/runners")[runner]) == ["RunnerFailed"]
    assert measure()['exo_runners{state="RunnerFailed"}'] == 0


def test_absent_model_leaves_the_instance_waiting(clean: Cluster) -> None:
    place(clean.nodes[0], 1, ABSENT)
    (node,) = wait_for(
        lambda: [
            node
            for node, entries in clean.nodes[0].get("/state/downloads").items()
            if any("DownloadFailed" in entry for entry in entries)
        ],
        clean.scaled(20),
    )
    assert wait_for(lambda: list(runner_states(clean.nodes[0]).values()) == ["RunnerIdle"], clean.scaled(20))
    assert node in next(iter(instances(clean.nodes[0]).values()))["hostsByNode"]


def test_created_instance(clean: Cluster) -> None:
    instance = clean.nodes[0].get(f"/instance/placement?model_id={TINY}&min_nodes=3")
    answer = clean.nodes[1].request("POST", "/instance", {"instance": instance})
    assert differences(answer.json, recorded("place_instance_answer.json")) == []
    identity = instance["MlxRingInstance"]["instanceId"]
    assert wait_for(lambda: identity in instances(clean.nodes[2]), clean.scaled(5))


def test_a_node_of_nobody_is_a_stranger(
    clean: Cluster,
    monkeypatch: pytest.MonkeyPatch,
    figures: Callable[..., Callable[[], dict[str, float]]],
) -> None:
    *ours, third = clean.nodes
    by_address = {node.address: node for node in ours}

    def fetch(url: str, timeout: float) -> _http.Answer:
        address, _, path = url.removeprefix("http://").partition(":52415")
        if address not in by_address:
            raise _http.HttpError(f"{url} does not answer")
        answer = by_address[address].request("GET", path, timeout=timeout)
        return _http.Answer(answer.status, answer.text.encode())

    # It has been there for long.
    monkeypatch.setattr(strangers, "WATCH_SECONDS", 1)
    members = [api.Member(f"mini{node.number}", node.address) for node in ours]
    answer = clusters.wait_for_cluster(members, 52415, fetch, 20, 0)
    assert answer.formed
    (stranger,) = answer.strangers
    assert (stranger.node_id, stranger.addresses, stranger.seen_by) == (third.id, [third.address], ["mini1", "mini2"])
    measured = figures(ours)()
    assert measured["exo_strangers"] == 1
    assert f'exo_stranger_seconds{{addresses="{third.address}",may_be="",node_id="{third.id}"}}' in measured


@pytest.mark.parametrize("count", [2, 1])
def test_unreadable_weights_never_get_ready_and_never_fail(
    clean: Cluster, figures: Callable[..., Callable[[], dict[str, float]]], count: int
) -> None:
    first, measure = clean.nodes[0], figures(clean.nodes)
    weights = [node.models / TINY.replace("/", "--") / "model.safetensors" for node in clean.nodes]
    good = weights[0].read_bytes()
    try:
        for path in weights:
            path.write_bytes(bytes(len(good)))
        place(first, count)
        assert wait_for(lambda: tries_to_load(first, count), clean.scaled(20)), runner_states(first)
        began = time.monotonic()
        while time.monotonic() - began < 10 * clean.factor:
            assert set(runner_states(first).values()) <= {"RunnerIdle", "RunnerLoading", "RunnerConnected"}
            assert [value for name, value in measure().items() if name.startswith("exo_instance_ready")] == [0]
        downloads = first.get("/state/downloads").values()
        assert all(any("DownloadCompleted" in entry for entry in entries) for entries in downloads)
        (stalled,) = (value for name, value in measure().items() if name.startswith("exo_instance_stalled"))
        assert stalled > 0
    finally:
        for path in weights:
            path.write_bytes(good)


def test_the_picture_still_holds(clean: Cluster) -> None:
    assert formed(clean.nodes)
