# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""One node's HTTP API: statuses, texts, casing and shapes as recorded from 1.0.71."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.contract.exo.cluster import wait_for
from tests.contract.exo.shape import differences, recorded

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tests.contract.exo.cluster import Cluster, Node

TINY = "lab/tiny-llama-random"
CATALOGUED = "mlx-community/Llama-3.2-1B-Instruct-4bit"


@pytest.fixture(scope="module")
def node(make_cluster: Callable[..., Cluster]) -> Node:
    """Return a node that knows its memory and its downloads."""
    cluster = make_cluster(1)
    alone = cluster.nodes[0]
    assert wait_for(lambda: len(alone.get(f"/state/downloads/{alone.id}")) == 121, cluster.scaled(60))
    assert wait_for(lambda: alone.get(f"/state/nodeMemory/{alone.id}"), cluster.scaled(20))
    return alone


@pytest.mark.parametrize(
    ("method", "path", "body", "expected"),
    [
        pytest.param("GET", "/nope", None, (404, "unknown_route.json"), id="unknown-route"),
        pytest.param("GET", "/instance", None, (404, "unknown_route.json"), id="there-is-no-list-of-instances"),
        pytest.param("GET", "/place_instance", None, (404, "unknown_route.json"), id="get-of-a-post-route"),
        pytest.param("POST", "/node_id", b"{}", (405, "wrong_verb.json"), id="wrong-verb"),
        pytest.param("GET", "/state/nope", None, (404, "state_unknown_path.json"), id="unknown-part-of-the-state"),
        pytest.param(
            "POST",
            "/v1/chat/completions",
            {"model": CATALOGUED, "messages": [{"role": "user", "content": "hi"}]},
            (404, "chat_no_instance.json"),
            id="chat-without-instance",
        ),
        pytest.param(
            "POST",
            "/place_instance",
            {"model_id": 5},
            (422, "place_instance_bad_body.json"),
            id="model-id-not-a-string",
        ),
        pytest.param(
            "POST", "/instance", {"instance": None}, (422, "instance_invalid_body.json"), id="instance-not-an-object"
        ),
        pytest.param(
            "GET",
            f"/instance/placement?model_id={TINY}&min_nodes=5",
            None,
            (400, "instance_placement_too_many_nodes.json"),
            id="more-nodes-than-there-are",
        ),
    ],
)
def test_refusal(node: Node, method: str, path: str, body: Any, expected: tuple[int, str]) -> None:
    status, capture = expected
    answer = node.request(method, path, body)
    assert (answer.status, answer.json) == (status, recorded(capture))


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        pytest.param("GET", "/instance/12345678-0000-0000-0000-000000000000", 404, id="get-unknown-instance"),
        pytest.param("DELETE", "/instance/12345678-0000-0000-0000-000000000000", 404, id="delete-unknown-instance"),
        pytest.param("POST", "/v1/cancel/12345678-0000-0000-0000-000000000000", 404, id="cancel-unknown-command"),
        pytest.param("DELETE", "/models/custom/no/such", 404, id="delete-unknown-card"),
        pytest.param("GET", "/images/12345678-0000-0000-0000-000000000000", 404, id="get-unknown-image"),
        pytest.param("GET", "/v1/traces/12345678-0000-0000-0000-000000000000", 404, id="get-unknown-trace"),
    ],
)
def test_error_envelope(node: Node, method: str, path: str, status: int) -> None:
    answer = node.request(method, path)
    assert answer.status == status
    assert set(answer.json["error"]) == {"message", "type", "param", "code"}
    assert answer.json["error"]["code"] == status


def test_node_id_is_a_bare_string(node: Node) -> None:
    answer = node.request("GET", "/node_id")
    assert answer.status == 200
    assert answer.headers["content-type"] == "application/json"
    assert json.loads(answer.text).startswith("12D3KooW")
    assert node.request("HEAD", "/node_id").status == 404


