# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Which endpoints there are, and what becomes of each with each backend."""

from __future__ import annotations

import pytest

from hybrid_cluster.gateway.endpoints import ENDPOINTS, Kind, Treatment, find
from hybrid_cluster.gateway.kinds import Backend, Dialect

COLUMNS = ("exo", "llama_cpp", "ollama", "vllm", "mlx_lm", "external")
# N native, T translated, - refused.
TABLE = """
/v1/chat/completions       N N N N N N
/v1/completions            - N N N N N
/v1/embeddings             - N N N - N
/v1/responses              - N N N - N
/v1/rerank                 - N - N - N
/v1/audio/transcriptions   - N N N - N
/v1/audio/translations     - - - N - N
/v1/audio/speech           - - - - - N
/v1/messages               T N N N T T
/v1/messages/count_tokens  - N - N - -
/api/chat                  T T N T T T
/api/generate              T T N T T T
/api/embed                 - T N T - T
/api/embeddings            - T N T - T
"""
SIGNS = {"N": Treatment.NATIVE, "T": Treatment.TRANSLATED, "-": Treatment.REFUSED}
ROWS = {path: signs for path, *signs in (line.split() for line in TABLE.strip().splitlines())}
CELLS = [
    pytest.param(path, Backend(backend), SIGNS[sign], id=f"{path}-{backend}")
    for path, signs in ROWS.items()
    for backend, sign in zip(COLUMNS, signs, strict=True)
]

REFUSED = """
DELETE /api/delete
POST   /api/create
POST   /api/copy
POST   /api/pull
POST   /api/push
HEAD   /api/blobs/sha256:00
POST   /api/blobs/sha256:00
POST   /models
DELETE /models
POST   /models/load
POST   /models/unload
GET    /models/sse
DELETE /v1/models/org/name
POST   /slots/0
POST   /props
POST   /lora-adapters
POST   /v1/load_lora_adapter
POST   /v1/unload_lora_adapter
POST   /sleep
POST   /wake_up
POST   /reset_prefix_cache
POST   /collective_rpc
POST   /instance
POST   /place_instance
DELETE /instance/1
POST   /download/start
POST   /download/cancel
DELETE /download/node/model
POST   /models/add
DELETE /models/custom/org/name
POST   /v1/cancel/1
POST   /bench/chat/completions
POST   /v1/images/generations
POST   /v1/images/edits
GET    /v1/responses/resp_1
DELETE /v1/responses/resp_1
POST   /v1/responses/resp_1/cancel
"""
VERBS = [tuple(line.split()) for line in REFUSED.strip().splitlines()]


@pytest.mark.parametrize(("path", "backend", "treatment"), CELLS)
def test_each_endpoint_has_one_treatment_for_each_backend(path, backend, treatment):
    found = find("POST", path).endpoint
    assert found is not None
    assert found.treatment(backend) is treatment


def test_the_table_has_every_endpoint_that_a_backend_answers():
    assert set(ROWS) == {endpoint.path for endpoint in ENDPOINTS if endpoint.kind is Kind.MODEL}
    assert set(COLUMNS) == {str(backend) for backend in Backend}


@pytest.mark.parametrize(("method", "path"), VERBS)
def test_what_changes_or_ends_a_model_is_refused(method, path):
    found = find(method, path)
    assert found.endpoint is not None
    assert found.endpoint.kind is Kind.REFUSED
    assert found.endpoint.why.endswith(".")
    assert found.endpoint.dialect is (Dialect.OLLAMA if path.startswith("/api/") else Dialect.OPENAI)


def test_every_refused_verb_is_tried():
    assert len(VERBS) == sum(endpoint.kind is Kind.REFUSED for endpoint in ENDPOINTS)
    assert len({(endpoint.method, endpoint.path) for endpoint in ENDPOINTS}) == len(ENDPOINTS)


@pytest.mark.parametrize(
    ("path", "dialect"),
    [
        ("/v1/unknown", Dialect.OPENAI),
        ("/v1/messages/batches", Dialect.ANTHROPIC),
        ("/api/me", Dialect.OLLAMA),
        ("//v1/chat/completions", Dialect.OPENAI),
        ("/v1/chat/completions/", Dialect.OPENAI),
        ("/v1/./chat/completions", Dialect.OPENAI),
        ("/v1/models/../../instance", Dialect.OPENAI),
        ("/v1/models/a//b", Dialect.OPENAI),
        ("/v1/chat%2fcompletions", Dialect.OPENAI),
        ("/V1/chat/completions", Dialect.OPENAI),
        ("/v1/models/a\\b", Dialect.OPENAI),
        ("/v1/chat/completions\n", Dialect.OPENAI),
        ("/health", Dialect.OPENAI),
        ("/state", Dialect.OPENAI),
        ("/ollama/api/chat", Dialect.OPENAI),
    ],
)
def test_other_paths_are_none_whatever_they_would_decode_to(path, dialect):
    found = find("POST", path)
    assert found.endpoint is None
    assert found.dialect is dialect


def test_a_wrong_method_names_those_that_are_right():
    assert find("GET", "/v1/chat/completions").allowed == ("POST",)
    assert find("OPTIONS", "/").allowed == ("GET", "HEAD")
    assert find("PUT", "/v1/models/org/name").allowed == ("DELETE", "GET")


def test_the_name_of_a_model_in_a_path_may_have_slashes():
    assert find("GET", "/v1/models/org/name").name == "org/name"
