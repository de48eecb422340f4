# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What the inventory makes an exception is reached through the cache, and nothing beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.contract.squid.conftest import NEIGHBOUR, TWO_ADDRESSES, running

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.contract.squid.conftest import Cache

MIRROR = TWO_ADDRESSES[1][0]


@pytest.fixture(scope="module")
def cache(network: None) -> Iterator[Cache]:
    with running(squid_destinations=[MIRROR]) as made:
        yield made


def test_an_exception_is_reached(cache: Cache) -> None:
    assert "page of" in cache.get(f"http://{MIRROR}/")


@pytest.mark.parametrize("other", ["172.16.5.6", NEIGHBOUR, TWO_ADDRESSES[0]])
def test_nothing_beside_it_is_reached(cache: Cache, other: str) -> None:
    cache.pages.asked.clear()
    assert " 403 " in cache.get(f"http://{other}/")
    assert cache.pages.asked == []