MISSING = {"type": "missing", "msg": "Field required"}
# What each kind of a shard and of an instance has to have.
_SHARD = ("modelCard", "deviceRank", "worldSize", "startLayer", "endLayer", "nLayers")
SHARD = (*_SHARD, *_SHARD, "cfgRank", "pipelineRank", "pipelineWorldSize", *_SHARD)
_INSTANCE = ("instanceId", "shardAssignments")
INSTANCE = (*_INSTANCE, "hostsByNode", "ephemeralPort", *_INSTANCE, "jacclDevices", "jacclCoordinators")


def lacking(field: str, names: Sequence[str]) -> list[dict[str, Any]]:
    return [{**MISSING, "loc": ["body", field, "function-wrap[_validate()]", name], "input": {}} for name in names]


def role_error(place: int, expected: str, value: str) -> dict[str, Any]:
    return {
        "type": "literal_error",
        "loc": ["body", "messages", place, "role"],
        "msg": f"Input should be {expected}",
        "input": value,
        "ctx": {"expected": expected},
    }


@pytest.mark.parametrize(
    ("method", "path", "body", "details"),
    [
        pytest.param("POST", "/place_instance", None, [{**MISSING, "loc": ["body"], "input": None}], id="no-body"),
        pytest.param(
            "POST",
            "/place_instance",
            b"{",
            [
                {
                    "type": "json_invalid",
                    "loc": ["body", 1],
                    "msg": "JSON decode error",
                    "input": {},
                    "ctx": {"error": "Expecting property name enclosed in double quotes"},
                }
            ],
            id="not-json",
        ),
        pytest.param(
            "POST",
            "/v1/chat/completions",
            {},
            [{**MISSING, "loc": ["body", name], "input": {}} for name in ("model", "messages")],
            id="every-missing-field",
        ),
        pytest.param(
            "POST",
            "/place_instance",
            {"model_id": TINY, "sharding": "X", "min_nodes": "a"},
            [
                {
                    "type": "enum",
                    "loc": ["body", "sharding"],
                    "msg": "Input should be 'Tensor' or 'Pipeline'",
                    "input": "X",
                    "ctx": {"expected": "'Tensor' or 'Pipeline'"},
                },
                {
                    "type": "int_parsing",
                    "loc": ["body", "min_nodes"],
                    "msg": "Input should be a valid integer, unable to parse string as an integer",
                    "input": "a",
                },
            ],
            id="wrong-values",
        ),
        pytest.param(
            "GET", "/instance/placement", None, [{**MISSING, "loc": ["query", "model_id"], "input": None}], id="query"
        ),
        pytest.param(
            "POST",
            "/v1/messages",
            {},
            [{**MISSING, "loc": ["body", name], "input": {}} for name in ("model", "max_tokens", "messages")],
            id="anthropic",
        ),
        pytest.param(
            "POST",
            "/v1/responses",
            {},
            [{**MISSING, "loc": ["body", name], "input": {}} for name in ("model", "input")],
            id="responses",
        ),
        pytest.param(
            "POST",
            "/v1/chat/completions",
            {"model": TINY, "messages": [{"role": "robot", "content": "a"}, {"content": "b"}, "c"]},
            [
                role_error(0, "'system', 'user', 'assistant', 'developer', 'tool' or 'function'", "robot"),
                {**MISSING, "loc": ["body", "messages", 1, "role"], "input": {"content": "b"}},
                {
                    "type": "model_attributes_type",
                    "loc": ["body", "messages", 2],
                    "msg": "Input should be a valid dictionary or object to extract fields from",
                    "input": "c",
                },
            ],
            id="messages",
        ),
        pytest.param(
            "POST",
            "/v1/messages",
            {"model": TINY, "max_tokens": 1, "messages": [{"role": "system"}]},
            [
                role_error(0, "'user' or 'assistant'", "system"),
                {**MISSING, "loc": ["body", "messages", 0, "content"], "input": {"role": "system"}},
            ],
            id="messages-of-anthropic",
        ),
        pytest.param("POST", "/instance", {}, [{**MISSING, "loc": ["body", "instance"], "input": {}}], id="nothing"),
        pytest.param("POST", "/instance", {"instance": {}}, lacking("instance", INSTANCE), id="empty-instance"),
        pytest.param(
            "POST",
            "/download/start",
            {"target_node_id": "any", "shard_metadata": {}},
            lacking("shard_metadata", SHARD),
            id="empty-shard",
        ),
        pytest.param(
            "POST",
            "/download/cancel",
            {},
            [{**MISSING, "loc": ["body", name], "input": {}} for name in ("targetNodeId", "modelId")],
            id="download",
        ),
    ],
)
def test_invalid_request(node: Node, method: str, path: str, body: Any, details: list[dict[str, Any]]) -> None:
    answer = node.request(method, path, body)
    assert (answer.status, answer.json["detail"]) == (422, details)


