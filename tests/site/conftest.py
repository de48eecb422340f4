# Copyright: (c) 2026, the hybrid_ai.cluster contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab LAB_NAME, which each file of tests brings where it begins; it is left up, `make test` ends it."""

from __future__ import annotations

import pytest

from tests import states
from tests.site.cluster import Cluster


@pytest.fixture(scope="session")
def cluster():
    """Return the lab, as it is."""
    return Cluster(states.lab_name())


@pytest.fixture(scope="module")
def site(cluster):
    """Return the lab with the whole site on it."""
    states.site()
    return cluster


@pytest.fixture
def managed(cluster):
    """Return the lab with hosts under management and nothing else on them."""
    states.managed()
    return cluster
