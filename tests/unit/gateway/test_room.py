# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The memory that bodies share, of which one key leaves some to the others."""

from __future__ import annotations

import contextlib

import pytest

from hybrid_cluster.gateway.errors import Failure
from hybrid_cluster.gateway.room import Room


def refused(take, count):
    with pytest.raises(Failure) as found:
        take(count)
    return found.value.status, found.value.code


def test_one_key_leaves_half_to_the_others():
    room = Room(100)
    with contextlib.ExitStack() as stack:
        first, second, other = (stack.enter_context(room.share(key)) for key in ("greedy", "greedy", "other"))
        first(30)
        second(20)
        assert refused(second, 1) == (429, "bodies_of_key_full")
        other(50)
        assert refused(other, 1) == (503, "bodies_full")
    assert room.taken == 0


def test_a_body_alone_may_take_all_of_it():
    room = Room(100)
    with room.share("one") as take:
        for _ in range(10):
            take(10)
        assert refused(take, 1) == (503, "bodies_full")
        with room.share("one") as again:
            assert refused(again, 1) == (429, "bodies_of_key_full")
    assert room.taken == 0


def test_what_was_refused_is_not_taken():
    room = Room(10)
    with room.share("one") as take:
        take(6)
        assert refused(take, 6) == (503, "bodies_full")
        take(4)
    assert room.taken == 0
