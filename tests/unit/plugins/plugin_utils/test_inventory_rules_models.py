# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Room for models that no broken inventory shows: what is not said is not compared, and who keeps what where."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._inventory_rules import _models_room
from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._inventory_rules._model import Host, Inventory, Specs
from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._inventory_rules._models_entries import source_faults
from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._models import Model

COMMIT = "1" * 40
GROUPS = {"macos": ["mini1", "mini2"], "mlx_lm": ["mini1"], "exo": ["mini1", "mini2"], "management": ["mini2"]}
MANAGED = {"squid_state": "present", "squid_cache_gigabytes": 100, "prometheus_state": "present"}
PLACES = {
    "cluster_directory": "/opt/hybrid-ai",
    "cluster_models_directory": "/opt/hybrid-ai/models",
    "squid_cache_directory": "/opt/hybrid-ai/squid/cache",
    "prometheus_retention_gigabytes": 20,
}


def model(name: str = "m", backend: str = "mlx_lm", **entry: Any) -> dict[str, Any]:
    source = entry.pop("source", {"repository": f"org/{name}", "revision": COMMIT})
    return {"name": name, "source": source, "format": "safetensors", "backend": backend, **entry}


def inventory(models: list[dict[str, Any]], shared: dict[str, Any] | None = None, **hosts: dict[str, Any]) -> Inventory:
    found = {
        name: Host(
            name,
            frozenset(group for group, members in GROUPS.items() if name in members),
            values={"cluster_models": models, **PLACES, **(shared or {}), **hosts.get(name, {})},
        )
        for name in GROUPS["macos"]
    }
    return Inventory(found, GROUPS, Specs({}, ()))


@pytest.mark.parametrize(
    ("models", "hosts", "sentences"),
    [
        pytest.param([model(memory_gigabytes=90)], {}, [], id="nobody says what the host has"),
        pytest.param([model()], {"mini1": {"memory_gigabytes": 1}}, [], id="nobody says what the model takes"),
        pytest.param(
            [model(memory_gigabytes=90, state="absent")], {"mini1": {"memory_gigabytes": 1}}, [], id="to be removed"
        ),
        pytest.param(
            [model(backend="exo", memory_gigabytes=90)], {"mini1": {"memory_gigabytes": 16}}, [], id="one host unknown"
        ),
        pytest.param(
            [model(memory_gigabytes=9)],
            {"mini1": {"memory_gigabytes": 16, "mlx_lm_prompt_cache_gigabytes": 2}},
            [
                (
                    "mini1: the model m (9 GB) with mlx_lm_prompt_cache_gigabytes (2) need 11 GB here, but the host "
                    "has 10.7 for models: of its 16 (memory_gigabytes) it keeps 5.3 for itself; take one of them off "
                    "this host, or a smaller one."
                )
            ],
            id="with the cache of prompts",
        ),
        pytest.param(
            [model(backend="exo", hosts=["mini1"], memory_gigabytes=12)],
            {"mini1": {"memory_gigabytes": 16}},
            [
                (
                    "mini1: the model m needs 12 GB here, but the host has 10.7 for models: of its 16 "
                    "(memory_gigabytes) it keeps 5.3 for itself; take a smaller one."
                )
            ],
            id="exo on one host",
        ),
    ],
)
def test_memory(models: list[dict[str, Any]], hosts: dict[str, Any], sentences: list[str]) -> None:
    assert [problem.sentence for problem in _models_room.memory(inventory(models, **hosts))] == sentences


@pytest.mark.parametrize(
    ("models", "shared", "parts"),
    [
        pytest.param([], MANAGED, {"squid_cache_gigabytes 100", "prometheus_retention_gigabytes 20"}, id="no models"),
        pytest.param([], {**MANAGED, "squid_state": "absent"}, {"prometheus_retention_gigabytes 20"}, id="no cache"),
        pytest.param(
            [],
            {**MANAGED, "squid_cache_directory": "/srv/cache"},
            {"prometheus_retention_gigabytes 20"},
            id="the cache on a disk of its own",
        ),
        pytest.param([model(memory_gigabytes=7)], {}, {"the model m 7"}, id="the store has what others serve"),
        pytest.param(
            [model(disk_gigabytes=3, memory_gigabytes=7)], {}, {"the model m 3"}, id="files are smaller than memory"
        ),
        pytest.param(
            [model(disk_gigabytes=3), model("n", disk_gigabytes=3, source=model()["source"])],
            {},
            {"the model n 3"},
            id="one folder counts once",
        ),
        pytest.param(
            [model(disk_gigabytes=3, source={"path": "/Volumes/disk/m"})], {}, set(), id="what lies there already"
        ),
        pytest.param(
            [model(disk_gigabytes=3)],
            {"cluster_models_directory": "/Volumes/models"},
            set(),
            id="models on a disk of their own",
        ),
        pytest.param(
            [model(disk_gigabytes=3)], {"cluster_model_store": "mini1"}, set(), id="another host is the store"
        ),
    ],
)
def test_disk(models: list[dict[str, Any]], shared: dict[str, Any], parts: set[str]) -> None:
    found = list(_models_room.disk(inventory(models, shared, mini2={"disk_gigabytes": 0.5})))
    if not parts:
        assert found == []
        return
    (problem,) = found
    assert problem.subject == "mini2"
    listed = problem.text.partition("(disk_gigabytes), but ")[2].partition(" are ")[0]
    assert set(listed.replace(" and ", ", ").split(", ")) == parts


@pytest.mark.parametrize(
    "repository", ["gpt2", "org/a/b", "org/..", "org/a--b", "../m", "org/m.", "-org/m", "org/", "org/m m"]
)
def test_a_repository_is_an_organisation_and_a_name(repository: str) -> None:
    entry = Model.read(model(source={"repository": repository, "revision": COMMIT}), GROUPS)
    assert source_faults(entry) == [
        f"comes from the repository {repository!r}; write it as organisation/name, as its page shows it."
    ]


@pytest.mark.parametrize(
    ("file", "good"),
    [
        ("model.safetensors", True),
        ("*.safetensors", True),
        ("sub/a b.json", True),
        ("..", False),
        ("a/../b", False),
        ("a//b", False),
        ("./a", False),
        ("a/", False),
        ("", False),
        ("~/a", False),
        ("a\\..\\b", False),
        ("a\nb", False),
        ("a\x1b[31m", False),
    ],
)
def test_a_file_stays_in_its_folder(file: str, *, good: bool) -> None:
    entry = Model.read(model(source={"path": "/srv/m", "files": [file]}), GROUPS)
    assert (source_faults(entry) == []) is good


@pytest.mark.parametrize("path", ["/", "/srv/../etc", "srv/m", "/srv//m", "~/m", "/srv/m\n"])
def test_a_path_is_whole(path: str) -> None:
    assert len(source_faults(Model.read(model(source={"path": path}), GROUPS))) == 1


@pytest.mark.parametrize(
    ("path", "good"), [("/srv/models", False), ("/srv/models/m", False), ("/srv/models-of-others/m", True)]
)
def test_a_path_is_none_that_roles_write_to(path: str, *, good: bool) -> None:
    entry = Model.read(model(source={"path": path}), GROUPS)
    assert (source_faults(entry, {"/srv/models/"}) == []) is good