def test_state(node: Node) -> None:
    state = node.get("/state")
    expected = recorded("state_one_node.json")
    assert list(state) == list(expected)
    assert differences(state, expected) == []
    assert state["topology"] == {"nodes": [node.id], "connections": {}}
    assert list(state["nodeNetwork"]) == [node.id]


@pytest.mark.parametrize("path", ["topology/nodes/0", "nodeMemory", "downloads", "lastSeen", "topology/"])
def test_state_sub_tree(node: Node, path: str) -> None:
    expected = node.get("/state")
    for part in filter(None, path.split("/")):
        expected = expected[int(part)] if isinstance(expected, list) else expected[part]
    assert differences(node.get(f"/state/{path}"), expected) == []


def test_downloads_list_the_catalogue(node: Node) -> None:
    kinds = [next(iter(entry)) for entry in node.get(f"/state/downloads/{node.id}")]
    assert (kinds.count("DownloadPending"), kinds.count("DownloadCompleted")) == (120, 1)


def test_events_are_in_snake_case(node: Node) -> None:
    events = node.get("/events")
    kinds = {next(iter(event)) for event in events}
    assert {"NodeGatheredInfo", "NodeDownloadProgress"} <= kinds
    gathered = next(event["NodeGatheredInfo"] for event in events if "NodeGatheredInfo" in event)
    assert {"event_id", "node_id", "when", "info"} <= set(gathered)
    identities = [next(iter(event.values()))["event_id"] for event in events]
    assert len(set(identities)) == len(identities)


@pytest.mark.parametrize("path", ["/models", "/v1/models"])
def test_models(node: Node, path: str) -> None:
    listed = node.get(path)
    assert differences(listed, recorded("models.json")) == []
    assert len(listed["data"]) == 121
    assert {model["id"]: model["is_custom"] for model in listed["data"]}[TINY] is True


def test_downloaded_models(node: Node) -> None:
    assert [model["id"] for model in node.get("/v1/models?status=downloaded")["data"]] == [TINY]
    assert differences(node.get("/ollama/api/tags"), recorded("ollama_tags.json")) == []


def test_search_fails_without_internet(node: Node) -> None:
    answer = node.request("GET", "/models/search?query=llama", timeout=60)
    assert (answer.status, answer.text) == (500, "Internal Server Error")


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        pytest.param("POST", "/place_instance", {"model_id": "llama-3.2-1b"}, id="place-unknown-model"),
        pytest.param("POST", "/models/add", {"model_id": "no/such"}, id="add-unknown-model"),
    ],
)
def test_unknown_model_fails_late_or_never(node: Node, method: str, path: str, body: Any) -> None:
    try:
        answer = node.request(method, path, body, timeout=20 * node.cluster.factor)
    except TimeoutError:
        return
    assert answer.status in (400, 500)


def test_paths(node: Node) -> None:
    described = node.get("/openapi.json")
    assert {path: sorted(methods) for path, methods in described["paths"].items()} == recorded("openapi_paths.json")
    assert node.request("GET", "/").headers["content-type"].startswith("text/html")


