# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""A site whose hosts sleep, and a neighbour who is to notice nothing."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from tests.sleeping_site.neighbour import Neighbour
from tests.sleeping_site.site import Site, site

if TYPE_CHECKING:
    from collections.abc import Iterator

# In seconds, on a machine that has other things to do.
NOTICES = 10.0
# Smaller than the role has them, so that little has to be sent.
LARGEST_MEGABYTES = 16
SETTINGS = {"gateway_largest_request_megabytes": LARGEST_MEGABYTES, "gateway_requests_megabytes": 4 * LARGEST_MEGABYTES}


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Run one site for all tests; nobody in it is to wake."""
    with site(tmp_path_factory.mktemp("site"), **SETTINGS) as made:
        made.secrets = {name: made.keys.create(name) for name in ("neighbour", "attacker", "other")}
        yield made


@pytest.fixture
def abused(running: Site) -> Iterator[Site]:
    """Have the neighbour ask beside whatever the test does; nothing may come of it."""
    neighbour = Neighbour(running, running.secrets["neighbour"])
    asks = running.at("neighbour", neighbour.ask)
    before, asked = len(running.mistakes()), running.packets()
    yield running
    time.sleep(0.2)
    neighbour.stop()
    asks.result(60)
    assert neighbour.failures == []
    assert neighbour.answers > 0
    assert neighbour.longest < NOTICES
    assert running.packets() == asked == {"box": 0, "mini": 0}
    assert all(sleeper.asleep for sleeper in running.sleepers.values())
    assert running.mistakes()[before:] == []
