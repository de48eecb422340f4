# Copyright: (c) 2026, the hybrid_ai.cluster contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the run of a playbook costs: seconds on the clock, and CPU seconds of the controller and of the hosts apart.

The controller has a control group of its own beside those of the lab's hosts, so that ssh's masters, which outlive the
run, count as well.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from lab import cgroups
from tests.site.cluster import ROOT

if TYPE_CHECKING:
    from tests.site.cluster import Cluster

_CONTROLLER = "controller"
_CALLBACKS = Path(__file__).parent / "callback_plugins"


@dataclass(frozen=True)
class Cost:
    """What one run cost."""

    seconds: float
    controller: float
    """CPU seconds of ansible-playbook, its workers, ssh and ssh's masters."""
    hosts: float
    """CPU seconds of everything that ran on the lab's hosts meanwhile."""
    main: float
    """CPU seconds of ansible-playbook's own process: variables, strategy, callbacks."""
    workers: float
    """CPU seconds of its workers and what they started: templates, modules' payloads, ssh."""
    results: int
    """Results of tasks, over all hosts; a skipped task is one too."""


def run(cluster: Cluster, playbook: str, *arguments: str) -> Cost:
    """Run a playbook the way a person does and return what it cost; end the benchmark where it fails."""
    groups = cgroups.create(cluster.name, _CONTROLLER)
    report = cluster.directory / "benchmark.json"
    environment = cluster.environment | {
        "ANSIBLE_CALLBACK_PLUGINS": str(_CALLBACKS),
        "ANSIBLE_CALLBACKS_ENABLED": "hybrid_ai.cluster.cluster_summary,cpu_seconds",
        "CPU_SECONDS_REPORT": str(report),
    }
    before = _cpu_seconds(cluster.name)
    start = time.monotonic()
    answer = subprocess.run(
        cgroups.wrap(groups, cluster.argv(playbook, *arguments)),
        env=environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    seconds = time.monotonic() - start
    after = _cpu_seconds(cluster.name)
    if answer.returncode != 0:
        sys.exit(f"{playbook} failed:\n{answer.stdout[-4000:]}{answer.stderr[-1000:]}")
    whole, controller = (new - old for new, old in zip(after, before, strict=True))
    told = json.loads(report.read_text(encoding="utf-8"))
    return Cost(seconds, controller, whole - controller, told["main"], told["workers"], told["results"])


def _cpu_seconds(lab: str) -> tuple[float, float]:
    return cgroups.cpu_seconds(lab), cgroups.cpu_seconds(lab, _CONTROLLER)
