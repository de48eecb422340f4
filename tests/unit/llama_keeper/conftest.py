# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What runs llama.cpp's router, as it lies on a host."""

from __future__ import annotations

import importlib
import sys

import pytest

from tests.llama_server import install_keeper


@pytest.fixture(scope="session")
def library(tmp_path_factory):
    """Put the package where Python finds it."""
    directory = install_keeper(tmp_path_factory.mktemp("library"))
    sys.path.insert(0, str(directory))
    yield directory
    sys.path.remove(str(directory))


@pytest.fixture
def part(library):
    """Import a module of it."""
    return lambda name: importlib.import_module(f"llama_keeper.{name}")
