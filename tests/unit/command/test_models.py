# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""`cluster models`: the table, and which of it answers where."""

from __future__ import annotations

import pytest
from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._models import BACKENDS

from hybrid_cluster.command import exits, serving
from hybrid_cluster.command.measured import Measured
from hybrid_cluster.command.prometheus import Sample
from tests.unit.command.conftest import measure


def test_for_programs(cluster, site, metrics):
    measure(metrics)
    metrics.add("ollama_model_bytes", 5, node="gpu1", model="other:latest")
    document = cluster("models", "--json", "-i", site, "--prometheus", metrics.url).json
    models = {model["name"]: model for model in document["models"]}
    assert models["tiny"]["answers"] == {"gpu1": "no answer"}
    assert models["big"]["answers"] == dict.fromkeys(["mini1", "mini2", "mini3"], "answers")
    assert models["tuned"]["answers"] == {"mini2": "answers"}
    assert (models["small"]["answers"], models["small"]["aliases"]) == ({"gpu1": "on request"}, ["default"])
    assert (models["gone"]["answers"], models["gone"]["state"]) == ({}, "absent")


def test_on_a_terminal(terminal, site, metrics):
    measure(metrics)
    said = terminal("models", "-i", site, "--prometheus", metrics.url)
    assert said.code == exits.OK
    assert max(map(len, said.lines)) <= 80
    rows = {line.split()[0]: line.split() for line in said.lines if line}
    assert rows["big"] == ["big", "exo", "12", "GB", "answers", "mini1-3"]
    assert rows["tiny"] == ["tiny", "llama_cpp", "unknown", "no", "answer", "gpu1"]
    assert rows["small"][:4] == ["small", "=", "default", "ollama"]


def test_where_nobody_measures(cluster, site):
    said = cluster("models", "-i", site)
    assert said.code == exits.OK
    (big,) = [line for line in said.lines if line.startswith("big ")]
    assert big.split() == ["big", "exo", "12", "GB", "unknown", "mini1-3"]
    assert "Nothing is measured" in said.out


def test_no_model(cluster, inventory):
    said = cluster("models", "-i", inventory({"linux": {"hosts": {"desk": None}}}))
    assert said.lines == ["cluster_models has no model; docs/models.md says how to write one."]


def test_a_mistake_in_the_table_is_one_line(cluster, inventory):
    said = cluster("models", "-i", inventory({"linux": {"hosts": {"desk": None}}}, cluster_models=[{"name": "a"}]))
    assert said.code == exits.INVENTORY
    assert "an entry of cluster_models (a) has no source; add it; playbooks/validate.yml" in said.err


def test_every_backend_is_asked():
    assert set(serving._ASKED) == set(BACKENDS)


@pytest.mark.parametrize(
    ("backend", "samples", "state"),
    [
        pytest.param("mlx_lm", {"up": {"job": "mlx_lm", "instance": "h"}}, serving.UNKNOWN, id="mlx_lm says nothing"),
        pytest.param("llama_cpp", {}, serving.UNKNOWN, id="llama_cpp is not asked"),
        pytest.param("vllm", {"up": {"job": "vllm", "instance": "h"}}, serving.ANSWERS, id="vllm"),
        pytest.param("ollama", {}, serving.UNKNOWN, id="ollama is not asked"),
        pytest.param(
            "ollama",
            {"ollama_up": {"node": "h"}, "ollama_model_bytes": {"node": "h", "model": "m:latest"}},
            serving.ANSWERS,
            id="ollama has it",
        ),
        pytest.param("exo", {}, serving.UNKNOWN, id="exo is not asked"),
    ],
)
def test_states(backend, samples, state):
    measured = Measured("http://p", samples={name: [Sample(name, labels, 1.0)] for name, labels in samples.items()})
    assert serving.where(measured, {"backend": backend, "name": "m"}, "h") == state
    assert serving.where(Measured(), {"backend": backend, "name": "m"}, "h") == serving.UNKNOWN
