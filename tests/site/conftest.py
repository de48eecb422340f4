# Copyright: (c) 2026, the hybrid_ai.cluster contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The whole site against a lab of its own: one lab for all tests of this folder."""

from __future__ import annotations

import time

import pytest

from tests.site.cluster import Cluster


@pytest.fixture(scope="session")
def cluster():
    """Return the lab of the tests, up; it is left up, `make test` ends it."""
    cluster = Cluster("test")
    cluster.lab("up")
    return cluster


@pytest.fixture(scope="session")
def story(cluster):
    """Run the site on bare hosts: predict, converge, converge again."""
    cluster.lab("reset")
    cluster.bootstrap()
    predicted = cluster.play("site.yml", "--check", "--diff").succeeded()
    start = time.monotonic()
    first = cluster.play("site.yml", "--diff").succeeded()
    seconds = time.monotonic() - start
    return {
        "predicted": predicted,
        "first": first,
        "first_seconds": seconds,
        "second": cluster.play("site.yml").succeeded(),
    }
