# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The table of models with every key, and on how many hosts each is served and why."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.hybrid_ai.cluster.plugins.filter import model_checks, model_placement, model_table
from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._capabilities import registry
from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._inventory_rules import _models_hosts
from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._inventory_rules._model import Host, Inventory, Specs
from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._model_placement import (
    kept_gigabytes,
    nodes_needed,
    usable_gigabytes,
)
from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._models import BACKENDS, FORMATS

from tests import yaml_files

ROOT = Path(__file__).parents[4]
REVISION = "9217f5db79a29953eb74d5343926648285ec7e67"
GROUPS = {
    "all": ["gpu1", "olab0", "olab1", "olab2", "olab3"],
    "macos": ["olab1", "olab2", "olab3"],
    "linux": ["olab0", "gpu1"],
    "llama_cpp": ["gpu1", "olab2"],
    "mlx_lm": ["olab1", "olab0"],
    "exo": ["olab1", "olab2", "olab3"],
}
GGUF: dict[str, Any] = {
    "name": "qwen",
    "source": {"repository": "Qwen/Qwen2.5-0.5B-Instruct-GGUF", "revision": REVISION, "files": ["a.gguf"]},
    "format": "gguf",
    "backend": "llama_cpp",
}
SAFE = {**GGUF, "format": "safetensors", "backend": "exo", "source": {"repository": "org/m", "revision": REVISION}}

table = model_table.FilterModule().filters()["model_table"]
placement = model_placement.FilterModule().filters()["model_placement"]
checks = model_checks.FilterModule().filters()["model_checks"]


def test_an_entry_gets_every_key() -> None:
    assert table([GGUF], GROUPS) == [
        {
            "name": "qwen",
            "aliases": [],
            "names": ["qwen"],
            "folder": "Qwen--Qwen2.5-0.5B-Instruct-GGUF",
            "source": GGUF["source"],
            "format": "gguf",
            "backend": "llama_cpp",
            "hosts": ["gpu1", "olab2"],
            "min_nodes": 1,
            "context": None,
            "parallel": 1,
            "memory_gigabytes": None,
            "disk_gigabytes": None,
            "license": None,
            "state": "present",
        }
    ]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        pytest.param({"aliases": ["small", "q"]}, {"names": ["qwen", "small", "q"]}, id="aliases"),
        pytest.param({"hosts": ["gpu1"]}, {"hosts": ["gpu1"]}, id="hosts"),
        pytest.param({"hosts": None, "context": None}, {"hosts": ["gpu1", "olab2"], "context": None}, id="null"),
        pytest.param(
            {"name": "a/b:q4", "source": {"url": "https://h/x.gguf", "checksum": "sha256:…", "path": None}},
            {"folder": "a--b--q4", "source": {"url": "https://h/x.gguf", "checksum": "sha256:…"}},
            id="a url",
        ),
        pytest.param(
            {"source": {"path": "/srv/m"}}, {"folder": "qwen", "source": {"path": "/srv/m", "files": []}}, id="a path"
        ),
        pytest.param({"source": {"repository": "o/m", "revision": REVISION}}, {"folder": "o--m"}, id="a repository"),
        pytest.param(
            {"source": {"repository": "o/m", "revision": REVISION}},
            {"source": {"repository": "o/m", "revision": REVISION, "files": []}},
            id="the files that serving needs",
        ),
    ],
)
def test_what_an_entry_says_is_kept(change: dict[str, Any], expected: dict[str, Any]) -> None:
    (row,) = table([{**GGUF, **change}], GROUPS)
    assert {key: row[key] for key in expected} == expected


def test_a_completed_table_stays_what_it_is() -> None:
    once = table([{**GGUF, "aliases": ["a"]}, SAFE], GROUPS)
    assert table(once, GROUPS) == once


def test_an_empty_table() -> None:
    assert table([], {}) == []
    assert table(None, {}) == []


def test_an_entry_that_lacks_its_source() -> None:
    with pytest.raises(AnsibleFilterError, match=r"an entry of cluster_models \(qwen\) has no source; add it\."):
        table([{"name": "qwen", "format": "gguf", "backend": "llama_cpp"}], GROUPS)


def memory(mac: float | None = 16, **hosts: float) -> dict[str, float | None]:
    return {**dict.fromkeys(GROUPS["macos"], mac), "gpu1": 64, "olab0": None, **hosts}


