# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The front of mlx_lm as it lies on a host; what loads MLX is not imported here."""

from __future__ import annotations

import importlib
import shutil
import sys
from pathlib import Path

import pytest

ROLES = Path(__file__).parents[3] / "roles"


@pytest.fixture(scope="session")
def library(tmp_path_factory):
    """Put the package where Python finds it."""
    directory = tmp_path_factory.mktemp("library")
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROLES / "mlx_lm/files/mlx_front", directory / "mlx_front", ignore=ignored)
    shutil.copy(ROLES / "program/files/exposition.py", directory / "mlx_front")
    sys.path.insert(0, str(directory))
    yield directory
    sys.path.remove(str(directory))


@pytest.fixture
def front(library):
    """Import a module of it."""
    return lambda name: importlib.import_module(f"mlx_front.{name}")
