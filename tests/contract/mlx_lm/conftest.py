# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The real mlx_lm, and our service before it with a generated model."""

from __future__ import annotations

import pytest

from tests import mlx_front


@pytest.fixture(scope="session")
def python():
    """Return the Python of an environment with mlx_lm."""
    return mlx_front.make_environment()


@pytest.fixture(scope="session")
def library(tmp_path_factory):
    """Return where the front lies."""
    return mlx_front.make_library(tmp_path_factory.mktemp("library"))


@pytest.fixture(scope="module")
def make_service(python, library, tmp_path_factory):
    """Make services that end with the tests of the file."""
    made = []

    def make(**options):
        made.append(mlx_front.Service(tmp_path_factory.mktemp("service"), python, library, **options))
        return made[-1]

    yield make
    for service in made:
        if service.process is not None:
            service.stop()


@pytest.fixture(scope="module")
def service(make_service):
    """A service that answers."""
    one = make_service()
    mlx_front.put_model(one.directory, "first", 1)
    return one.start().wait_ready("first")
