# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The models of the lab's inventory are those that its hub generates."""

from __future__ import annotations

from pathlib import Path

from lab.standins.model_hub.repositories import catalogue
from tests import yaml_files

INVENTORY = Path(__file__).parents[3] / "inventories/lab/hosts.yml"


def test_every_commit_is_the_newest_of_its_repository_and_has_the_files():
    models = yaml_files.load(INVENTORY)["all"]["vars"]["cluster_models"]
    assert {model["backend"] for model in models} == {"llama_cpp", "exo", "mlx_lm"}
    for model in models:
        source = model["source"]
        repository = catalogue()[source["repository"]]
        assert source["revision"] == repository.head
        assert set(source.get("files", [])) <= set(repository.commits[source["revision"]])
