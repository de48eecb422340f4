# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The parts of a dashboard in Grafana's form, with one look for all of them."""

from __future__ import annotations

from typing import Any

# Always asked for by variable, so that a dashboard can be looked at with another Prometheus.
DATASOURCE = {"type": "prometheus", "uid": "${datasource}"}
GREEN, RED = "green", "red"


def datasource_variable() -> dict[str, Any]:
    """Return the choice of a Prometheus."""
    return {
        "name": "datasource",
        "label": "Data source",
        "type": "datasource",
        "query": "prometheus",
        "current": {"text": "Prometheus", "value": "prometheus"},
        "hide": 0,
        "refresh": 1,
        "includeAll": False,
        "multi": False,
        "options": [],
        "regex": "",
    }


def query_variable(name: str, label: str, query: str) -> dict[str, Any]:
    """Return a choice of some or all values of a label."""
    return {
        "name": name,
        "label": label,
        "type": "query",
        "datasource": DATASOURCE,
        "query": {"query": query, "refId": name},
        "definition": query,
        "current": {"text": ["All"], "value": ["$__all"]},
        "includeAll": True,
        "allValue": ".+",
        "multi": True,
        "refresh": 2,
        "sort": 1,
        "hide": 0,
        "options": [],
        "regex": "",
    }


def alert_annotation() -> dict[str, Any]:
    """Return the marks at the moments when alerts fired."""
    return {
        "name": "Alerts",
        "datasource": DATASOURCE,
        "enable": True,
        "iconColor": RED,
        "expr": 'ALERTS{alertstate="firing"}',
        "titleFormat": "{{alertname}}",
        "textFormat": "{{instance}}",
        "step": "30s",
    }


def row(number: int, title: str, place: dict[str, int]) -> dict[str, Any]:
    """Return a heading."""
    return {"id": number, "type": "row", "title": title, "gridPos": place, "collapsed": False, "panels": []}


def panel(
    number: int,
    place: dict[str, int],
    *,
    title: str,
    description: str,
    queries: dict[str, str],
    unit: str,
    kind: str = "timeseries",
    thresholds: dict[str, float] | None = None,
    minimum: float | None = None,
    maximum: float | None = None,
    mappings: dict[int, str] | None = None,
    stack: bool = False,
    decimals: int | None = None,
    link: str | None = None,
) -> dict[str, Any]:
    """Return one panel; `queries` maps each legend to its expression."""
    defaults: dict[str, Any] = {"unit": unit, "thresholds": _thresholds(thresholds or {})}
    limits = {"min": minimum, "max": maximum, "decimals": decimals}
    defaults |= {key: value for key, value in limits.items() if value is not None}
    if mappings:
        options = {str(value): {"text": text, "index": index} for index, (value, text) in enumerate(mappings.items())}
        defaults["mappings"] = [{"type": "value", "options": options}]
    if kind == "timeseries":
        defaults["custom"] = _lines(stack)
    elif kind == "state-timeline":
        defaults["custom"] = {"fillOpacity": 70, "lineWidth": 0}
    defaults["color"] = {"mode": "palette-classic" if kind == "timeseries" else "thresholds"}
    made = {
        "id": number,
        "type": kind,
        "title": title,
        "description": description,
        "datasource": DATASOURCE,
        "gridPos": place,
        "fieldConfig": {"defaults": defaults, "overrides": []},
        "options": _options(kind),
        "targets": _targets(queries, instant=kind in {"stat", "gauge", "bargauge", "table"}),
    }
    if kind == "table":
        made["transformations"] = [{"id": "labelsToFields", "options": {}}, {"id": "merge", "options": {}}]
    if link:
        made["links"] = [{"title": title, "url": link, "targetBlank": False}]
    return made


def _targets(queries: dict[str, str], *, instant: bool) -> list[dict[str, Any]]:
    return [
        {
            "refId": chr(ord("A") + index),
            "datasource": DATASOURCE,
            "expr": " ".join(expression.split()),
            "legendFormat": legend,
            "instant": instant,
            "range": not instant,
        }
        for index, (legend, expression) in enumerate(queries.items())
    ]


def _thresholds(steps: dict[str, float]) -> dict[str, Any]:
    """Return colours from a value upwards; where the lowest is bad, say so with the key `base`."""
    base = {"color": "red" if "base" in steps else GREEN, "value": None}
    rest = [{"color": colour, "value": value} for colour, value in steps.items() if colour != "base"]
    return {"mode": "absolute", "steps": [base, *rest]}


def _lines(stack: bool) -> dict[str, Any]:
    return {
        "drawStyle": "line",
        "lineWidth": 1,
        "fillOpacity": 25 if stack else 5,
        "showPoints": "never",
        "spanNulls": False,
        "stacking": {"mode": "normal" if stack else "none", "group": "A"},
    }


def _options(kind: str) -> dict[str, Any]:
    reduce = {"calcs": ["lastNotNull"], "fields": "", "values": False}
    known: dict[str, dict[str, Any]] = {
        "timeseries": {
            "legend": {"displayMode": "list", "placement": "bottom", "showLegend": True},
            "tooltip": {"mode": "multi", "sort": "desc"},
        },
        "stat": {"reduceOptions": reduce, "colorMode": "value", "graphMode": "none", "textMode": "auto"},
        "gauge": {"reduceOptions": reduce, "showThresholdMarkers": True},
        "bargauge": {"reduceOptions": reduce, "orientation": "horizontal", "displayMode": "basic"},
        "state-timeline": {"mergeValues": True, "showValue": "auto", "rowHeight": 0.8},
        "table": {"showHeader": True, "cellHeight": "sm"},
    }
    return known[kind]
