# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The dashboards are what their descriptions make, and keep the rules of Grafana's own linter that apply to them."""

from __future__ import annotations

import json
import re
import shutil
import subprocess

import pytest

from dashboards import build

MADE = build.dashboards()
DOCUMENTS = {name: json.loads(text) for name, text in MADE.items()}
PANELS = [
    pytest.param(panel, id=f"{name}: {panel['title']}")
    for name, document in DOCUMENTS.items()
    for panel in document["panels"]
    if panel["type"] != "row"
]
COUNTER = re.compile(r"\b[\w:]+_total\b")


def test_the_files_are_up_to_date():
    found = {path.name: path.read_text(encoding="utf-8") for path in build.TARGET.glob("*.json")}
    assert found == MADE, "run: python -m dashboards.build"


def test_identifiers_and_titles_are_used_once():
    for key in ("uid", "title"):
        values = [document[key] for document in DOCUMENTS.values()]
        assert len(values) == len(set(values))


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_dashboard(name):
    document = DOCUMENTS[name]
    assert document["uid"] == f"cluster-{name.removesuffix('.json')}"
    assert document["description"].endswith(".")
    assert not document["editable"]
    assert document["templating"]["list"][0]["name"] == "datasource"
    assert document["templating"]["list"][0]["label"] == "Data source"
    panels = document["panels"]
    assert [panel["id"] for panel in panels] == list(range(1, len(panels) + 1))


@pytest.mark.parametrize("name", DOCUMENTS)
def test_no_panel_covers_another(name):
    seen: set[tuple[int, int]] = set()
    for panel in DOCUMENTS[name]["panels"]:
        place = panel["gridPos"]
        assert place["x"] + place["w"] <= build.COLUMNS
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not cells & seen, panel["title"]
        seen |= cells


@pytest.mark.parametrize("panel", PANELS)
def test_a_panel(panel):
    assert panel["description"].endswith(".")
    assert panel["datasource"]["uid"] == "${datasource}"
    assert panel["fieldConfig"]["defaults"]["unit"]
    assert panel["targets"]
    for target in panel["targets"]:
        assert target["datasource"]["uid"] == "${datasource}"
        assert not re.search(r"\[\d+[smhd]\]", target["expr"]), "write $__rate_interval or $__range"


@pytest.mark.parametrize("panel", PANELS)
def test_a_counter_is_shown_as_a_rate(panel):
    for target in panel["targets"]:
        counters = COUNTER.findall(target["expr"])
        rated = re.findall(r"(?:rate|increase)\(([\w:]+_total)", target["expr"])
        # A share of two counters is one since the program started.
        assert sorted(counters) == sorted(rated) or panel["type"] == "gauge"


@pytest.mark.skipif(shutil.which("dashboard-linter") is None, reason="Grafana's dashboard-linter is not installed")
@pytest.mark.parametrize("name", MADE)
def test_grafanas_own_linter(name):
    command = ["dashboard-linter", "lint", "--strict", "--config", str(build.SOURCES / ".lint")]
    done = subprocess.run([*command, str(build.TARGET / name)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