@pytest.mark.parametrize(
    ("entry", "known", "nodes", "why"),
    [
        pytest.param(
            {**GGUF, "hosts": ["gpu1"]}, memory(), 1, "hosts names no other; on the CPU", id="one that is named"
        ),
        pytest.param(
            GGUF, memory(), 2, "a copy on each host of the group llama_cpp; on the CPU of gpu1", id="the whole group"
        ),
        pytest.param(
            {**SAFE, "backend": "mlx_lm", "hosts": ["olab1"]}, memory(), 1, "hosts names no other", id="mlx_lm"
        ),
        pytest.param({**SAFE, "memory_gigabytes": 8}, memory(), 1, "it fits on one", id="fits on one"),
        pytest.param(
            {**SAFE, "memory_gigabytes": 8, "min_nodes": 3},
            memory(),
            3,
            "min_nodes asks for 3, but it fits on one: sharding only costs latency",
            id="fits on one and is spread all the same",
        ),
        pytest.param(
            {**SAFE, "memory_gigabytes": 12},
            memory(),
            2,
            "12 GB do not fit on one, which has room for 10.7 GB",
            id="too large for one",
        ),
        pytest.param(
            {**SAFE, "memory_gigabytes": 30, "min_nodes": 2},
            memory(),
            3,
            "30 GB do not fit on 2, which have room for 21.3 GB",
            id="needs more than min_nodes",
        ),
        pytest.param(
            {**SAFE, "memory_gigabytes": 12, "min_nodes": 3},
            memory(),
            3,
            "min_nodes asks for 3, and 12 GB need 2",
            id="min_nodes asks for more than it needs",
        ),
        pytest.param(
            {**SAFE, "memory_gigabytes": 40}, memory(), 3, "40 GB do not fit on all of them", id="fits on none"
        ),
        pytest.param(
            {**SAFE, "memory_gigabytes": 0.3},
            memory(olab1=0.25, olab2=0.25, olab3=0.25),
            2,
            "0.3 GB do not fit on one, which has room for 0.17 GB",
            id="small memories",
        ),
        pytest.param(
            SAFE, memory(), 1, "as few as have room; memory_gigabytes of the model is not said", id="size unknown"
        ),
        pytest.param(
            {**SAFE, "min_nodes": 2, "memory_gigabytes": 9},
            memory(None, olab1=16),
            2,
            "min_nodes asks for 2; memory_gigabytes of olab2 and olab3 is not said",
            id="hosts unknown",
        ),
        pytest.param({**SAFE, "state": "absent"}, memory(), 0, "state is absent", id="absent"),
    ],
)
def test_on_how_many_hosts_and_why(entry: dict[str, Any], known: dict[str, Any], nodes: int, why: str) -> None:
    (row,) = placement([entry], GROUPS, known)
    assert (row["nodes"], row["why"]) == (nodes, why)
    assert row["folder"] == table([entry], GROUPS)[0]["folder"]


@pytest.mark.parametrize(
    ("total", "is_mac", "kept"),
    [
        pytest.param(16, True, 16 / 3, id="a small Mac"),
        pytest.param(36, True, 12, id="a Mac at the bound"),
        pytest.param(64, True, 16, id="a large Mac"),
        pytest.param(64, False, 8, id="Linux"),
        pytest.param(4, False, 1, id="a small Linux machine"),
        pytest.param(1, False, 0.5, id="a tiny one"),
    ],
)
def test_what_a_host_keeps_for_itself(total: float, kept: float, *, is_mac: bool) -> None:
    assert kept_gigabytes(total, is_mac=is_mac) == kept


@pytest.mark.parametrize(
    ("kept", "is_mac", "usable"),
    [
        pytest.param(4, True, 12, id="what a Mac leaves the system"),
        pytest.param(None, True, 16 - 16 / 3, id="what macOS decides"),
        pytest.param(4, False, 14, id="nothing to a Linux machine"),
        pytest.param(20, True, 0, id="more than there is"),
    ],
)
def test_what_a_mac_leaves_the_system_decides_what_models_may_have(
    kept: float | None, usable: float, *, is_mac: bool
) -> None:
    assert usable_gigabytes(16, is_mac=is_mac, kept=kept) == pytest.approx(usable)


def test_the_largest_hosts_are_taken_first() -> None:
    assert nodes_needed(40, [10, 30, 20]) == 2
    assert nodes_needed(61, [10, 30, 20]) is None


@pytest.mark.parametrize(("host", "names"), [("olab2", ["qwen", "spread"]), ("olab1", ["spread"]), ("olab0", [])])
def test_what_is_measured_of_files(host: str, names: list[str]) -> None:
    gone = {**GGUF, "name": "gone", "state": "absent"}
    found = checks(table([GGUF, {**SAFE, "name": "spread"}, gone], GROUPS), host, "/srv/models", "/srv/etc")
    assert [check["model"] for check in found] == names
    assert all(check["directory"] == "/srv/models" and check["revision"] == REVISION for check in found)


SPECS = yaml_files.load(ROOT / "roles/cluster/meta/argument_specs.yml")["argument_specs"]["values"]["options"]


def test_the_specification_knows_the_same_backends_and_formats() -> None:
    entry = SPECS["cluster_models"]["options"]
    assert set(entry["backend"]["choices"]) == set(BACKENDS)
    assert set(entry["format"]["choices"]) == set(FORMATS)
    (row,) = table([GGUF], GROUPS)
    assert set(entry) | {"names", "folder"} == set(row)


def test_each_backend_has_a_group() -> None:
    assert set(BACKENDS) <= set(registry().groups)


def test_a_backend_that_does_not_run_on_a_platform(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(BACKENDS, "mlx_lm", replace(BACKENDS["mlx_lm"], platforms=("macos",)))
    values = {"cluster_models": [{**SAFE, "backend": "mlx_lm"}]}
    hosts = {
        name: Host(name, frozenset(group for group, members in GROUPS.items() if name in members), values=values)
        for name in GROUPS["all"]
    }
    found = _models_hosts.hosts(Inventory(hosts, GROUPS, Specs({}, ())))
    assert [problem.sentence for problem in found] == [
        (
            "olab0: the model qwen is to be served here by mlx_lm, which does not run on linux; take the host out of "
            "the group mlx_lm."
        )
    ]
