# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What keys have used of what they may."""

from __future__ import annotations

import pytest

from hybrid_cluster.gateway.errors import Failure
from hybrid_cluster.gateway.keys import Key, Limits
from hybrid_cluster.gateway.meter import Meter

DAY = 86400.0


class Clock:
    def __init__(self):
        self.now = 20000 * DAY

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def meter(clock):
    return Meter(clock, clock)


def key(**limits):
    return Key("a", "", 0.0, limits=Limits(**limits))


def refused(meter, given):
    with pytest.raises(Failure) as caught:
        meter.begin(given)
    assert caught.value.status == 429
    return caught.value


def test_a_key_without_limits_is_counted_only(meter):
    for _ in range(1000):
        meter.begin(key())
    for _ in range(1000):
        meter.end("a", 5)
    assert meter.tokens("a") == 5000


def test_requests_a_minute_come_back_one_by_one(meter, clock):
    limited = key(requests_per_minute=2)
    meter.begin(limited)
    clock.now += 20
    meter.begin(limited)
    failure = refused(meter, limited)
    assert (failure.code, failure.retry_after, failure.final) == ("too_many_a_minute", 40, False)
    clock.now += 40
    meter.begin(limited)
    assert refused(meter, limited).retry_after == 20


def test_a_request_that_was_refused_counts_for_nothing(meter, clock):
    limited = key(requests_per_minute=1, concurrent_requests=1)
    meter.begin(limited)
    for _ in range(10):
        refused(meter, limited)
    meter.end("a", 0)
    clock.now += 60
    meter.begin(limited)


def test_requests_at_once_end_whatever_became_of_them(meter):
    limited = key(concurrent_requests=2)
    meter.begin(limited)
    meter.begin(limited)
    assert refused(meter, limited).code == "too_many_at_once"
    meter.end("a", 0)
    meter.begin(limited)


def test_tokens_are_counted_by_the_day(meter, clock):
    limited = key(tokens_per_day=100)
    meter.begin(limited)
    meter.end("a", 100)
    failure = refused(meter, limited)
    assert (failure.code, failure.final, failure.headers()) == ("tokens_exhausted", True, {"x-should-retry": "false"})
    clock.now += DAY
    meter.begin(limited)


def test_no_request_at_all_may_be_allowed(meter):
    assert refused(meter, key(requests_per_minute=0)).retry_after == 60


def test_a_restart_begins_nothing_anew(meter, clock):
    meter.begin(key())
    meter.end("a", 70)
    after = Meter(clock, clock)
    after.restore(meter.snapshot())
    assert after.tokens("a") == 70
    clock.now += DAY
    assert after.tokens("a") == 0
    assert after.snapshot() == {}


@pytest.mark.parametrize(
    "saved", [{"a": 1}, {"a": {}}, {"a": {"day": "1999-01-01", "tokens": 7}}, {"a": {"tokens": "x"}}]
)
def test_what_is_not_understood_counts_for_nothing(meter, saved):
    meter.restore(saved)
    assert meter.tokens("a") == 0
