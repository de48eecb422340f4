# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The program under test: the stand-in, or the real exo when EXO_PROGRAM names it."""

from __future__ import annotations

import os
import shlex
import subprocess
from typing import TYPE_CHECKING

import pytest

from lab.exo import bundle, tiny_model
from tests.contract.exo.cluster import Cluster, Node, formed, wait_for

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

REAL = os.environ.get("EXO_PROGRAM")
FACTOR = 1.0 if REAL else 0.1


def _can_isolate() -> bool:
    """Return whether network namespaces can be made here."""
    if os.geteuid() != 0:
        return False
    name = f"exo-probe-{os.getpid()}"
    try:
        made = subprocess.run(["ip", "netns", "add", name], capture_output=True, check=False).returncode == 0
    except OSError:
        return False
    if made:
        subprocess.run(["ip", "netns", "delete", name], capture_output=True, check=False)
    return made


ISOLATED = _can_isolate()
needs_network = pytest.mark.skipif(not ISOLATED, reason="network namespaces need root on Linux")


@pytest.fixture(scope="session")
def program(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Return the command of the program under test."""
    if REAL:
        return shlex.split(REAL)
    application = bundle.write(tmp_path_factory.mktemp("application"))
    return [str(application / "Contents/Resources/exo/exo")]


def _prepare(node: Node) -> None:
    """Give a node the tiny model."""
    tiny_model.write(node.models, node.home / ".local/share/exo/custom_model_cards")


@pytest.fixture(scope="module")
def make_cluster(program: list[str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Cluster]]:
    """Return a maker of clusters that are gone at the end of the module."""
    made: list[Cluster] = []

    def make(count: int, *, start: bool = True, factor: float = FACTOR) -> Cluster:
        directory: Path = tmp_path_factory.mktemp("cluster")
        name = f"exo{os.getpid()}x{len(made)}"
        cluster = Cluster(name, program, factor, directory, _prepare)
        made.append(cluster)
        for _ in range(count):
            node = cluster.add(isolated=ISOLATED)
            if start:
                node.start()
        if start:
            assert wait_for(lambda: formed(cluster.nodes), cluster.scaled(60) + 40), [
                node.output for node in cluster.nodes
            ]
        return cluster

    yield make
    for cluster in made:
        cluster.clear()
