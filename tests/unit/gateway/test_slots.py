# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Places at a model: keys take turns, the line has an end, and no place is lost, whoever leaves and when."""

from __future__ import annotations

import asyncio
import contextlib
import random

import pytest

from hybrid_cluster.gateway.errors import Failure
from hybrid_cluster.gateway.slots import Slots
from tests.unit.gateway.virtual_time import run

KEYS = ("a", "b", "c")


def line(slots, *keys):
    """Have requests ask one after the other; return their tasks and the order in which they got a place."""
    order = []

    async def one(number, key):
        async with slots.taken(key):
            order.append(f"{key}{number}")
            await asyncio.sleep(1)

    return [asyncio.create_task(one(number, key)) for number, key in enumerate(keys)], order


def test_keys_take_turns():
    async def scenario():
        tasks, order = line(Slots(1, 10), *"aaaabbc")
        await asyncio.gather(*tasks)
        assert order == ["a0", "a1", "b4", "c6", "a2", "b5", "a3"]

    run(scenario())


def test_a_full_line_sends_the_last_one_of_the_greediest_key_away():
    async def scenario():
        slots = Slots(1, 3)
        tasks, order = line(slots, *"aaaab", "b")
        found = await asyncio.gather(*tasks, return_exceptions=True)
        assert order == ["a0", "a1", "b4", "a2"]
        assert [getattr(one, "code", None) for one in found] == [None, None, None, "queue_full", None, "queue_full"]
        assert slots.waiting == 0

    run(scenario())


def test_a_line_may_have_no_length():
    async def scenario():
        slots = Slots(1, 0)
        async with slots.taken("a"):
            with pytest.raises(Failure):
                async with slots.taken("b"):
                    pass
        async with slots.taken("b"):
            pass

    run(scenario())


@pytest.mark.parametrize("seed", range(20))
def test_no_place_is_lost_and_none_is_given_twice(seed):
    drawn = random.Random(seed)

    async def scenario():
        slots, inside, most = Slots(3, 8), 0, 0

        async def one():
            nonlocal inside, most
            with contextlib.suppress(Failure, TimeoutError):
                async with asyncio.timeout(drawn.uniform(0, 4)), slots.taken(drawn.choice(KEYS)):
                    inside += 1
                    most = max(most, inside)
                    try:
                        await asyncio.sleep(drawn.uniform(0, 2))
                    finally:
                        inside -= 1

        for _ in range(20):
            await asyncio.gather(*(one() for _ in range(15)))
        assert (inside, most, slots.waiting, slots._free) == (0, 3, 0, 3)

    run(scenario())
