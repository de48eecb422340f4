# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The table of models at the end of a run: aligned, at most 100 columns, and no more than what was measured."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._model_placement import model_placement
from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._model_report import rows, text

REVISION = "9217f5db79a29953eb74d5343926648285ec7e67"
GROUPS = {"macos": ["olab1", "olab2", "olab3"], "llama_cpp": ["gpu1"], "exo": ["olab1", "olab2", "olab3"]}
MODELS = [
    {
        "name": "qwen",
        "aliases": ["small"],
        "source": {"repository": "Qwen/Qwen-GGUF", "revision": REVISION, "files": ["q.gguf"]},
        "format": "gguf",
        "backend": "llama_cpp",
        "memory_gigabytes": 1.2,
    },
    {
        "name": "llama",
        "source": {"path": "/srv/llama"},
        "format": "safetensors",
        "backend": "exo",
        "memory_gigabytes": 12,
    },
]
MEMORY = dict.fromkeys(GROUPS["macos"], 16.0)
DIGEST = "ab" * 32


def files(model: str, *, ok: bool = True, **values: Any) -> dict[str, Any]:
    return {"check": "model_files", "model": model, "ok": ok, "values": values}


def answer(model: str, *, ok: bool = True, **values: Any) -> dict[str, Any]:
    return {"check": "model_answers", "model": model, "ok": ok, "values": values}


OTHER = {"capability": "exo", "title": "it runs", "ok": False}
MEASURED = {
    "gpu1": [OTHER, files("qwen", bytes=491400032, revision=REVISION), answer("small")],
    "olab1": [files("llama", bytes=12 << 30, revision=DIGEST), answer("llama", hosts=["olab3", "olab1"])],
    "olab2": [files("llama", bytes=12 << 30, revision=DIGEST)],
}


def printed(reports: dict[str, Any], models: Any = MODELS) -> list[str]:
    return [line for line, _ in text(rows(model_placement(models, GROUPS, MEMORY), reports))]


def test_the_table() -> None:
    assert printed(MEASURED) == [
        "model        backend    hosts         format       revision      on disk  memory  state",
        "qwen, small  llama_cpp  gpu1          gguf         9217f5db79a2  469 MB   1.2 GB  answers",
        "  1 host: the group llama_cpp has no other; on the CPU",
        "llama        exo        olab1, olab3  safetensors  abababababab  12 GB    12 GB   answers",
        "  2 of 3 hosts: 12 GB do not fit on one, which has room for 10.7 GB",
    ]


@pytest.mark.parametrize(
    ("reports", "state"),
    [
        pytest.param({}, "not asked", id="no report"),
        pytest.param({"gpu1": [OTHER]}, "not asked", id="lines of others"),
        pytest.param({"gpu1": [files("qwen")]}, "on disk", id="files"),
        pytest.param({"gpu1": [files("qwen"), answer("qwen")]}, "answers 1/2", id="one of two"),
        pytest.param({"gpu1": [answer("qwen")], "olab1": [answer("qwen")]}, "answers", id="both"),
        pytest.param({"gpu1": [answer("qwen")], "olab1": [answer("qwen", ok=False)]}, "FALSE", id="one is silent"),
        pytest.param({"gpu1": [files("qwen", ok=False), answer("qwen")]}, "FALSE", id="a damaged file"),
    ],
)
def test_the_state_is_what_was_measured(reports: dict[str, Any], state: str) -> None:
    models = model_placement([{**MODELS[0], "hosts": ["gpu1", "olab1"]}], GROUPS, MEMORY)
    (row,) = rows(models, reports)
    assert row.cells[-1] == state
    assert row.is_wrong is (state == "FALSE")


def test_what_is_absent_is_served_by_nobody() -> None:
    (row,) = rows(model_placement([{**MODELS[0], "state": "absent"}], GROUPS, MEMORY), {})
    assert (row.cells[2], row.cells[-1], row.why) == ("-", "absent", "")


def test_what_no_hub_would_say_is_not_printed() -> None:
    (row,) = rows(
        model_placement(MODELS[1:], GROUPS, MEMORY), {"olab1": [files("llama", revision="\x1b[31mred", hosts=["\x1b"])]}
    )
    assert row.cells[4] == "-"
    assert row.cells[2] == "olab1, olab2, olab3"


def test_a_false_line_marks_all_lines_of_its_model() -> None:
    found = text(rows(model_placement(MODELS, GROUPS, MEMORY), {"gpu1": [answer("qwen", ok=False)]}))
    assert [wrong for _, wrong in found] == [False, True, True, False, False]


@pytest.mark.parametrize(
    ("name", "hosts"),
    [
        pytest.param("q" * 63, ["gpu1"], id="a long name"),
        pytest.param("qwen", [f"a-very-long-name-of-a-host-{number}" for number in range(9)], id="many hosts"),
        pytest.param("/".join(["part"] * 12), ["h" * 63, "i" * 63], id="both"),
    ],
)
def test_it_is_at_most_100_columns_wide(name: str, hosts: list[str]) -> None:
    model = {**MODELS[0], "name": name, "aliases": ["b" * 63], "hosts": hosts, "memory_gigabytes": 1234.5}
    reports = {hosts[0]: [files(name, bytes=(1 << 40) - 1, revision=REVISION)]}
    lines = printed(reports, [model])
    assert max(map(len, lines)) <= 100
    # Nothing of a name is lost, wherever the lines end.
    starts = [lines[0].index(column) for column in ("model", "backend", "hosts", "format")]
    body = [line for line in lines[1:] if not line.startswith("  1 ") and "GB" not in line[:20]]
    names, _, served = (
        "".join(line[begin:end].strip() for line in body) for begin, end in zip(starts, starts[1:], strict=False)
    )
    assert names.replace(" ", "").startswith(f"{name},{'b' * 63}")
    assert served.replace(" ", "").startswith(",".join(hosts))
