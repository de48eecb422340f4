# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._inventory_rules import _exo_models, _placement
from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._inventory_rules._model import Host, Inventory, Specs

QWEN = "mlx-community/Qwen3-0.6B-8bit"
OSS = "mlx-community/gpt-oss-20b-MXFP4-Q8"
NEEDS_ITS_NAME = (
    f"inventory: the model of {OSS} is called oss, but exo knows how to read {OSS} by gpt-oss in the name alone; write"
    " a name with gpt-oss in it."
)
MISLEADS = (
    f"inventory: the model of {QWEN} is called glm-like, and exo would read it like a model with glm in its name, which"
    f" {QWEN} is not; write a name without glm."
)
HAS_ALIASES = (
    "inventory: the model qwen has the aliases small and fast, but exo answers to one name for each copy of a model in"
    " memory; remove them."
)


def inventory(*models: Any, **values: Any) -> Inventory:
    known = {"cluster_models": list(models), "exo_version": "1.0.71", "exo_releases": {"1.0.71": {}}, **values}
    both = frozenset({"exo", "macos"})
    hosts = {name: Host(name, both, {}, dict(known)) for name in ("mini1", "mini2")}
    return Inventory(hosts, {"exo": list(hosts), "macos": list(hosts)}, Specs({}, ()))


def model(name: str, repository: str | None = QWEN, **more: Any) -> dict[str, Any]:
    source = {"repository": repository} if repository else {"path": "/Volumes/models/x"}
    return {"name": name, "source": source, "backend": "exo", **more}


@pytest.mark.parametrize(
    ("entry", "sentence"),
    [
        (model("qwen"), ""),
        (model("gpt-oss-20b", OSS), ""),
        (model("oss", OSS, backend="mlx_lm"), ""),
        (model("oss", OSS, state="absent"), ""),
        (model("oss", None), ""),
        ("no mapping", ""),
        (model("oss", OSS), NEEDS_ITS_NAME),
        (model("glm-like"), MISLEADS),
        (model("qwen", aliases=["small", "fast"]), HAS_ALIASES),
    ],
)
def test_names_that_exo_reads_otherwise_are_refused(entry: Any, sentence: str) -> None:
    found = [problem.sentence for problem in _exo_models.exo_models(inventory(entry))]
    assert found == ([sentence] if sentence else [])


def test_the_table_need_not_be_there() -> None:
    assert list(_exo_models.exo_models(inventory(cluster_models=None))) == []


@pytest.mark.parametrize(
    ("releases", "sentence"),
    [
        (
            {"1.0.72": {}},
            "inventory: exo_version is 1.0.72, which has other options and another network than we know of;",
        ),
        ({"1.0.72": {"starts_like": "1.0.71"}}, None),
    ],
)
def test_a_version_whose_start_is_not_known_is_refused(releases: dict[str, Any], sentence: str | None) -> None:
    found = [problem.sentence for problem in _placement.exo(inventory(exo_version="1.0.72", exo_releases=releases))]
    assert len(found) == (sentence is not None)
    assert sentence is None or found[0].startswith(sentence)
