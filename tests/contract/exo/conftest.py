# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The program under test: the stand-in, or the real exo when EXO_PROGRAM names it."""

from __future__ import annotations

import importlib
import os
import shlex
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from lab.standins.exo import bundle, tiny_model
from tests.contract.exo.cluster import Cluster, Node, formed, wait_for
from tests.unit.monitoring.conftest import PACKAGES, ROLES

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


@pytest.fixture(scope="module")
def figures(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Callable[[], dict[str, float]]]]:
    """Return a maker of exporters: each tells the figures of the nodes that it takes for the inventory's hosts."""
    directory = tmp_path_factory.mktemp("library")
    package = shutil.copytree(ROLES / PACKAGES[1], directory / "cluster_exporter")
    shutil.copy(ROLES / "program/files/exposition.py", package)
    sys.path.insert(0, str(directory))
    exo, fetch, exposition = (
        importlib.import_module(f"cluster_exporter.{name}") for name in ("exo", "fetch", "exposition")
    )

    def make(nodes: list[Node]) -> Callable[[], dict[str, float]]:
        by_address = {node.address: node for node in nodes}

        def document(url: str, *_password: str) -> Any:
            address, _, path = url.removeprefix("http://").partition(":52415")
            try:
                return by_address[address].get(path)
            except OSError as error:
                raise fetch.SourceError(str(error)) from None

        fetch.document = document
        source = exo.Source({"hosts": {f"mini{node.number}": node.address for node in nodes}, "port": 52415})

        def measure() -> dict[str, float]:
            metrics = exposition.Metrics()
            source.measure(metrics)
            lines = [line.rpartition(" ") for line in metrics.render().splitlines() if not line.startswith("#")]
            return {name: float(value) for name, _, value in lines}

        return measure

    yield make
    sys.path.remove(str(directory))
    for name in [name for name in sys.modules if name.partition(".")[0] == "cluster_exporter"]:
        del sys.modules[name]
