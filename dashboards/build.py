# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Make roles/grafana/files/dashboards from dashboards/*.yml: python -m dashboards.build."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import yaml

from dashboards import panels

SOURCES = Path(__file__).parent
TARGET = SOURCES.parent / "roles/grafana/files/dashboards"
# Grafana's grid has 24 columns.
COLUMNS = 24
_SCHEMA_VERSION = 39
_TAG = "hybrid-ai-cluster"


def render(specification: dict[str, Any]) -> dict[str, Any]:
    """Return the dashboard in Grafana's form."""
    return {
        "uid": specification["uid"],
        "title": specification["title"],
        "description": specification["description"],
        "tags": [_TAG],
        "schemaVersion": _SCHEMA_VERSION,
        "editable": False,
        "graphTooltip": 1,
        "refresh": "30s",
        "time": {"from": specification.get("from", "now-1h"), "to": "now"},
        "timezone": "browser",
        "links": [
            {
                "type": "dashboards",
                "title": "Cluster",
                "tags": [_TAG],
                "asDropdown": False,
                "includeVars": False,
                "keepTime": True,
                "targetBlank": False,
            }
        ],
        "annotations": {"list": [panels.alert_annotation()]},
        "templating": {"list": [panels.datasource_variable(), *_variables(specification)]},
        "panels": _layout(specification["rows"]),
    }


def _variables(specification: dict[str, Any]) -> list[dict[str, Any]]:
    return [panels.query_variable(**variable) for variable in specification.get("variables", [])]


def _layout(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Place every row's panels side by side, all of the row's height."""
    made: list[dict[str, Any]] = []
    top = 0
    for row in rows:
        made.append(panels.row(len(made) + 1, row["title"], {"x": 0, "y": top, "w": COLUMNS, "h": 1}))
        top, left, height = top + 1, 0, row.get("height", 8)
        width = COLUMNS // len(row["panels"])
        for panel in row["panels"]:
            own = panel.pop("width", width)
            if left + own > COLUMNS:
                top, left = top + height, 0
            place = {"x": left, "y": top, "w": own, "h": height}
            made.append(panels.panel(len(made) + 1, place, **panel))
            left += own
        top += height
    return made


def dashboards() -> dict[str, str]:
    """Return the text of every dashboard by its file name."""
    made = {}
    for source in sorted(SOURCES.glob("*.yml")):
        dashboard = render(yaml.safe_load(source.read_text(encoding="utf-8")))
        made[f"{source.stem}.json"] = json.dumps(dashboard, indent=2, ensure_ascii=False) + "\n"
    return made


def main() -> None:
    """Write what differs, and remove what has no description any more."""
    made = dashboards()
    TARGET.mkdir(parents=True, exist_ok=True)
    for path in TARGET.glob("*.json"):
        if path.name not in made:
            path.unlink()
    for name, text in made.items():
        (TARGET / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