@pytest.mark.parametrize("path", ["/", "/index.html", "/docs", "/openapi.json"])
def test_pages_answer_to_a_question_for_their_head(node: Node, path: str) -> None:
    answer = node.request("HEAD", path)
    assert (answer.status, answer.text) == (200, "")
    assert int(answer.headers["content-length"]) > 0


def test_no_images_and_no_traces(node: Node) -> None:
    assert node.get("/images") == {"data": []}
    answer = node.request("POST", "/v1/traces/delete", {"task_ids": ["none"]})
    assert answer.json == {"deleted": [], "notFound": ["none"]}


@pytest.mark.parametrize(
    "body", [None, {}, {"model": TINY}, {"model": TINY, "messages": [{"role": "robot", "content": "hi"}]}]
)
def test_a_wrong_question_of_ollamas_kind_is_no_sentence(node: Node, body: Any) -> None:
    answer = node.request("POST", "/ollama/api/chat", body)
    assert (answer.status, answer.text) == (500, "Internal Server Error")


def test_ollama_version(node: Node) -> None:
    assert node.get("/ollama/api/version") == recorded("ollama_version.json")
    assert node.request("HEAD", "/ollama/").status == 200


def test_cors_is_open(node: Node) -> None:
    answer = node.request("GET", "/node_id", headers={"Origin": "http://elsewhere.example"})
    assert answer.headers["access-control-allow-origin"] in ("*", "http://elsewhere.example")


def test_previews_of_one_node(node: Node) -> None:
    previews = node.get(f"/instance/previews?model_id={TINY}")["previews"]
    found = [(preview["sharding"], preview["instance_meta"], list(preview["instance"])) for preview in previews]
    assert found == [
        (sharding, meta, ["MlxRingInstance"]) for sharding in ("Pipeline", "Tensor") for meta in ("MlxRing", "MlxJaccl")
    ]
    assert differences({"previews": previews}, recorded("instance_previews.json")) == []


def test_instance_larger_than_memory(node: Node) -> None:
    instance = node.get(f"/instance/placement?model_id={TINY}")
    assert differences(instance, recorded("instance_one_node.json")) == []
    content = instance["MlxRingInstance"]
    content["shardAssignments"]["modelId"] = "mlx-community/Qwen3-Coder-480B-A35B-Instruct-8bit"
    answer = node.request("POST", "/instance", {"instance": instance})
    assert answer.status == 400
    assert answer.json["error"]["message"].startswith("Insufficient memory to create instance. Required: 540.0GB")


@pytest.mark.parametrize("casing", ["snake", "camel"])
def test_download_that_cannot_be(node: Node, casing: str) -> None:
    entries = [next(iter(entry.values())) for entry in node.get(f"/state/downloads/{node.id}")]
    shard = next(entry["shardMetadata"] for entry in entries if entry["modelDirectory"].endswith("1B-Instruct-4bit"))
    body = {"target_node_id": node.id, "shard_metadata": shard}
    if casing == "camel":
        body = {"targetNodeId": node.id, "shardMetadata": shard}
    answer = node.request("POST", "/download/start", body)
    assert (answer.status, list(answer.json)) == (200, ["commandId"])

    def failed() -> dict[str, Any] | None:
        return next((entry for entry in node.get(f"/state/downloads/{node.id}") if "DownloadFailed" in entry), None)

    entry = wait_for(failed, node.cluster.scaled(10))
    content = dict(entry["DownloadFailed"])
    content.pop("shardMetadata")
    expected = recorded("download_state_offline.json")["DownloadFailed"]
    assert differences(content, expected) == []
    assert content["errorMessage"] == expected["errorMessage"]


def test_files(node: Node) -> None:
    assert (node.home / ".cache/exo/exo_log/exo.log").is_file()
    assert (node.home / ".config/exo/config.toml").read_text() == ""
    assert (node.home / ".config/exo/.dashboard_opened").exists()
    assert (node.home / ".local/share/exo/event_log/api/events.bin").exists()
    assert "\033[" in node.output
    assert "\033[" not in node.log
    assert f"Starting node {node.id}" in node.log
