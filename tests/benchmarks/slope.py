# Copyright: (c) 2026, the hybrid_ai.cluster contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What one more host costs: a site without changes on 4, 8, 16 and 32 hosts.

The hosts are light: one Linux machine that manages, and Macs without cables and without exo. In a lab they share the
controller's processors, so the seconds on the clock grow with their work too; the controller's CPU seconds do not.
"""

from __future__ import annotations

import statistics
from typing import TYPE_CHECKING

import yaml

from tests.benchmarks import playbooks
from tests.benchmarks.measurements import ROOT, Measurement

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.benchmarks.playbooks import Cost
    from tests.site.cluster import Cluster

SIZES = (4, 8, 16, 32)
ROUNDS = 2
GOAL = 2.0
"""CPU seconds of the controller per host."""
_LAB = ROOT / "inventories/lab"
_INVENTORIES = ROOT / "build/bench"


def measure(cluster: Cluster) -> Iterator[Measurement]:
    """Measure in one lab, through inventories that know more and more of its hosts."""
    inventories = [inventory(size) for size in SIZES]
    cluster.lab("up", "--inventory", str(inventories[-1]))
    cluster.inventory = str(inventories[-1])
    cluster.bootstrap()
    costs: dict[int, Cost] = {}
    for size, path in zip(SIZES, inventories, strict=True):
        cluster.inventory = str(path)
        playbooks.run(cluster, "site.yml")  # the new hosts become part of the site
        rounds = sorted((playbooks.run(cluster, "site.yml") for _ in range(ROUNDS)), key=lambda cost: cost.controller)
        cost = costs[size] = rounds[0]
        seconds = statistics.median(one.seconds for one in rounds)
        yield Measurement(f"slope_{size}_seconds", seconds, "s", f"{size} hosts: a site without changes")
        yield from _per_host(size, cost)
    fewest, most = SIZES[0], SIZES[-1]
    added = (costs[most].controller - costs[fewest].controller) / (most - fewest)
    yield Measurement(
        "slope_added_controller", added, "CPU s", f"{fewest} → {most} hosts: controller, per added host", goal=GOAL
    )


def _per_host(size: int, cost: Cost) -> Iterator[Measurement]:
    masters = cost.controller - cost.main - cost.workers
    parts = {
        "main": (cost.main, "  ansible-playbook itself: variables, strategy, callbacks"),
        "workers": (cost.workers, "  its workers: templates, payloads, ssh"),
        "masters": (masters, "  ssh's masters: encryption"),
    }
    yield Measurement(
        f"slope_{size}_controller", cost.controller / size, "CPU s", f"{size} hosts: controller, per host", goal=GOAL
    )
    for name, (value, title) in parts.items():
        yield Measurement(f"slope_{size}_{name}", value / size, "CPU s", title)
    yield Measurement(
        f"slope_{size}_results", cost.results / size, "tasks", "  results of tasks, skipped ones included"
    )
    yield Measurement(f"slope_{size}_hosts", cost.hosts / size, "CPU s", f"{size} hosts: the hosts' own, per host")


def inventory(size: int) -> Path:
    """Write an inventory of some hosts of the lab and return its folder."""
    folder = _INVENTORIES / str(size)
    variables = folder / "group_vars"
    variables.mkdir(parents=True, exist_ok=True)
    for path in (_LAB / "group_vars").glob("*.yml"):
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
        content = {name: value for name, value in content.items() if not name.startswith("thunderbolt_")}
        (variables / path.name).write_text(yaml.safe_dump(content), encoding="utf-8")
    macs = {f"mac{number:02}": {"ansible_host": f"10.66.1.{20 + number}"} for number in range(1, size)}
    groups = {
        "macos": {"hosts": macs, "vars": {"lab_model": "Mac16,10", "lab_macos": "26.5", "lab_memory_gigabytes": 16}},
        "linux": {"hosts": {"olab0": {"ansible_host": "10.66.1.10"}}},
        "management": {"hosts": {"olab0": None}},
    }
    (folder / "hosts.yml").write_text(yaml.safe_dump({"all": {"children": groups}}), encoding="utf-8")
    return folder
