# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The programs as they lie on a host: each package with the text format beside its own files."""

from __future__ import annotations

import importlib
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

ROLES = Path(__file__).parents[3] / "roles"
PACKAGES = ("node_exporter/files/measurements", "cluster_exporter/files/cluster_exporter")


@pytest.fixture(scope="session", autouse=True)
def library(tmp_path_factory):
    """Put the packages where Python finds them."""
    directory = tmp_path_factory.mktemp("library")
    for package in PACKAGES:
        target = directory / Path(package).name
        shutil.copytree(ROLES / package, target, ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copy(ROLES / "program/files/exposition.py", target)
    # What looks after models of exo reads its state as the exporter does.
    keeper = directory / "exo_keeper"
    shutil.copytree(ROLES / "exo_models/files/exo_keeper", keeper, ignore=shutil.ignore_patterns("__pycache__"))
    for shared in ("exo_state.py", "exo_placed.py", "exposition.py"):
        shutil.copy(directory / "cluster_exporter" / shared, keeper)
    shutil.copy(ROLES / "mlx_lm/files/mlx_front/memory.py", keeper)
    for text in (ROLES.parent / "plugins/module_utils/_macos").glob("*_text.py"):
        shutil.copy(text, directory / "measurements")
    sys.path.insert(0, str(directory))
    yield directory
    sys.path.remove(str(directory))


@pytest.fixture
def module(library) -> Callable[[str], ModuleType]:
    """Import a module of the programs."""
    return importlib.import_module


@pytest.fixture
def rendered(module) -> Callable[..., list[str]]:
    """Return the samples that a function adds, without the lines that describe them."""

    def collect(package: str, function: Callable[..., None], *arguments: object, **named: object) -> list[str]:
        metrics = module(f"{package}.exposition").Metrics()
        function(metrics, *arguments, **named)
        return [line for line in metrics.render().splitlines() if not line.startswith("#")]

    return collect
