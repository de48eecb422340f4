# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Prometheus' own program for rules, and the rules of the role beside those of an inventory."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils import _prometheus

from lab import names

if TYPE_CHECKING:
    from collections.abc import Mapping

FILES = Path(__file__).parents[3] / "roles/prometheus/files"
INTERVAL = "15s"
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


@pytest.fixture
def rules(promtool: str, tmp_path: Path) -> Any:
    """Return a check: series as promtool writes their values, and what expressions are at a time then."""
    inventory = _prometheus.inventory_rules({"macos": EXO, "exo": EXO, "linux": ["gpu1"]}, LINKS)
    # JSON is YAML, too.
    (tmp_path / "inventory.yml").write_text(json.dumps(inventory), encoding="utf-8")

    def check(series: Mapping[str, str], wanted: Mapping[tuple[str, str], float]) -> None:
        test = {
            "rule_files": [str(FILES / "recordings.yml"), str(FILES / "alerts.yml"), "inventory.yml"],
            "evaluation_interval": INTERVAL,
            "tests": [
                {
                    "interval": INTERVAL,
                    "input_series": [{"series": name, "values": values} for name, values in series.items()],
                    "promql_expr_test": [
                        {"expr": expression, "eval_time": time, "exp_samples": [{"labels": "{}", "value": value}]}
                        for (expression, time), value in wanted.items()
                    ],
                }
            ],
        }
        path = tmp_path / "test.yml"
        path.write_text(json.dumps(test), encoding="utf-8")
        done = subprocess.run([promtool, "test", "rules", str(path)], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr

    return check
