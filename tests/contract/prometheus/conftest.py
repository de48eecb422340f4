# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Prometheus' own program for rules, and the rules of the role beside those of an inventory."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils import _prometheus

from lab import names

if TYPE_CHECKING:
    from collections.abc import Mapping

FILES = Path(__file__).parents[3] / "roles/prometheus/files"
INTERVAL = "30s"
EXO = ["olab1", "olab2", "olab3"]
LINKS = [{"olab1": 1, "olab2": 2}]


@pytest.fixture(scope="session")
def promtool() -> str:
    """Return the program, or skip."""
    if found := os.environ.get("PROMTOOL_PROGRAM") or shutil.which("promtool"):
        return found
    for programs in sorted(names.CACHE.glob("programs-*/"), key=lambda path: path.stat().st_mtime, reverse=True):
        if (programs / "usr/bin/promtool").exists():
            return str(programs / "usr/bin/promtool")
    pytest.skip("There is no promtool on this machine; `lab up` fetches it, or set PROMTOOL_PROGRAM.")


@dataclass(frozen=True)
class Situation:
    """What Prometheus has scraped, and whether an alert fires at some times."""

    series: Mapping[str, str]
    """The values of each series as promtool writes them."""
    fires: Mapping[str, int]
    """How many times, at each time."""

    def written(self, name: str, alert: str) -> dict[str, Any]:
        """Return it as promtool reads it."""
        expression = f'count(ALERTS{{alertname="{alert}",alertstate="firing"}}) or vector(0)'
        return {
            "name": name,
            "interval": INTERVAL,
            "input_series": [{"series": series, "values": values} for series, values in self.series.items()],
            "promql_expr_test": [
                {"expr": expression, "eval_time": time, "exp_samples": [{"labels": "{}", "value": number}]}
                for time, number in self.fires.items()
            ],
        }


@pytest.fixture
def check(promtool: str, tmp_path: Path) -> Any:
    """Return a function that tries one alert in several situations, each with a name."""
    text = (FILES / "alerts.yml").read_text(encoding="utf-8")
    names_of_all = {rule["alert"] for group in yaml.safe_load(text)["groups"] for rule in group["rules"]}

    def run(alert: str, situations: Mapping[str, Situation]) -> None:
        made = {
            "inventory.yml": _prometheus.inventory_rules({"macos": EXO, "exo": EXO, "linux": ["gpu1"]}, LINKS),
            "alerts.yml": _prometheus.alert_rules(text, absent=sorted(names_of_all - {alert})),
            "test.yml": {
                "rule_files": [str(FILES / "recordings.yml"), "inventory.yml", "alerts.yml"],
                "evaluation_interval": INTERVAL,
                "tests": [situation.written(name, alert) for name, situation in situations.items()],
            },
        }
        for name, document in made.items():
            # JSON is YAML, too.
            (tmp_path / name).write_text(json.dumps(document), encoding="utf-8")
        command = [promtool, "test", "rules", str(tmp_path / "test.yml")]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr

    return run
